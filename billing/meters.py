"""From observations to one number: where, then the stages from fine to coarse. PURE."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.derivation import TAKES, Node
from billing.values import Observation
from plans.ratio import plain
from plans.terms import Meter, Stage
from plans.timespan import Period, local_date
from plans.tou import Timetable

BAND = "band"  # the attribute that a meter's schedule gives
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_SUM = Stage(take="sum")


def select(
    observations: Iterable[Observation], *, meter: Meter, period: Period, scope: tuple[str, str] | None
) -> list[Observation]:
    """Return the observations that count, in one fixed order whatever order they came in."""
    chosen = [
        one
        for one in observations
        if counts_for(one, period) and _passes(meter, one.attributes) and _inside(scope, one)
    ]
    return sorted(chosen, key=_order)


def in_bands(observations: Iterable[Observation], timetable: Timetable, otherwise: str) -> list[Observation]:
    """Return the observations with the attribute `band`; one without an instant lies in the `else` band."""
    return [_in_band(one, timetable, otherwise) for one in observations]


def _in_band(one: Observation, timetable: Timetable, otherwise: str) -> Observation:
    if BAND in one.attributes:
        return one
    band = otherwise if one.at is None else timetable.band_of(one.at)
    return replace(one, attributes={**one.attributes, BAND: band})


def counts_for(one: Observation, period: Period) -> bool:
    """Return whether an observation belongs to a service period."""
    if one.period is not None:
        return one.period == period
    return one.at is None or one.at in period


def _order(one: Observation) -> tuple[Any, ...]:
    """Return what tells any two observations apart, so that no order of arrival shows in a derivation."""
    source, only = one.provenance, one.period
    held = (one.lasting is not None, one.lasting or 0)
    place = one.at or _EARLIEST, sorted(one.attributes.items()), one.value
    span = (only.start, only.end) if only else (_EARLIEST, _EARLIEST)
    return *place, source.source, source.revision, held, source.kind, source.hash, span


def _inside(scope: tuple[str, str] | None, one: Observation) -> bool:
    return scope is None or one.attributes.get(scope[0]) == scope[1]


def _passes(meter: Meter, attributes: Mapping[str, str]) -> bool:
    for name, wanted in meter.where.items():
        values = wanted if isinstance(wanted, list) else [wanted]
        if attributes.get(name) not in values:
            return False
    return True


def reduced(
    observations: Sequence[Observation], stages: Sequence[Stage], zone: ZoneInfo, finish: Any
) -> Node:
    """Return the tree of the last stage; `finish(stage_index, node)` runs a stage's own steps."""
    stages = stages or [_SUM]
    counted = stages[0].of if stages[0].take == "distinct" else None
    items = [(keys(one, zone), reading(one, counted)) for one in observations]
    for index, stage in enumerate(stages):
        groups: dict[tuple[str, ...], list[tuple[Mapping[str, str], Node]]] = defaultdict(list)
        for attributes, node in items:
            groups[tuple(attributes.get(key, "") for key in stage.per or [])].append((attributes, node))
        if not stage.per:
            groups.setdefault((), [])
        items = [
            (_common(stage, key), finish(index, _taken(stage, key, [node for _, node in members])))
            for key, members in sorted(groups.items(), key=lambda pair: pair[0])
        ]
    return items[0][1]


def _common(stage: Stage, key: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(stage.per or [], key, strict=True))


def _taken(stage: Stage, key: tuple[str, ...], nodes: list[Node]) -> Node:
    argument = {"take": stage.take, **_common(stage, key)}
    if stage.n is not None:
        argument["n"] = stage.n
    bare = Node("take", Decimal(0), argument=argument, children=tuple(nodes))
    value = TAKES[stage.take](bare, [node.output for node in nodes])
    return Node("take", value, argument=argument, children=tuple(nodes))


def keys(one: Observation, zone: ZoneInfo) -> dict[str, str]:
    """Return the attributes to group by; clock and calendar ones come from the local instant unless given."""
    found = dict(one.attributes)
    if one.at is not None:
        day = local_date(one.at, zone).isoformat()
        local = one.at.astimezone(zone)
        year, week, _weekday = local.isocalendar()
        found.setdefault("day", day)
        found.setdefault("month", day[:7])
        found.setdefault("week", f"{year}-W{week:02}")
        found.setdefault("hour", local.strftime("%Y-%m-%dT%H%z"))  # the offset tells a repeated hour apart
        found.setdefault("minute", local.strftime("%Y-%m-%dT%H:%M%z"))
    return found


def _named(one: Observation, counted: str) -> str | None:
    """Return what a distinct count tells apart: the attribute, else the value of an assumed event.

    A reading without the attribute is a count of its own: users are distinct when they are frozen.
    """
    if counted in one.attributes:
        return one.attributes[counted]
    return plain(one.value) if one.provenance.kind == "assumed" else None


def reading(one: Observation, counted: str | None = None) -> Node:
    """Return the leaf of one observation with its provenance."""
    said = dict(one.attributes)
    if counted is not None and (name := _named(one, counted)) is not None:
        said["counted"] = name
    if one.at is not None:
        said["at"] = one.at.astimezone(UTC).isoformat()
    if one.lasting is not None:
        said["lasting"] = plain(one.lasting)
    source = one.provenance
    said["from"] = source.kind
    if source.source:
        said |= {"source": source.source, "revision": str(source.revision), "hash": source.hash}
    return Node("reading", one.value, argument=said)
