"""The windows over which promises of availability are judged. PURE."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from plans.timespan import Period, local_date, local_midnight, shift_months
from subscriptions.anchors import current_period

MONTHS = {"calendar_month": 1, "anniversary_month": 1, "calendar_quarter": 3, "anniversary_quarter": 3}


@dataclass(frozen=True, slots=True)
class Stretch:
    """Time in which promises of one kind of window were held; no end: still held."""

    start: datetime
    end: datetime | None
    kind: str


def window_at(kind: str, anchor: datetime, zone: ZoneInfo, at: datetime) -> Period:
    """Return the window around an instant: of the calendar, or counted from the agreement's anchor."""
    months = MONTHS[kind]
    if kind.startswith("anniversary"):
        return current_period(anchor, zone, at, months)
    day = local_date(at, zone)
    first = day.replace(month=(day.month - 1) // months * months + 1, day=1)
    return Period(local_midnight(first, zone), local_midnight(shift_months(first, months), zone))


def windows(
    stretches: Iterable[Stretch], anchor: datetime, zone: ZoneInfo, *, after: datetime | None, until: datetime
) -> Iterator[Period]:
    """Yield the windows that ended by `until`, earliest first, without a gap in what is held.

    `after` is the end of the last one known. Where a promise with another kind of window takes over, the
    last window of the old kind ends there and the first of the new one begins, so that no time is judged
    twice and none by a promise that was not held.
    """
    held = sorted(stretches, key=lambda one: one.start)
    for stretch, following in zip(held, [*held[1:], None], strict=True):
        instant = max(stretch.start, after) if after is not None else stretch.start
        while stretch.end is None or instant < stretch.end:
            window = window_at(stretch.kind, anchor, zone, instant)
            start = window.start if after is None else max(window.start, after)
            end = _cut_by(following, stretch, window.end)
            if end > until:
                return
            yield Period(start, end)
            instant = after = end


def _cut_by(following: Stretch | None, stretch: Stretch, end: datetime) -> datetime:
    if following is None or following.kind == stretch.kind or following.start >= end:
        return end
    return end if stretch.end is None else min(end, stretch.end)
