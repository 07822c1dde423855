"""Which ended servers are started again in their place, and when that has been tried often enough."""

from collections import defaultdict, deque

AGAIN = (
    "web",
    "worker",
    "beat",
)  # they keep nothing themselves; who holds data ends the run and is looked at
TIMES = 3
SECONDS = 60.0


class Revivals:
    """The latest ends of each server."""

    def __init__(self) -> None:
        self._ends: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=TIMES))

    def allows(self, name: str, at: float) -> bool:
        """Note an end at `at` seconds; tell whether the server is started again."""
        if name not in AGAIN:
            return False
        ends = self._ends[name]
        crowded = len(ends) == TIMES and at - ends[0] < SECONDS
        ends.append(at)
        return not crowded
