"""The events behind a cell of a reading: which of them belong to it, and what they come to."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, Tree, add
from billing.audit.kit.grammar import Sight, number
from billing.audit.kit.pools import FIRST, NEVER, Pools
from billing.audit.kit.timing import instant, pair

Row = Mapping[str, str]
Weigh = Callable[[Row], Fraction]  # an event -> what it counts
KEPT = "kept"  # all events of a cell are in the kit
UNIQUE = "unique"
FINEST = Fraction("0.000000000001")  # of a reading's figure; its cells are exact
WRITTEN = re.compile(r"[0-9]{1,20}(\.[0-9]{1,12})?")  # attributes that are numbers


def said_of(event: Row) -> dict[str, str]:
    """Return the attributes of an event that its reading depends on, its region among them."""
    return {"region": event["region"], **json.loads(event["attributes"] or "{}")}


def counted(reading: Tree, row: Row, events: Iterable[Row], weigh: Weigh | None) -> Fraction:
    """Return what those of the events come to that belong to the cell of a row of rollups.csv."""
    cell = reading["cells"][int(row["n"]) - 1]
    grain = reading["manifest"].get("grain", {})
    inside = [one for one in events if _belongs(one, row, cell.get("attributes", {}), grain)]
    if reading["kind"] == UNIQUE:
        return Fraction(len(users(inside)))
    if weigh is not None:
        return came_to(reading["kind"], [weigh(one) for one in inside])
    if reading["kind"] == "count":
        return Fraction(len(inside))
    return came_to(reading["kind"], [Fraction(one["value"]) for one in inside])


def users(events: Iterable[Row]) -> set[str]:
    """Return the users of events, by their digests."""
    return {one["user_digest"] for one in events if one["user_digest"]}


def came_to(kind: str, values: Sequence[Fraction]) -> Fraction:
    """Return what cells come to: the highest of a peak, else their sum."""
    if kind == "gauge":
        return max(values, default=ZERO)
    return add(values)


def _belongs(event: Row, row: Row, attributes: Mapping[str, str], grain: Tree) -> bool:
    """Return whether an event lies in the cell's time, in its band or day, and has its attributes."""
    at, by, said = instant(event["time"]), grain.get("by", []), said_of(event)
    if not instant(row["start"]) <= at < instant(row["end"]):
        return False
    if any(said.get(name) != attributes.get(name) for name in by):
        return False
    stretch = {name: text for name, text in attributes.items() if name not in by}
    times = [spans for told, spans in grain.get("stretches", []) if told == stretch]
    spans = times[0] if times else []
    return not spans or any(start <= at < end for start, end in map(pair, spans))


def weighing(document: Tree, meter: str) -> Weigh:
    """Return what one event of a meter counts by its terms (`each`); names are attributes of the event."""
    rule, utc = document["meters"][meter]["each"], ZoneInfo("UTC")

    def weigh(event: Row) -> Fraction:
        said = said_of(event)
        facts = {name: Fraction(text) for name, text in said.items() if WRITTEN.fullmatch(text)}
        facts["value"] = Fraction(event["value"])
        pools = Pools({}, {}, utc)
        sight = Sight({}, facts, {}, said, {}, (FIRST, NEVER), (), None, utc, "", pools, [])
        return number(rule, sight)

    return weigh
