"""Readings: their hashes, the cells they were added up from, and the events behind the cells."""

from collections.abc import Iterable
from fractions import Fraction
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import Tree, canonical, digest, multiple, plain
from billing.audit.kit.events import FINEST, KEPT, UNIQUE, Row, Weigh, came_to, counted, users, weighing
from billing.audit.kit.files import Kit
from billing.audit.kit.meters import Seen
from billing.audit.kit.report import Report
from billing.audit.kit.timing import Span, instant


def check_readings(kit: Kit, report: Report) -> None:
    """Check each reading down to the events that are there."""
    cells: dict[str, list[Row]] = {}
    for row in kit.rows("rollups.csv"):
        cells.setdefault(row["reading"], []).append(row)
    events: dict[tuple[str, str], list[Row]] = {}
    for row in kit.rows("events.csv"):
        events.setdefault((row["reading"], row["cell"]), []).append(row)
    for reading in kit.json("readings.json"):
        rows = cells.get(reading["id"], [])
        _check_frozen(reading, rows, report)
        found = {row["n"]: events.get((reading["id"], row["n"]), []) for row in rows}
        _check_events(reading, rows, found, _weigh(kit, reading), report)


def _named(reading: Tree) -> str:
    return f"reading {reading['id']} ({reading['meter']}, {reading['app']})"


def _check_frozen(reading: Tree, rows: list[Row], report: Report) -> None:
    """Check the hash, and that the cells come to the value; a user may count in several of them."""
    name, frozen = _named(reading), reading["cells"]
    said = [reading["value"], frozen, reading["manifest"]]
    report.check(f"{name}: hash", digest(canonical(said)) == reading["hash"], "it is not what was frozen")
    values = [Fraction(cell["value"]) for cell in frozen]
    whole = came_to(reading["kind"], values)
    fits = multiple(whole, FINEST, "half_even") == Fraction(reading["value"])
    if _is_told_apart(reading):
        fits = max(values) <= Fraction(reading["value"]) <= whole
    report.check(f"{name}: value from cells", fits, f"the cells give {plain(whole)}")
    listed = [(row["n"], row["start"], Fraction(row["value"])) for row in rows]
    stored = [(str(n), cell["start"], Fraction(cell["value"])) for n, cell in enumerate(frozen, start=1)]
    report.check(f"{name}: cells as in rollups.csv", listed == stored)


def _check_events(
    reading: Tree, rows: list[Row], events: dict[str, list[Row]], weigh: Weigh | None, report: Report
) -> None:
    """Count the cells again whose events are all in the kit."""
    name, wrong = _named(reading), []
    kept = [row for row in rows if row["events"] == KEPT]
    for row in kept:
        found = counted(reading, row, events[row["n"]], weigh)
        if found != Fraction(row["value"]):
            wrong.append(f"{row['start']}: the events give {plain(found)}, the cell {row['value']}")
    if kept:
        report.check(f"{name}: {len(kept)} of {len(rows)} cells from events", not wrong, "; ".join(wrong))
    elif rows:
        report.note(f"{name}: raw events are not in the kit")
    if rows and len(kept) == len(rows) and _is_told_apart(reading):
        several = len(users(one for row in rows for one in events[row["n"]]))
        fits = several == Fraction(reading["value"])
        report.check(f"{name}: users of all cells", fits, f"there are {several}")


def _weigh(kit: Kit, reading: Tree) -> Weigh | None:
    """Return what an event is worth, where the terms say so."""
    rule = reading["manifest"].get("grain", {}).get("rule")
    return weighing(kit.json(f"terms/{rule}.json"), reading["meter"]) if rule else None


def _is_told_apart(reading: Tree) -> bool:
    """Return whether distinct users are told apart by more than the period."""
    return reading["kind"] == UNIQUE and any("attributes" in cell for cell in reading["cells"])


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
    is_whole = reading["kind"] == UNIQUE and not _is_told_apart(reading)
    if is_whole or not reading["cells"]:
        yield Seen(Fraction(reading["value"]), None, place, None, only, source)
        return
    for cell in reading["cells"]:
        start = None if reading["kind"] == UNIQUE else instant(cell["start"])
        day = {} if start is None else {"day": start.astimezone(zone).date().isoformat()}
        keys = {**place, **day, **cell.get("attributes", {})}
        yield Seen(Fraction(cell["value"]), start, keys, None, only, source)
