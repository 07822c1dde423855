"""What meters say of a period, from cells and folded events, at one instant of the database.

One statement reads the cells and the set of folded batches, so both belong to the same moment. What is
then read from events is limited to exactly those batches.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.timespan import Period, local_days
from usage.store import array

_SNAPSHOT = """
WITH cells AS (
    SELECT r.app_id, r.meter_id, r.region, r.cell_start, r.id, r.revision,
           CASE m.kind WHEN 'count' THEN r.count WHEN 'gauge' THEN r.max ELSE r.sum END::text AS value
    FROM usage_usagerollup r JOIN plans_meter m ON m.id = r.meter_id
    WHERE r.app_id = ANY (%(apps)s::bigint[]) AND r.meter_id = ANY (%(meters)s::bigint[]) AND r.grain = 'day'
      AND r.cell_start >= %(start)s AND r.cell_end <= %(end)s
    ORDER BY r.app_id, r.meter_id, r.region, r.cell_start
)
SELECT (SELECT range_agg(int8range(id, id + 1))::text FROM usage_ingestbatch
        WHERE state = 'done' AND app_ids && %(apps)s::bigint[]
          AND day_min <= (%(end)s AT TIME ZONE 'UTC')::date
          AND day_max >= (%(start)s AT TIME ZONE 'UTC')::date),
       (SELECT json_agg(cells) FROM cells)
"""
_EVENTS = """
FROM usage_usageevent v JOIN plans_meter m ON m.id = v.meter_id
WHERE v.app_id = ANY (%(apps)s::bigint[]) AND v.meter_id = ANY (%(meters)s::bigint[])
  AND v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
  AND v.batch_id <@ %(batches)s::int8multirange
"""
_PART = f"""
SELECT v.app_id, v.meter_id, v.region,
       CASE m.kind WHEN 'count' THEN count(*) WHEN 'gauge' THEN max(v.value) ELSE sum(v.value) END
{_EVENTS} GROUP BY v.app_id, v.meter_id, v.region, m.kind ORDER BY 1, 2, 3
"""
_DISTINCT = f"SELECT v.app_id, v.meter_id, count(DISTINCT v.user_digest) {_EVENTS} GROUP BY 1, 2"


@dataclass(frozen=True, slots=True)
class Cell:
    """One meter's value from `start` on; `source` is (roll-up id, revision), None if read from events."""

    start: datetime
    value: Decimal
    source: tuple[int, int] | None


@dataclass(slots=True)
class Snapshot:
    """Cells by (app, meter, region), and the batches that they are made of."""

    batches: str  # an int8multirange, as PostgreSQL writes it
    cells: dict[tuple[int, int, str], list[Cell]] = field(default_factory=dict)


def snapshot(apps: Sequence[int], meters: Iterable[Meter], period: Period, zone: ZoneInfo) -> Snapshot:
    """Return the cells of adding and peak meters; a period's edge inside a day is cut from its events."""
    ids = [meter.pk for meter in meters if meter.kind != MeterKind.UNIQUE]
    values = _values(apps, ids, period)
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT, values)
        batches, rows = cursor.fetchone() or (None, None)
    found = Snapshot(batches or "{}")
    for row in json.loads(rows) if isinstance(rows, str) else rows or []:
        cell = Cell(
            datetime.fromisoformat(row["cell_start"]), Decimal(row["value"]), (row["id"], row["revision"])
        )
        found.cells.setdefault((row["app_id"], row["meter_id"], row["region"]), []).append(cell)
    for part in _cut_days(period, zone):
        _add_part(found, apps, ids, part)
    return found


def _cut_days(period: Period, zone: ZoneInfo) -> list[Period]:
    """Return the parts of days that the period cuts at its edges; none when both are midnights."""
    days = list(local_days(period, zone))
    edges = {days[0], days[-1]}
    cut = [day for day in edges if day.start < period.start or day.end > period.end]
    return sorted(part for day in cut if (part := day.overlap(period)))


def _add_part(found: Snapshot, apps: Sequence[int], meters: list[int], part: Period) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_PART, {**_values(apps, meters, part), "batches": found.batches})
        rows = cursor.fetchall()
    for app, meter, region, value in rows:
        cells = found.cells.setdefault((app, meter, region), [])
        cells.append(Cell(part.start, Decimal(value), None))
        cells.sort(key=lambda cell: cell.start)


def distinct_users(
    apps: Sequence[int], meters: Iterable[Meter], period: Period, *, batches: str
) -> dict[tuple[int, int], int]:
    """Return the exact number of users by (app, meter), counted over the folded events of the period."""
    ids = [meter.pk for meter in meters if meter.kind == MeterKind.UNIQUE]
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_DISTINCT, {**_values(apps, ids, period), "batches": batches})
        return {(app, meter): count for app, meter, count in cursor.fetchall()}


def _values(apps: Sequence[int], meters: Sequence[int], period: Period) -> dict[str, Any]:
    return {
        "apps": array(str(app) for app in apps),
        "meters": array(str(meter) for meter in meters),
        "start": period.start,
        "end": period.end,
    }


def reduced(kind: str, cells: Iterable[Cell]) -> Decimal:
    """Return one figure for a period's cells: their sum, or the highest of a peak meter."""
    values = [cell.value for cell in cells]
    return max(values, default=Decimal(0)) if kind == MeterKind.GAUGE else add_up(values)


def plain(value: Decimal) -> str:
    """Return a figure without trailing zeros or an exponent; nothing is rounded."""
    spelled = f"{value:f}"
    return spelled.rstrip("0").rstrip(".") if "." in spelled else spelled
