"""Where the periods of a charge begin: from the agreement's anchor, or as the calendar has them. PURE.

Every edge is a local midnight of the billing zone. Anniversary periods are counted from the anchor's
day, never from the end before (31 January, 28 February, 31 March); those of the calendar are its days,
its weeks from Monday, its months, quarters and years.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from plans.timespan import MICROSECOND, Period, local_date, local_midnight, shift_months
from subscriptions.anchors import edge_at

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the periods of one agreement are counted from; `end` is None while nobody has ended it."""

    anchor: datetime
    zone: ZoneInfo
    term: str
    end: datetime | None = None

    def edge(self, k: int) -> datetime:
        """Return where the k-th month of the agreement starts."""
        return edge_at(self.anchor, self.zone, k)

    def months(self, first: int, count: int) -> Period:
        """Return the period of `count` months from the `first`."""
        return Period(self.edge(first), self.edge(first + count))

    def covered(self, period: Period) -> Period | None:
        """Return the part of a period that lies in the agreement, None where there is none."""
        end = period.end if self.end is None else min(period.end, self.end)
        start = max(period.start, self.anchor)
        return Period(start, end) if start < end else None


@dataclass(frozen=True, slots=True)
class Cadence:
    """Periods of one length (day, week, month, quarter, half_year, year), of the calendar or the anchor."""

    every: str
    anchor: str  # calendar or anniversary

    @property
    def is_anniversary_months(self) -> bool:
        """True when its edges are edges of the agreement's months."""
        return self.anchor == "anniversary" and self.every in MONTHS

    def edge(self, calendar: Calendar, k: int) -> datetime:
        """Return where the k-th period starts; k counts from the anchor, or from the year 1."""
        return local_midnight(self._day(calendar, k), calendar.zone)

    def index(self, calendar: Calendar, at: datetime) -> int:
        """Return k of the period that `at` falls in."""
        k = self._guess(calendar, local_date(at, calendar.zone))
        while self.edge(calendar, k) > at:  # the clamped day is still to come
            k -= 1
        while self.edge(calendar, k + 1) <= at:  # a day that the zone has skipped has no length
            k += 1
        return k

    def period(self, calendar: Calendar, at: datetime) -> Period:
        """Return the period that `at` falls in, whole."""
        k = self.index(calendar, at)
        return Period(self.edge(calendar, k), self.edge(calendar, k + 1))

    def before(self, calendar: Calendar, at: datetime) -> Period:
        """Return the period that the last instant before `at` falls in, whole."""
        return self.period(calendar, at - MICROSECOND)

    def edges(self, calendar: Calendar, after: datetime, until: datetime) -> list[datetime]:
        """Return the starts of periods in (after, until], earliest first."""
        found: list[datetime] = []
        edge = self.period(calendar, after).end
        while edge <= until:
            found.append(edge)
            edge = self.period(calendar, edge).end
        return found

    def _day(self, calendar: Calendar, k: int) -> date:
        if self.every in DAYS:
            days = k * DAYS[self.every]
            first = local_date(calendar.anchor, calendar.zone) if self._counted else date.min  # a Monday
            return first + timedelta(days=days)
        months = k * MONTHS[self.every]
        if self._counted:
            return shift_months(local_date(calendar.anchor, calendar.zone), months)
        return shift_months(date.min, months)

    def _guess(self, calendar: Calendar, day: date) -> int:
        first = local_date(calendar.anchor, calendar.zone) if self._counted else date.min
        if self.every in DAYS:
            return (day - first).days // DAYS[self.every]
        return ((day.year - first.year) * 12 + day.month - first.month) // MONTHS[self.every]

    @property
    def _counted(self) -> bool:
        return self.anchor == "anniversary"
