"""Time of use: which band of a schedule an instant lies in, and where one band gives way to the next. PURE.

A band is judged by the wall clock of the schedule's zone. So in the hour that a clock change repeats, a
wall time means the same band both times, and an hour that is skipped belongs to no band.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from plans.terms_schedule import Schedule, Window
from plans.timespan import DAY, MICROSECOND, Period, local_date

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
HOLIDAY = "holiday"
_HOUR = timedelta(hours=1)


def band_of(schedule: Schedule, instant: datetime) -> str:
    """Return the code of the first band with a window around the instant, else the schedule's `else`."""
    return Timetable(schedule).band_of(instant)


def edges(schedule: Schedule, period: Period) -> list[datetime]:
    """Return the instants inside a period at which the band changes, earliest first, in UTC."""
    return Timetable(schedule).edges(period)


def band_codes(schedule: Schedule) -> list[str]:
    """Return every band a schedule can answer, in the order written, `else` last."""
    return list(dict.fromkeys([*(band.code for band in schedule.bands), schedule.otherwise]))


def wall_seconds(text: str) -> int:
    """Return the seconds after midnight of `HH:MM`; 24:00 is the end of the day. ValueError otherwise."""
    hours, _colon, minutes = text.partition(":")
    if not (len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        raise ValueError(text)
    found = int(hours) * 3600 + int(minutes) * 60
    if int(minutes) > 59 or found > 24 * 3600:
        raise ValueError(text)
    return found


class _Span:
    """One window, read once."""

    __slots__ = ("days", "end", "since", "start", "until")

    def __init__(self, window: Window) -> None:
        self.start, self.end = wall_seconds(window.start), wall_seconds(window.end)
        self.days = frozenset(window.days)
        self.since = date.fromisoformat(window.since) if window.since else date.min
        self.until = date.fromisoformat(window.until) if window.until else date.max

    def begins_on(self, day: date, kind: str) -> bool:
        return self.since <= day < self.until and (not self.days or kind in self.days)


class Timetable:
    """A schedule made ready for many questions."""

    __slots__ = ("_bands", "_holidays", "_otherwise", "_zone")

    def __init__(self, schedule: Schedule) -> None:
        self._zone = ZoneInfo(schedule.zone)
        self._otherwise = schedule.otherwise
        self._holidays = {date.fromisoformat(day) for day in schedule.holidays}
        self._bands = [(band.code, [_Span(window) for window in band.windows]) for band in schedule.bands]

    def band_of(self, instant: datetime) -> str:
        """Return the band of an instant."""
        local = instant.astimezone(self._zone)
        today, clock = local.date(), local.hour * 3600 + local.minute * 60 + local.second
        for code, spans in self._bands:
            if any(self._holds(span, today, clock) for span in spans):
                return code
        return self._otherwise

    def _holds(self, span: _Span, today: date, clock: int) -> bool:
        if span.start < span.end:
            return span.start <= clock < span.end and span.begins_on(today, self._kind(today))
        if clock >= span.start and span.begins_on(today, self._kind(today)):
            return True
        yesterday = today - DAY
        return clock < span.end and span.begins_on(yesterday, self._kind(yesterday))

    def _kind(self, day: date) -> str:
        return HOLIDAY if day in self._holidays else WEEKDAYS[day.weekday()]

    def edges(self, period: Period) -> list[datetime]:
        """Return where the band changes inside a period."""
        candidates = {one for one in self._candidates(period) if period.start < one < period.end}
        return [one for one in sorted(candidates) if self.band_of(one - MICROSECOND) != self.band_of(one)]

    def _candidates(self, period: Period) -> Iterator[datetime]:
        """Yield every instant at which the wall clock shows an edge, and every clock change."""
        yield from self._clock_changes(period)
        clocks = {
            clock
            for _code, spans in self._bands
            for span in spans
            for clock in (0, span.start % 86400, span.end % 86400)
        }
        day, last = local_date(period.start, self._zone) - DAY, local_date(period.end, self._zone)
        while day <= last:
            for clock in clocks:
                wall = datetime.combine(day, time(clock // 3600, clock % 3600 // 60), self._zone)
                yield wall.astimezone(UTC)
                yield wall.replace(fold=1).astimezone(UTC)
            day += DAY

    def _clock_changes(self, period: Period) -> Iterator[datetime]:
        """Yield the instants at which the zone's offset changes; no zone changes twice within an hour."""
        low = period.start.replace(minute=0, second=0, microsecond=0)
        while low < period.end:
            if self._offset(low) != self._offset(low + _HOUR):
                yield self._change_between(low, low + _HOUR)
            low += _HOUR

    def _change_between(self, low: datetime, high: datetime) -> datetime:
        before = self._offset(low)
        while high - low > MICROSECOND:
            middle = low + (high - low) // 2
            low, high = (middle, high) if self._offset(middle) == before else (low, middle)
        return high

    def _offset(self, instant: datetime) -> timedelta | None:
        return instant.astimezone(self._zone).utcoffset()
