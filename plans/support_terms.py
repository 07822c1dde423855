"""What a support tier promises, and when its first answer is due. PURE.

Hours are either around the clock or the windows of a zone; a day's windows are wall-clock time, so a night
in which clocks change is as long as it is. Priorities are named by the tier (P1 to P4, urgent, normal …).
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from plans.errors import DomainError, _
from plans.problems import Problem, join
from plans.shape import Strict
from plans.terms_schedule import Window
from plans.timespan import Period, local_date, local_midnight

DAY = timedelta(days=1)
AROUND_THE_CLOCK = "24x7"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
FARTHEST = 3660  # days looked ahead for open hours before the promise is called empty


class BusinessHours(Strict):
    """When somebody answers: windows of a zone; a listed holiday is `holiday` and no weekday."""

    zone: str
    windows: list[Window]
    holidays: list[str] = []


class SupportPromise(Strict):
    """The promise as it is frozen with a version."""

    channels: list[str] = []
    response_minutes: dict[str, int] = {}  # priority -> minutes to the first answer
    hours: str = "5x8"  # as printed; 24x7 counts every minute
    business_hours: BusinessHours | None = None  # what `hours` means to the minute
    around_the_clock: list[str] = []  # priorities whose minutes run day and night
    languages: list[str] = []  # language tags, best served first
    named_manager: bool = False
    review: Literal["weekly", "monthly", "quarterly", "half_yearly", "yearly"] | None = None


PROMISE_FIELDS = tuple(SupportPromise.__struct_fields__)
OWN_FIELDS = tuple(f for f in PROMISE_FIELDS if f not in ("channels", "response_minutes", "hours"))


class PriorityNotPromised(DomainError):  # noqa: N818
    """The tier promises no first answer for this priority."""

    code = "priority_not_promised"
    text = _("The tier promises no first answer for “%(priority)s”; it knows %(known)s.")


class HoursNotStated(DomainError):  # noqa: N818
    """The tier's hours are a word only: no instant follows from them."""

    code = "hours_not_stated"
    text = _("The hours “%(hours)s” name no zone and no windows, so no instant can be promised.")


def due_by(tier: SupportPromise, priority: str, opened_at: datetime) -> datetime:
    """Return the instant (UTC) by which the first answer is due.

    Minutes run while somebody answers: a request of the evening starts to count in the morning, one of
    the last minutes goes on the next open day. Raises PriorityNotPromised and HoursNotStated.
    """
    if priority not in tier.response_minutes:
        known = ", ".join(tier.response_minutes) or "–"
        raise PriorityNotPromised(priority=priority, known=known)
    left = timedelta(minutes=tier.response_minutes[priority])
    start = Period(opened_at, opened_at + DAY).start  # in UTC; a naive instant is refused
    if tier.hours == AROUND_THE_CLOCK or priority in tier.around_the_clock:
        return start + left
    if tier.business_hours is None:
        raise HoursNotStated(hours=tier.hours)
    for span in open_spans(tier.business_hours, start):
        begin = max(span.start, start)
        if left <= span.end - begin:
            return begin + left
        left -= span.end - begin
    raise HoursNotStated(hours=tier.hours)


def open_spans(hours: BusinessHours, since: datetime) -> Iterator[Period]:
    """Yield the open time that ends after an instant, earliest first, windows that meet joined."""
    zone, pending = ZoneInfo(hours.zone), None
    first = local_date(since, zone) - DAY  # a window of yesterday may end today
    for n in range(FARTHEST):
        for span in sorted(_spans_of(hours, first + n * DAY, zone)):
            if span.end <= since:
                continue
            if pending is not None and span.start <= pending.end:
                pending = Period(pending.start, max(pending.end, span.end))
                continue
            if pending is not None:
                yield pending
            pending = span
    if pending is not None:
        yield pending


def _spans_of(hours: BusinessHours, day: date, zone: ZoneInfo) -> Iterator[Period]:
    """Yield the windows that begin on a local day, as instants."""
    name = "holiday" if day.isoformat() in hours.holidays else WEEKDAYS[day.weekday()]
    for window in hours.windows:
        if window.days and name not in window.days:
            continue
        if window.since is not None and day.isoformat() < window.since:
            continue
        if window.until is not None and day.isoformat() >= window.until:
            continue
        start, end = _instant(day, window.start, zone), _instant(day, window.end, zone)
        if clock_minutes(window.end) <= clock_minutes(window.start):
            end = _instant(day + DAY, window.end, zone)
        if start < end:  # a clock change may swallow a window whole
            yield Period(start, end)


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    """Return a wall-clock time as an instant; one that a clock change skips is the first after the gap."""
    minutes = clock_minutes(clock)
    if minutes in (0, 24 * 60):
        return local_midnight(day + (minutes // (24 * 60)) * DAY, zone)
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    late, early = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if late.astimezone(zone).replace(tzinfo=None) == wall:
        return late
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):  # the change lies between; changes are on whole seconds
        middle = early + (late - early) // timedelta(seconds=2) * timedelta(seconds=1)
        early, late = (middle, late) if middle.astimezone(zone).utcoffset() == before else (early, middle)
    return late


def clock_minutes(text: str) -> int:
    """Return the minutes of a time such as 09:30; ValueError for another spelling."""
    hour, colon, minute = text.partition(":")
    if not colon or len(hour) != 2 or len(minute) != 2 or not (hour + minute).isdecimal():
        raise ValueError(text)
    minutes = int(hour) * 60 + int(minute)
    if minutes > 24 * 60 or int(minute) > 59:
        raise ValueError(text)
    return minutes


def support_problems(tier: Any, path: str) -> Iterator[Problem]:
    """Yield what is wrong with the promise of a support tier beyond its shape."""
    for priority, minutes in tier.response_minutes.items():
        if not 1 <= minutes <= 527_040:
            params = {"value": str(minutes), "low": "1", "high": "527040"}
            yield Problem(join(join(path, "response_minutes"), priority), "out_of_range", params)
    for index, priority in enumerate(tier.around_the_clock):
        if priority not in tier.response_minutes:
            params = {"section": "response_minutes", "code": priority}
            yield Problem(join(join(path, "around_the_clock"), index), "unknown_reference", params)
    if tier.business_hours is not None:
        yield from _hours(tier.business_hours, join(path, "business_hours"))


def _hours(hours: BusinessHours, path: str) -> Iterator[Problem]:
    if hours.zone not in available_timezones():
        yield Problem(join(path, "zone"), "hours_zone", {"zone": hours.zone})
    if not hours.windows:
        yield Problem(path, "missing_field", {"field": "windows"})
    for index, window in enumerate(hours.windows):
        here = join(join(path, "windows"), index)
        for word, text in (("from", window.start), ("to", window.end)):
            if not _is_clock(text):
                yield Problem(join(here, word), "hours_clock", {"value": text})
        yield from _dates([(join(here, w), t) for w, t in _limits(window)])
    yield from _dates([(join(join(path, "holidays"), n), text) for n, text in enumerate(hours.holidays)])


def _limits(window: Window) -> list[tuple[str, str]]:
    given = (("since", window.since), ("until", window.until))
    return [(word, text) for word, text in given if text is not None]


def _is_clock(text: str) -> bool:
    try:
        clock_minutes(text)
    except ValueError:
        return False
    return True


def _dates(texts: Sequence[tuple[str, str]]) -> Iterator[Problem]:
    for path, text in texts:
        try:
            date.fromisoformat(text)
        except ValueError:
            yield Problem(path, "hours_date", {"value": text})
