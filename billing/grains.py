"""How finely the terms tell a meter's usage apart, so that a freeze reads it as finely. PURE."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.calculation import calculation
from billing.compile import compiled
from billing.meters import keys
from billing.numbers import Env
from billing.pools import Pools
from billing.values import Due, Observation
from plans.terms import Document, Meter, Terms
from plans.terms_attributes import BAND, CLOCK, told_apart, worth_names
from plans.timespan import Period, local_days
from plans.tou import band_of, edges
from usage.grain import Grain, Slice, Worth

KNOWN = frozenset(
    {"app", "user", "value"}
)  # every reading says its app; users and values are what is counted
QUARTER_HOUR = timedelta(minutes=15)  # every zone's offset is a multiple of it
MINUTE = timedelta(minutes=1)
ZERO = Decimal(0)
UTC = ZoneInfo("UTC")
EVER = Period(datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC))
NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,12})?")


def grains(
    terms: Terms, meters: Iterable[str], period: Period, zone: ZoneInfo, cuts: Collection[datetime] = ()
) -> dict[str, Grain]:
    """Return the grain of each meter that the terms tell apart by more than app, region and day.

    `cuts` are further instants at which usage must part: where a pack begins or ceases to cover it.
    """
    known = [code for code in meters if code in terms.document.meters]
    found = {code: _grain(terms, code, period, zone, cuts) for code in known}
    return {code: grain for code, grain in found.items() if grain.needs_events or grain.parts_users}


def _grain(terms: Terms, code: str, period: Period, zone: ZoneInfo, cuts: Collection[datetime]) -> Grain:
    document = terms.document
    meter, used = document.meters[code], told_apart(document, code) - KNOWN
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
    asked = tuple(sorted(worth_names(meter)))
    worth = worth_of(terms, code)
    rule = "" if worth is None else terms.hash
    return Grain(slices, by, bool(starts - days - {period.start}), worth, asked, rule)


def worth_of(terms: Terms, code: str) -> Worth | None:
    """Return what one event of a meter counts, None where it is the event's value."""
    each = compiled(terms).each.get(code)
    if each is None:
        return None

    def worth(value: Decimal, attributes: Mapping[str, str]) -> Decimal:
        said = {name: Decimal(text) for name, text in attributes.items() if NUMBER.fullmatch(text)}
        due = Due("", EVER)
        env = Env({**said, "value": value}, attributes, {}, due, UTC, "", Pools({}, {}), [])
        with calculation():
            return each.value(env)

    return worth


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
