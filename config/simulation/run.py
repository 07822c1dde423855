"""One run: batches made on the way, paced, and sent over a few connections."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from config.simulation.events import Maker
from config.simulation.sender import Sender, Tally
from config.simulation.shapes import Shape

Batch = list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send: `events` spread over the `hours` before now, or live traffic for `minutes`."""

    events: int | None
    minutes: float
    rate: float | None  # events a second; None: as fast as they are taken
    hours: float
    batch: int


def past(plan: Plan, maker: Maker, shape: Shape, random: Random, now: datetime) -> Iterator[Batch]:
    """Yield batches of events that have happened already, at moments drawn from the shape."""
    left, pace = plan.events or 0, Pace(plan.rate)
    while left:
        size = min(plan.batch, left)
        moments = [shape.place(random) for _one in range(size)]
        yield [maker.make(now - timedelta(hours=plan.hours * (1 - m)), shape.weight(m)) for m in moments]
        left -= size
        pace.after(size)


def live(plan: Plan, maker: Maker, shape: Shape, clock: Callable[[], datetime]) -> Iterator[Batch]:
    """Yield what happens now, a few times a second, for as long as the plan says; the shape lies over it."""
    began, whole, owed = time.monotonic(), plan.minutes * 60, 0.0
    last = began
    while (passed := time.monotonic() - began) < whole:
        busy, now = shape.weight(passed / whole), time.monotonic()
        owed += (plan.rate or 100.0) * busy * (now - last)
        last = now
        while owed >= 1:
            size = min(int(owed), plan.batch)
            owed -= size
            yield [maker.make(clock(), busy) for _one in range(size)]
        time.sleep(0.1)


class Pace:
    """Holds a mean rate."""

    def __init__(self, rate: float | None) -> None:
        self._rate, self._began, self._sent = rate, time.monotonic(), 0

    def after(self, sent: int) -> None:
        """Wait until so many more were due."""
        self._sent += sent
        if self._rate:
            time.sleep(max(0.0, self._began + self._sent / self._rate - time.monotonic()))


def drive(
    batches: Iterator[Batch],
    make_sender: Callable[[Tally], Sender],
    connections: int,
    told: Callable[[Tally], None],
) -> Tally:
    """Send all batches; raise the first failure after every connection has ended."""
    total, lock, failures = Tally(), threading.Lock(), list[Exception]()

    def work() -> None:
        tally = Tally()
        sender = make_sender(tally)
        try:
            while not failures:
                with lock:
                    batch = next(batches, None)
                if batch is None:
                    break
                sender.send(batch)
                with lock:
                    _merge(total, tally)
                    told(total)
        except Exception as error:
            failures.append(error)
        finally:
            sender.close()

    threads = [threading.Thread(target=work, daemon=True) for _one in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return total


def _merge(total: Tally, part: Tally) -> None:
    """Move what one connection counted to the total."""
    for name in ("sent", "accepted", "duplicates", "rejected", "waits", "resent"):
        setattr(total, name, getattr(total, name) + getattr(part, name))
        setattr(part, name, 0)
    total.reasons.update(part.reasons)
    part.reasons.clear()
