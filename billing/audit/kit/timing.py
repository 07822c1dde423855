"""Days, months and time bands of a zone, and which part of a period is covered."""

from bisect import bisect_left
from calendar import monthrange
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import CannotRate, Tree

Span = tuple[datetime, datetime]  # from an instant up to, not including, another; in UTC
DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def instant(text: str) -> datetime:
    """Return an instant in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def pair(given: Sequence[str]) -> Span:
    """Return a span that is written as its start and its end."""
    return instant(given[0]), instant(given[1])


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day: the earlier of two midnights, the end of a gap without one."""
    wall = datetime.combine(day, time.min)
    found = wall.replace(tzinfo=zone).astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall:
        return found
    early = found - 2 * DAY
    ticks = range(4 * DAY // TICK)
    return early + bisect_left(ticks, True, key=lambda n: _date(early + n * TICK, zone) >= day) * TICK


def _date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def later(day: date, months: int) -> date:
    """Return the same day of a later month, at most its last."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def month_number(anchor: datetime, at: datetime, zone: ZoneInfo) -> int:
    """Return which month of an agreement an instant lies in, from 1."""
    first, day = _date(anchor, zone), _date(at, zone)
    count = (day.year - first.year) * 12 + day.month - first.month
    while count > 0 and midnight(later(first, count), zone) > at:
        count -= 1
    while midnight(later(first, count + 1), zone) <= at:
        count += 1
    return max(count, 0) + 1


def days(period: Span, zone: ZoneInfo) -> list[Span]:
    """Return the whole local days that a period touches."""
    first = _date(period[0], zone)
    return _steps(midnight(first, zone), period[1], lambda n: midnight(first + n * DAY, zone))


def months(period: Span, zone: ZoneInfo) -> list[Span]:
    """Return the whole calendar months that a period touches."""
    first = _date(period[0], zone).replace(day=1)
    return _steps(midnight(first, zone), period[1], lambda n: midnight(later(first, n), zone))


def own_months(period: Span, zone: ZoneInfo) -> list[Span]:
    """Return the months counted from the period's own start."""
    first = _date(period[0], zone)
    return _steps(period[0], period[1], lambda n: midnight(later(first, n), zone))


def _steps(start: datetime, end: datetime, edge: Callable[[int], datetime]) -> list[Span]:
    found, count = [], 0
    while start < end:
        count += 1
        following = edge(count)
        if start < following:
            found.append((start, following))
        start = following
    return found


def common(one: Span, other: Span) -> Span | None:
    """Return the part that two spans share."""
    start, end = max(one[0], other[0]), min(one[1], other[1])
    return (start, end) if start < end else None


def fractions(
    rule: Tree, period: Span, spans: Sequence[Span], at: datetime | None, zone: ZoneInfo
) -> list[tuple[int, int]]:
    """Return (covered, whole) of the period, or of each calendar month it touches."""
    side = rule.get("span", "active")
    open_spans = _joined(_sided(side, period, spans or [period], at))
    if rule.get("of", "period") == "period":
        return [_fraction(rule, period, open_spans, at, zone)]
    found = [_fraction(rule, month, open_spans, at, zone) for month in months(period, zone)]
    return [one for one in found if one[0]] or [(0, 1)]


def _sided(side: str, period: Span, spans: Sequence[Span], at: datetime | None) -> list[Span]:
    start, end = period
    if side != "active":
        if at is None:
            raise CannotRate("the part used or left needs the instant of the change")
        at = min(max(at, start), end)
        start, end = (start, at) if side == "used" else (at, end)
    return [part for span in spans if (part := common(span, (start, end)))]


def _joined(spans: Sequence[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _fraction(
    rule: Tree, window: Span, spans: Sequence[Span], at: datetime | None, zone: ZoneInfo
) -> tuple[int, int]:
    if rule["by"] == "second":
        inside = [part for span in spans if (part := common(span, window))]
        return sum((end - start) // TICK for start, end in inside), (window[1] - window[0]) // TICK
    parts = days(window, zone) if rule["by"] == "day" else own_months(window, zone)
    used = rule.get("span") == "used"
    # A started day counts whole and belongs to what begins in it, so the day of a change is not used.
    counted = [
        part
        for part in parts
        if any(common(part, span) for span in spans) and not (used and at < part[1])  # type: ignore[operator]
    ]
    return len(counted), len(parts)


def time_band(schedule: Tree, at: datetime) -> str:
    """Return the code of the first band with a window around an instant, else the schedule's `else`."""
    zone = ZoneInfo(schedule["zone"])
    local = at.astimezone(zone)
    for band in schedule["bands"]:
        if any(_inside(window, local, schedule.get("holidays", [])) for window in band["windows"]):
            return str(band["code"])
    return str(schedule["else"])


def _inside(window: Tree, local: datetime, holidays: Sequence[str]) -> bool:
    start, end = _minute(window["from"]), _minute(window["to"])
    wraps = end <= start
    now = timedelta(
        hours=local.hour, minutes=local.minute, seconds=local.second, microseconds=local.microsecond
    )
    today = start <= now and (wraps or now < end) and _begins(window, local.date(), holidays)
    return today or (wraps and now < end and _begins(window, local.date() - DAY, holidays))


def _minute(text: str) -> timedelta:
    hours, minutes = text.split(":")[:2]
    return timedelta(hours=int(hours), minutes=int(minutes))


def _begins(window: Tree, day: date, holidays: Sequence[str]) -> bool:
    """Return whether a window may begin on a day."""
    if window.get("since", "") > day.isoformat() or day.isoformat() >= window.get("until", "9999-99"):
        return False
    kind = "holiday" if day.isoformat() in holidays else WEEKDAYS[day.weekday()]
    return not window.get("days") or kind in window["days"]


def ends_of_pack(rule: Tree, bought: datetime, zone: ZoneInfo) -> datetime:
    """Return when a pack ends that names no end of its own: months and days after its purchase."""
    local = bought.astimezone(zone)
    day = later(local.date(), int(rule.get("months", 0))) + int(rule.get("days", 0)) * DAY
    end = rule.get("end", "instant")
    if end == "day":
        return midnight(day + DAY, zone)
    if end == "month":
        return midnight(later(day.replace(day=1), 1), zone)
    return datetime.combine(day, local.timetz().replace(tzinfo=None), zone).astimezone(UTC)


def starts_of_pack(rule: str, bought: datetime, zone: ZoneInfo) -> datetime:
    """Return from when on a pack covers usage: its purchase, that day, month, or the month before."""
    if rule == "purchase":
        return bought
    day = _date(bought, zone)
    if rule != "day":
        day = later(day.replace(day=1), -1 if rule == "last_month" else 0)
    return midnight(day, zone)
