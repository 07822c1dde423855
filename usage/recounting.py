"""Readings counted again: what the kept events of each cell come to, and what today's roll-ups say."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import connection

from plans.models.meters import MeterKind
from usage.grain import Worth
from usage.literals import array
from usage.measuring import Snapshot, add_fine
from usage.measuring_users import distinct_parts
from usage.models import Reading
from usage.selectors_raw import Place, ReadingCell, cells_of, grain_stored, period_of, place_of
from usage.stored_grain import grain_again
from usage.voids import Seen, counted

_RECOUNT = """
SELECT c.start, CASE %(kind)s WHEN 'count' THEN count(v.event_key) WHEN 'gauge' THEN coalesce(max(v.value), 0)
                WHEN 'unique' THEN count(DISTINCT v.user_digest) ELSE coalesce(sum(v.value), 0) END
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS c (start, finish)
LEFT JOIN usage_usageevent v
       ON v.app_id = %(app)s AND v.meter_id = %(meter)s AND (%(every)s OR v.region = %(region)s)
      AND v.occurred_at >= c.start AND v.occurred_at < c.finish
      AND v.batch_id <@ %(batches)s::int8multirange /*voids*/
GROUP BY c.start
"""
# What each cell says now, and what the folded events of its day come to, at one instant.
_ROLLUPS = """
SELECT r.id, r.cell_start, CASE %(kind)s WHEN 'count' THEN r.count WHEN 'gauge' THEN r.max ELSE r.sum END,
       (SELECT CASE %(kind)s WHEN 'count' THEN count(*) WHEN 'gauge' THEN coalesce(max(v.value), 0)
               ELSE coalesce(sum(v.value), 0) END
        FROM usage_usageevent v
        WHERE v.app_id = r.app_id AND v.meter_id = r.meter_id AND v.region = r.region
          AND v.occurred_at >= r.cell_start AND v.occurred_at < r.cell_end
          AND NOT EXISTS (SELECT FROM usage_ingestbatch b WHERE b.id = v.batch_id AND b.state = 'pending')
          /*voids*/)
FROM usage_usagerollup r WHERE r.id = ANY (%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class RollupCheck:
    """A cell of today: what it says, and what its folded events come to."""

    start: datetime
    says: Decimal
    events_say: Decimal


def recountable(reading: Reading) -> list[ReadingCell]:
    """Return the cells that events can confirm; of a reading without usage, that there is none."""
    return cells_of(reading) or [_whole(reading)]


def asks_for_worth(reading: Reading) -> bool:
    """Return whether it counts what events are worth by a rule, not what they say."""
    return "rule" in (grain_stored(reading) or {})


def recounted(
    reading: Reading, cells: Collection[ReadingCell], worth: Worth | None = None
) -> dict[Place, Decimal]:
    """Return what the kept events of cells come to, by their places; events of no cell are told too.

    `worth` is the rule that the reading's manifest names, where it names one.
    """
    grain = grain_stored(reading)
    if grain is None:
        return _by_day(reading, cells)
    period, spans = period_of(reading), [cell.period for cell in cells_of(reading)]
    again = grain_again(grain, spans, period, worth)
    meter, batches = reading.meter, reading.manifest["batches"]
    if meter.kind == MeterKind.UNIQUE:
        grains = {meter.code: again}
        parts = distinct_parts([reading.app_id], [meter], period, grains, batches=batches)
        rows = parts.get((reading.app_id, meter.pk), [])
    else:
        found = Snapshot(batches)
        add_fine(found, [reading.app_id], [meter.pk], period, again, kind=meter.kind)
        rows = found.cells.get((reading.app_id, meter.pk, reading.region), [])
    return {(row.start, row.attributes): row.value for row in rows}


def users_again(reading: Reading) -> Decimal:
    """Return the distinct users of the whole reading by its kept events."""
    whole = _whole(reading)
    return _by_day(reading, [whole])[whole.place]


def _whole(reading: Reading) -> ReadingCell:
    return ReadingCell(period_of(reading), Decimal(reading.value), None)


def _by_day(reading: Reading, cells: Collection[ReadingCell]) -> dict[Place, Decimal]:
    values = {
        **place_of(reading, period_of(reading)),
        "kind": reading.meter.kind,
        "starts": array(one.period.start.isoformat() for one in cells),
        "ends": array(one.period.end.isoformat() for one in cells),
    }
    with connection.cursor() as cursor:
        cursor.execute(counted(_RECOUNT, Seen.OF_BATCHES), values)
        return {(start, ()): Decimal(value) for start, value in cursor.fetchall()}


def rollup_checks(reading: Reading) -> dict[int, RollupCheck]:
    """Return the roll-ups a reading names, as they are now, by id; none of a distinct meter."""
    ids = [one.rollup[0] for one in cells_of(reading) if one.rollup]
    if not ids or reading.meter.kind == MeterKind.UNIQUE:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            counted(_ROLLUPS, Seen.FOLDED), {"ids": array(map(str, ids)), "kind": reading.meter.kind}
        )
        rows = cursor.fetchall()
    return {pk: RollupCheck(start, Decimal(says), Decimal(events)) for pk, start, says, events in rows}
