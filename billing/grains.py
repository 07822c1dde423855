"""How finely the terms tell a meter's usage apart, so that a freeze reads it as finely. PURE."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.meters import keys
from billing.values import Observation
from plans.terms import Document, Meter
from plans.terms_timing import timings
from plans.timespan import Period, local_days
from plans.tou import band_of, edges
from usage.grain import Grain, Slice

CLOCK = frozenset({"minute", "hour", "day", "week", "month"})  # what an instant itself says
BAND = "band"
KNOWN = frozenset(
    {"app", "user", "value"}
)  # every reading says its app; users and values are what is counted
QUARTER_HOUR = timedelta(minutes=15)  # every zone's offset is a multiple of it
MINUTE = timedelta(minutes=1)
ZERO = Decimal(0)


def grains(
    document: Document, meters: Iterable[str], period: Period, zone: ZoneInfo, cuts: Collection[datetime] = ()
) -> dict[str, Grain]:
    """Return the grain of each meter that the terms tell apart by more than app, region and day.

    `cuts` are further instants at which usage must part: where a pack begins or ceases to cover it.
    """
    found = {code: _grain(document, code, period, zone, cuts) for code in meters if code in document.meters}
    return {code: grain for code, grain in found.items() if grain.needs_events or grain.parts_users}


def attributes_of(document: Document, code: str) -> set[str]:
    """Return the attributes that the terms tell a meter's usage apart by."""
    meter = document.meters[code]
    found = set(meter.where)
    for stage in meter.reduce:
        found |= set(stage.per or ())
        found |= {stage.of} if stage.take == "distinct" else set()
    rules = timings(document)
    found |= {one.split for one in document.charges if one.split and code in rules[one.code].meters}
    return found - KNOWN


def _grain(
    document: Document, code: str, period: Period, zone: ZoneInfo, cuts: Collection[datetime]
) -> Grain:
    meter, used = document.meters[code], attributes_of(document, code)
    banded = BAND in used and meter.schedule is not None
    told = used & CLOCK | ({BAND} if banded else set())
    by = tuple(sorted(used - CLOCK - {BAND}))
    inside = [cut for cut in cuts if period.start < cut < period.end]
    starts = {period.start, *inside, *(day.start for day in local_days(period, zone) if day.start in period)}
    starts |= set(_clock_edges(used, period, zone))
    if banded:
        starts |= set(edges(document.schedules[meter.schedule or ""], period))
    slices = tuple(Slice(start, _said(document, meter, start, told, zone)) for start in sorted(starts))
    days = {day.start for day in local_days(period, zone)}
    return Grain(slices, by, bool(starts - days - {period.start}))


def _clock_edges(used: Collection[str], period: Period, zone: ZoneInfo) -> Iterator[datetime]:
    """Yield where the local hour or minute changes inside a period."""
    if not {"hour", "minute"} & set(used):
        return
    finest, step = ("minute", MINUTE) if "minute" in used else ("hour", QUARTER_HOUR)
    before, at = None, period.start.replace(minute=0, second=0, microsecond=0)
    while at < period.end:
        said = _keys(at, zone).get(finest)
        if said != before and at > period.start:
            yield at
        before, at = said, at + step


def _said(
    document: Document, meter: Meter, start: datetime, told: Collection[str], zone: ZoneInfo
) -> tuple[tuple[str, str], ...]:
    if not told:
        return ()
    known = _keys(start, zone)
    if BAND in told:
        known[BAND] = band_of(document.schedules[meter.schedule or ""], start)
    return tuple((name, known[name]) for name in sorted(told))


def _keys(at: datetime, zone: ZoneInfo) -> dict[str, str]:
    return keys(Observation(ZERO, at=at), zone)
