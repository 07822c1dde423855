"""Readings: their hashes, the cells they were added up from, and the events behind the cells."""

from collections.abc import Iterable
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, Tree, add, canonical, digest
from billing.audit.kit.files import Kit
from billing.audit.kit.meters import Seen
from billing.audit.kit.report import Report
from billing.audit.kit.timing import Span, instant

KEPT = "kept"  # all events of a cell are in the kit


def check_readings(kit: Kit, report: Report) -> None:
    """Check each reading down to the events that are there."""
    cells: dict[str, list[dict[str, str]]] = {}
    for row in kit.rows("rollups.csv"):
        cells.setdefault(row["reading"], []).append(row)
    events: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in kit.rows("events.csv"):
        events.setdefault((row["reading"], row["cell"]), []).append(row)
    for reading in kit.json("readings.json"):
        _check(reading, cells.get(reading["id"], []), events, report)


def _check(
    reading: Tree,
    cells: list[dict[str, str]],
    events: dict[tuple[str, str], list[dict[str, str]]],
    report: Report,
) -> None:
    name = f"reading {reading['id']} ({reading['meter']}, {reading['app']})"
    said = [reading["value"], reading["cells"], reading["manifest"]]
    report.check(f"{name}: hash", digest(canonical(said)) == reading["hash"], "it is not what was frozen")
    values = [Decimal(cell["value"]) for cell in reading["cells"]]
    whole = came_to(reading["kind"], values)
    fits = whole == Decimal(reading["value"])
    if reading["kind"] == "unique" and _is_told_apart(reading):  # a user counts in several cells
        fits = max(values) <= Decimal(reading["value"]) <= whole
    report.check(f"{name}: value from cells", fits, f"the cells give {whole}")
    listed = [(cell["start"], Decimal(cell["value"])) for cell in cells]
    frozen = [(cell["start"], Decimal(cell["value"])) for cell in reading["cells"]]
    report.check(f"{name}: cells as in rollups.csv", listed == frozen)
    kept = [cell for cell in cells if cell["events"] == KEPT]
    wrong = []
    for cell in kept:
        found = counted(reading["kind"], events.get((reading["id"], cell["start"]), []), cell)
        if found != Decimal(cell["value"]):
            wrong.append(f"{cell['start']}: the events give {found}, the cell {cell['value']}")
    if kept:
        report.check(f"{name}: {len(kept)} of {len(cells)} cells from events", not wrong, "; ".join(wrong))
    elif cells:
        report.note(f"{name}: raw events are not in the kit")


def _is_told_apart(reading: Tree) -> bool:
    return any("attributes" in cell for cell in reading["cells"])


def came_to(kind: str, values: list[Decimal]) -> Decimal:
    """Return what cells come to: the highest of a peak, else their sum."""
    if kind == "gauge":
        return max(values, default=ZERO)
    return add(values)


def counted(kind: str, events: list[dict[str, str]], cell: dict[str, str]) -> Decimal:
    """Return what the events of a cell come to."""
    start, end = instant(cell["start"]), instant(cell["end"])
    inside = [one for one in events if start <= instant(one["time"]) < end]
    if kind == "unique":
        return Decimal(len({one["user_digest"] for one in inside if one["user_digest"]}))
    if kind == "count":
        return Decimal(len(inside))
    return came_to(kind, [Decimal(one["value"]) for one in inside])


def seen_of(unit: Tree, readings: dict[str, Tree], zone: ZoneInfo) -> dict[str, list[Seen]]:
    """Return what a rating sees: a value for each cell, or one where cells never add.

    A meter billed over several periods at once counts in each by the readings of that period alone.
    """
    rows = [(_span(row), readings[one]) for row in unit["readings"] for one in row["readings"]]
    spans: dict[str, set[Span]] = {}
    for period, reading in rows:
        spans.setdefault(reading["meter"], set()).add(period)
    found: dict[str, list[Seen]] = {}
    for period, reading in rows:
        only = period if len(spans[reading["meter"]]) > 1 else None
        found.setdefault(reading["meter"], []).extend(_seen(reading, zone, only))
    return found


def _span(row: Tree) -> Span:
    return instant(row["start"]), instant(row["end"])


def _seen(reading: Tree, zone: ZoneInfo, only: Span | None) -> Iterable[Seen]:
    place = {"app": reading["app"], "region": reading["region"]}
    source = (reading["id"], int(reading["revision"]))
    is_whole = reading["kind"] == "unique" and not _is_told_apart(reading)
    if is_whole or not reading["cells"]:
        yield Seen(Decimal(reading["value"]), None, place, None, only, source)
        return
    for cell in reading["cells"]:
        start = None if reading["kind"] == "unique" else instant(cell["start"])
        day = {} if start is None else {"day": start.astimezone(zone).date().isoformat()}
        keys = {**place, **day, **cell.get("attributes", {})}
        yield Seen(Decimal(cell["value"]), start, keys, None, only, source)
