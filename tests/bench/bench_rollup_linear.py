"""`rollup_linear`: time to fold ten times the events ÷ time to fold them once, on a million folded before.

Two steps, 10 k → 100 k and 100 k → 1 M; the entry is the worse of the two medians. New events are of one day
that has cells already. Ten is a straight line; below it, what a pass costs whatever it folds is spread.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import fill, roll, rolled, settle, verify
from tests.bench.world import empty

BASE, STEPS = 1_000_000, (10_000, 100_000, 1_000_000)


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    of = rolled()
    following = [fill(of, sized(BASE, least=1000))]
    settle()
    roll()

    def folded(count: int) -> Callable[[], float]:
        def timed() -> float:
            following[0] = fill(of, sized(count, least=100), first=following[0], day=1)
            settle()
            took = roll()
            verify()
            return took

        return timed

    entries = [
        compared("rollup_linear", folded(many), folded(few), unit="s", gate="<=12", ambition="<=10")
        for few, many in pairwise(STEPS)
    ]
    yield max(entries, key=lambda one: one.ratio)
    empty()
