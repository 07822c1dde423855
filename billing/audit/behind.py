"""What stands behind an invoice: its readings, their cells and, bounded, the events of those."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from plans.ratio import plain
from usage.models import Reading
from usage.selectors_raw import (
    RawEvent,
    ReadingCell,
    cells_of,
    dropped_until,
    events_of,
    is_kept,
    period_of,
)

MOST_EVENTS = 100_000  # of one kit; cells beyond that stand by themselves, and the kit says so
CELL_COLUMNS = [
    "reading", "n", "start", "end", "value", "rollup", "revision", "events", "report", "evidence",
    "evidence_hash",
]  # fmt: skip
EVENT_COLUMNS = [
    "reading", "cell", "time", "value", "user_digest", "digest", "region", "batch", "received_at",
    "attributes",
]  # fmt: skip


@dataclass(slots=True)
class Behind:
    """Rows of the two tables, and how many events may still be added."""

    cells: list[list[str]] = field(default_factory=list)
    events: list[list[str]] = field(default_factory=list)
    left: int = MOST_EVENTS


def reading_said(reading: Reading) -> dict[str, Any]:
    """Return a reading as it was frozen; the hash covers value, cells and manifest."""
    period = period_of(reading)
    return {
        "id": reading.public_id,
        "meter": reading.meter.code,
        "kind": reading.meter.kind,
        "unit": reading.meter.unit,
        "app": reading.app.code,
        "region": reading.region,
        "period": [period.start.isoformat(), period.end.isoformat()],
        "revision": reading.revision,
        "value": plain(reading.value),
        "cells": reading.cells,
        "manifest": reading.manifest,
        "hash": reading.manifest_hash,
    }


def behind(readings: Iterable[Reading]) -> Behind:
    """Return the cells of readings and the events of those cells that are kept."""
    found = Behind()
    for reading in readings:
        dropped = dropped_until(reading)
        for n, cell in enumerate(cells_of(reading), start=1):
            _add(found, reading, n, cell, dropped)
    return found


def _add(found: Behind, reading: Reading, n: int, cell: ReadingCell, dropped: date | None) -> None:
    if cell.behind is not None:
        found.cells.append([*_cell(reading, n, cell), *_behind(cell)])
        return
    rows = events_of(reading, cell, limit=found.left + 1) if is_kept(cell, dropped) else []
    state = "kept" if is_kept(cell, dropped) else "dropped"
    if len(rows) > found.left:
        rows, state = [], "left out"
    found.cells.append([*_cell(reading, n, cell), state, "", "", ""])
    found.left -= len(rows)
    found.events += [[reading.public_id, str(n), *_event(row)] for row in rows]


def _cell(reading: Reading, n: int, cell: ReadingCell) -> list[str]:
    rollup = ["", ""] if cell.rollup is None else list(map(str, cell.rollup))
    start, end = reading.cells[n - 1]["start"], cell.period.end.isoformat()
    return [reading.public_id, str(n), start, end, plain(cell.value), *rollup]


def _behind(cell: ReadingCell) -> list[str]:
    """Return what stands in place of events: a report with its revision and evidence, or an estimate."""
    behind = cell.behind or {}
    if cell.is_estimate:
        return ["estimate", f"estimate {behind['estimate']}", "", ""]
    return ["report", f"revision {behind['revision']}", behind["evidence"], behind["evidence_hash"]]


def _event(row: RawEvent) -> list[str]:
    digests = [row.user_digest, row.digest]
    told = json.dumps(dict(row.attributes), ensure_ascii=False) if row.attributes else ""
    times = row.occurred_at.isoformat(), row.received_at.isoformat()
    return [times[0], plain(row.value), *digests, row.region, str(row.batch), times[1], told]


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Return rows as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()
