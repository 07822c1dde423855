"""Stretches of an agreement as plain values: which holds at an instant, which share a period. PURE."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from plans.timespan import Period


@dataclass(frozen=True, slots=True)
class Stretch:
    """`[start, end)` pinned to one version; no end while nobody has ended it."""

    start: datetime
    end: datetime | None
    version: int

    def __contains__(self, instant: datetime) -> bool:
        return self.start <= instant and (self.end is None or instant < self.end)

    def within(self, period: Period) -> Period | None:
        """Return the part of `period` that this stretch covers, None when there is none."""
        end = period.end if self.end is None else min(self.end, period.end)
        start = max(self.start, period.start)
        return Period(start, end) if start < end else None


def stretch_at(stretches: Sequence[Stretch], instant: datetime) -> Stretch | None:
    """Return the stretch in force at an instant."""
    return next((one for one in stretches if instant in one), None)


def stretches_over(stretches: Sequence[Stretch], period: Period) -> list[tuple[Period, Stretch]]:
    """Return the covered parts of a period, earliest first, each with its stretch."""
    parts = [(part, one) for one in stretches if (part := one.within(period)) is not None]
    return sorted(parts, key=lambda pair: pair[0].start)


def tiles(stretches: Sequence[Stretch], start: datetime, end: datetime | None) -> bool:
    """Return whether the stretches cover `[start, end)` with no gap and no overlap."""
    reached: datetime | None = start
    for one in sorted(stretches, key=lambda stretch: stretch.start):
        if reached is None or one.start != reached:
            return False
        reached = one.end
    return bool(stretches) and reached == end
