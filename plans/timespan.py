"""Spans of time `[start, end)` and the days and months of a zone as instants. PURE."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plans.errors import DomainError, _

MICROSECOND = timedelta(microseconds=1)
DAY = timedelta(days=1)


class InvalidPeriod(DomainError):  # noqa: N818
    """A span that is empty, runs backwards, or has an edge without an offset."""

    code = "invalid_period"
    text = _("A period needs a start before its end, both with an offset: %(start)s, %(end)s.")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A span `[start, end)`, never empty; edges are aware and kept in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise InvalidPeriod(start=self.start, end=self.end)
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        object.__setattr__(self, "end", self.end.astimezone(UTC))
        if self.start >= self.end:
            raise InvalidPeriod(start=self.start, end=self.end)

    def __contains__(self, instant: object) -> bool:
        return isinstance(instant, datetime) and self.start <= instant < self.end

    @property
    def microseconds(self) -> int:
        """Return the true length, clock changes included."""
        return (self.end - self.start) // MICROSECOND

    @property
    def seconds(self) -> int:
        return (self.end - self.start) // timedelta(seconds=1)

    def overlap(self, other: "Period") -> "Period | None":
        """Return the common part, or None if the spans only touch or lie apart."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """Return the calendar day of an instant in a zone."""
    return instant.astimezone(zone).date()


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant (UTC) of a calendar day in a zone.

    A midnight that happens twice counts at its first time; one that a clock change skips
    gives the first instant after the gap.
    """
    wall = datetime.combine(day, time.min)
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    return _first_instant(day, zone, first)


def _first_instant(day: date, zone: ZoneInfo, near: datetime) -> datetime:
    """Return the first instant whose local date is `day` or later; changes are within two days of `near`."""
    low, high = near - 2 * DAY, near + 2 * DAY
    while high - low > MICROSECOND:
        middle = low + (high - low) // MICROSECOND // 2 * MICROSECOND
        if local_date(middle, zone) >= day:
            high = middle
        else:
            low = middle
    return high


def local_days(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """Yield every local day that the period touches, whole, earliest first."""
    day = local_date(period.start, zone)
    start = local_midnight(day, zone)
    while start < period.end:
        day += DAY
        end = local_midnight(day, zone)
        if start < end:  # a zone that skipped a whole calendar day has an empty one
            yield Period(start, end)
        start = end


def local_months(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """Yield every calendar month that the period touches, whole, earliest first."""
    first = local_date(period.start, zone).replace(day=1)
    start = local_midnight(first, zone)
    while start < period.end:
        first = shift_months(first, 1)
        end = local_midnight(first, zone)
        yield Period(start, end)
        start = end


def shift_months(day: date, months: int) -> date:
    """Return the day `months` later, clamped to the end of a shorter month."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_steps(period: Period, zone: ZoneInfo) -> Iterator[Period]:
    """Yield the months counted from the period's own start, the last one reaching or passing its end."""
    anchor = local_date(period.start, zone)
    start, count = period.start, 0
    while start < period.end:
        count += 1
        end = local_midnight(shift_months(anchor, count), zone)
        yield Period(start, end)
        start = end
