"""Usage still to come, put beside usage so far, so that the one rating function can price a forecast. PURE.

What is to come is told apart (by app, region, band) as what came so far is. Meters that are read by the day
get an observation for each day to come; those that are read more finely, and distinct users, which have no
day, are scaled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, localcontext
from zoneinfo import ZoneInfo

from billing.values import Observation, Provenance
from plans.money import exact, share_multiples, to_multiple
from plans.timespan import Period, local_midnight
from usage.forecast import STEADY

PROJECTED = Provenance("projected")
ONE, FINE = Decimal(1), Decimal("0.000001")
ZERO = Decimal(0)
NOT_PLACES = ("day", "month", "week", "hour", "minute")


@dataclass(frozen=True, slots=True)
class Measured:
    """One meter over one window: what was observed so far, and how its days and places are told apart."""

    kind: str
    rows: Sequence[Observation]
    zone: ZoneInfo
    by_day: bool  # False: read more finely than by the day, or not by days at all
    place: Mapping[str, str]  # of the first usage, where there is none yet
    only: Period | None = None

    @property
    def step(self) -> Decimal:
        """What a quantity is a multiple of: whole units, unless some were not."""
        whole = all(row.value == row.value.to_integral_value() for row in self.rows)
        return ONE if whole else FINE


def projected(measured: Measured, total: Decimal, days: Mapping[date, Decimal]) -> list[Observation]:
    """Return the observations with what is to come on `days`; `total` is what all will have come to."""
    if not measured.by_day:
        return _scaled(measured, total)
    shares = _shares(measured)
    found = list(measured.rows)
    for day, value in days.items():
        whole = to_multiple(value, measured.step, "half_up")
        with localcontext(STEADY):
            parts = [whole * share for share in shares.values()]
        for place, part in zip(shares, share_multiples(parts, whole, measured.step), strict=True):
            if part:
                found.append(_on(measured, day, place, part))
    return found


def with_more(measured: Measured, more: Decimal, today: date) -> list[Observation]:
    """Return the observations with so many units more, where most came from so far, now."""
    rows = list(measured.rows)
    if measured.by_day:
        shares = _shares(measured)
        place = max(shares, key=lambda one: shares[one])
        top = ZERO
        if measured.kind == "gauge":
            top = max((row.value for row in rows if _place(row) == place), default=ZERO)
        return [*rows, _on(measured, today, place, top + more)]
    if not rows:
        return [Observation(more, attributes=measured.place, provenance=PROJECTED, period=measured.only)]
    index = max(range(len(rows)), key=lambda n: rows[n].value)
    rows[index] = replace(rows[index], value=rows[index].value + more)
    return rows


Place = tuple[tuple[str, str], ...]


def _place(row: Observation) -> Place:
    return tuple(sorted((name, value) for name, value in row.attributes.items() if name not in NOT_PLACES))


def _shares(measured: Measured) -> dict[Place, Decimal]:
    """Return the share of each place so far: of what was added up, of peaks by their highest."""
    sums: dict[Place, Decimal] = {}
    with exact():
        for row in measured.rows:
            place = _place(row)
            known = sums.get(place, ZERO)
            sums[place] = max(known, row.value) if measured.kind == "gauge" else known + row.value
    total = sum(sums.values(), ZERO)
    if not total:
        return {tuple(sorted(measured.place.items())): ONE}
    with localcontext(STEADY):
        return {place: value / total for place, value in sorted(sums.items())}


def _on(measured: Measured, day: date, place: Place, value: Decimal) -> Observation:
    start: datetime = local_midnight(day, measured.zone)
    attributes = {**dict(place), "day": day.isoformat()}
    return Observation(value, start, attributes, provenance=PROJECTED, period=measured.only)


def _scaled(measured: Measured, total: Decimal) -> list[Observation]:
    so_far = sum((row.value for row in measured.rows), ZERO)
    whole = to_multiple(total, measured.step, "half_up")
    if not so_far:
        return [Observation(whole, attributes=measured.place, provenance=PROJECTED, period=measured.only)]
    with localcontext(STEADY):
        values = [row.value * whole / so_far for row in measured.rows]
    parts = share_multiples(values, whole, measured.step)
    return [replace(row, value=part) for row, part in zip(measured.rows, parts, strict=True)]
