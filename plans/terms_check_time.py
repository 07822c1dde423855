"""What a document says of time, checked: schedules, which meters use them, how long packs last. PURE."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from plans.problems import Problem, join
from plans.shape_gaps import is_gap
from plans.terms import Charge, Document, Formula, Tariff
from plans.terms_check_names import localised
from plans.terms_schedule import Expiry, Schedule, TimeBand, Window
from plans.terms_walk import NAME, walk
from plans.tou import wall_seconds

_LONGEST = {"months": 1200, "days": 36500}


def time_problems(document: Document) -> Iterator[Problem]:
    """Yield what is wrong with schedules, their use, and the expiry of packs."""
    for name, schedule in document.schedules.items():
        yield from _schedule(join("schedules", name), name, schedule)
    for code, meter in document.meters.items():
        if meter.schedule is not None and meter.schedule not in document.schedules:
            params = {"schedule": meter.schedule, "known": ", ".join(document.schedules) or "—"}
            yield Problem(f"meters.{code}.schedule", "unknown_schedule", params)
    yield from _picked_bands(document)
    for name, pool in document.pools.items():
        if pool.expires is not None:
            yield from _expiry(f"pools.{name}.expires", pool.expires)


def _picked_bands(document: Document) -> Iterator[Problem]:
    """The band of a schedule is known where a charge is split by it, and only there."""
    if not document.schedules or "band" in document.labels:
        return
    whole = [(f"charges[{index}]", charge) for index, charge in enumerate(document.charges)]
    for path, one in [*whole, *((f"figures[{i}]", figure) for i, figure in enumerate(document.figures))]:
        if isinstance(one, Charge) and (one.split == "band" or is_gap(one.split)):
            continue
        for here, part in walk(one, path):
            if isinstance(part, (Formula, Tariff)) and part.pick == "band":
                yield Problem(join(here, "pick"), "band_not_split")


def _schedule(path: str, name: str, schedule: Schedule) -> Iterator[Problem]:
    if not NAME.fullmatch(name):
        yield Problem(path, "bad_name", {"value": name})
    if not _is_zone(schedule.zone):
        yield Problem(join(path, "zone"), "unknown_zone", {"zone": schedule.zone})
    for index, day in enumerate(schedule.holidays):
        yield from _day(join(join(path, "holidays"), index), day)
    if not NAME.fullmatch(schedule.otherwise):
        yield Problem(join(path, "else"), "bad_name", {"value": schedule.otherwise})
    counts = Counter(band.code for band in schedule.bands)
    for index, band in enumerate(schedule.bands):
        here = join(join(path, "bands"), index)
        if counts[band.code] > 1:
            yield Problem(join(here, "code"), "duplicate_code", {"code": band.code})
        yield from _band(here, band, is_rest=schedule.otherwise == band.code or is_gap(schedule.otherwise))


def _band(path: str, band: TimeBand, *, is_rest: bool) -> Iterator[Problem]:
    """Check one band; the band of all other times may be listed without windows, to give it a name."""
    if not NAME.fullmatch(band.code):
        yield Problem(join(path, "code"), "bad_name", {"value": band.code})
    if not band.windows and not is_rest:
        yield Problem(join(path, "windows"), "windows_empty")
    yield from localised(path, band.name)
    for index, window in enumerate(band.windows):
        yield from _window(join(join(path, "windows"), index), window)


def _window(path: str, window: Window) -> Iterator[Problem]:
    for field, text in (("from", window.start), ("to", window.end)):
        if not _is_clock(text) or (field == "from" and text == "24:00"):
            yield Problem(join(path, field), "not_a_clock", {"value": text})
    days = {"since": window.since, "until": window.until}
    found = [one for field, text in days.items() if text is not None for one in _day(join(path, field), text)]
    yield from found
    if not found and window.since and window.until and window.since >= window.until:
        params = {"since": window.since, "until": window.until}
        yield Problem(join(path, "until"), "days_not_rising", params)


def _day(path: str, text: str) -> Iterator[Problem]:
    if not _is_day(text):
        yield Problem(path, "not_a_day", {"value": text})


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _expiry(path: str, rule: Expiry) -> Iterator[Problem]:
    for field, most in _LONGEST.items():
        value = getattr(rule, field)
        if value > most:
            params = {"value": str(value), "low": "0", "high": str(most)}
            yield Problem(join(path, field), "out_of_range", params)
    if rule.end == "instant" and not rule.months and not rule.days:
        yield Problem(path, "expires_at_once")


def _is_clock(text: str) -> bool:
    try:
        wall_seconds(text)
    except ValueError:
        return False
    return True


def _is_zone(name: str) -> bool:
    """Return whether the time zone database knows the name; odd names raise more than one error."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
