"""From observations to one number: where, then stages from fine to coarse."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ONE, ZERO, Tree, add, multiple, plain
from billing.audit.kit.timing import Span, time_band

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Seen(NamedTuple):
    """One observation: a cell of a reading, a whole reading, or an event of a worked example."""

    value: Fraction
    at: datetime | None = None  # none: it counts for every period
    attributes: Mapping[str, str] = {}
    lasting: Fraction | None = None
    period: Span | None = None  # the only period it counts for
    source: tuple[str, int] = ("", 0)  # reading and revision: puts equal ones in order


class _Item(NamedTuple):
    """A value on its way through the stages."""

    keys: Mapping[str, str]
    value: Fraction
    lasting: Fraction = ONE
    counted: str = ""


def belongs(one: Seen, period: Span) -> bool:
    """Return whether an observation counts for a period."""
    if one.period is not None:
        return one.period == period
    return one.at is None or period[0] <= one.at < period[1]


def chosen(
    seen: Iterable[Seen], meter: Tree, period: Span, scope: tuple[str, str] | None, schedules: Tree
) -> list[Seen]:
    """Return what counts, in one order whatever order it came in."""
    marked = [banded(one, meter, schedules) for one in seen if belongs(one, period)]
    inside = [one for one in marked if scope is None or one.attributes.get(scope[0]) == scope[1]]
    found = [one for one in inside if _allowed(meter.get("where", {}), one.attributes)]
    return sorted(found, key=_in_order)


def banded(one: Seen, meter: Tree, schedules: Tree) -> Seen:
    """Return the observation with its time band, where a schedule gives one and it has none."""
    if "schedule" not in meter or "band" in one.attributes:
        return one
    schedule = schedules[meter["schedule"]]
    band = schedule["else"] if one.at is None else time_band(schedule, one.at)
    return one._replace(attributes={**one.attributes, "band": band})


def _allowed(where: Tree, attributes: Mapping[str, str]) -> bool:
    wanted = {name: given if isinstance(given, list) else [given] for name, given in where.items()}
    return all(attributes.get(name) in values for name, values in wanted.items())


def _in_order(one: Seen) -> tuple[Any, ...]:
    return one.at or LONG_AGO, sorted(one.attributes.items()), one.value, one.source


def reduced(
    seen: Sequence[Seen], meter: Tree, zone: ZoneInfo, finish: Callable[[Tree, Fraction], Fraction]
) -> Fraction:
    """Return the meter's number; `finish(steps, value)` runs a stage's own steps."""
    stages = meter.get("reduce") or [{"take": "sum"}]
    counted = stages[0].get("of", "user")
    items = [_item(one, zone, counted) for one in seen]
    for stage in stages:
        per = stage.get("per", [])
        groups: dict[tuple[str, ...], list[_Item]] = {} if per else {(): []}
        for item in items:
            groups.setdefault(tuple(item.keys.get(key, "") for key in per), []).append(item)
        items = [
            _Item(dict(zip(per, key, strict=True)), finish(stage.get("steps", []), taken(stage, members)))
            for key, members in sorted(groups.items(), key=lambda pair: pair[0])
        ]
    return items[0].value


def _item(one: Seen, zone: ZoneInfo, counted: str) -> _Item:
    keys = dict(one.attributes)
    if one.at is not None:
        keys = {**clock_keys(one.at.astimezone(zone)), **keys}
    lasting = ONE if one.lasting is None else one.lasting
    named = one.attributes.get(counted, "" if one.source[0] else plain(one.value))
    return _Item(keys, one.value, lasting, named)


def clock_keys(local: datetime) -> dict[str, str]:
    """Return what an instant is grouped by: the offset tells the hour apart that a clock change repeats."""
    year, week, _day = local.isocalendar()
    return {
        "day": local.strftime("%Y-%m-%d"),
        "month": local.strftime("%Y-%m"),
        "week": f"{year}-W{week:02}",
        "hour": local.strftime("%Y-%m-%dT%H%z"),
        "minute": local.strftime("%Y-%m-%dT%H:%M%z"),
    }


def taken(stage: Tree, items: Sequence[_Item]) -> Fraction:
    """Return what a stage takes of its group."""
    values = [item.value for item in items]
    take, n = stage["take"], Fraction(stage.get("n", "0"))
    if take in ("sum", "count"):
        return add(values) if take == "sum" else Fraction(len(values))
    if take == "distinct":
        named = {item.counted for item in items if item.counted}
        counts = [item.value for item in items if not item.counted]  # frozen readings are counts already
        return Fraction(len(named)) + add(counts)
    if take == "time_average":
        return add(item.value * item.lasting for item in items) / n
    if not values:
        return ZERO
    return _TAKES[take](values, n)


def _nth_highest(values: Sequence[Fraction], n: Fraction) -> Fraction:
    order = sorted(values, reverse=True)
    return order[int(n) - 1] if n <= len(order) else ZERO


def _mean(values: Sequence[Fraction], _n: Fraction) -> Fraction:
    return add(values) / len(values)


def _percentile(values: Sequence[Fraction], n: Fraction) -> Fraction:
    """Nearest rank: the smallest value with n percent of all at or below it."""
    rank = int(multiple(n * len(values) / 100, ONE, "ceil"))
    return sorted(values)[max(rank, 1) - 1]


_TAKES: dict[str, Callable[[Sequence[Fraction], Fraction], Fraction]] = {
    "min": lambda values, _n: min(values),
    "max": lambda values, _n: max(values),
    "latest": lambda values, _n: values[-1],
    "mean": _mean,
    "nth_highest": _nth_highest,
    "mean_of_highest": lambda values, n: _mean(sorted(values, reverse=True)[: int(n)], n),
    "percentile": _percentile,
}
