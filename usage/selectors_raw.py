"""From a frozen reading down: its cells, the events behind each cell, and what those events come to.

A reading counts the batches in its manifest and nothing else, so what is read here is as fixed as it is,
until retention drops the day's raw events.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from plans.errors import NotFound
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.timespan import Period, local_date, local_midnight
from subscriptions.selectors import zone_of
from usage.measuring import Cell as Measured
from usage.measuring import plain, reduced
from usage.models import Reading
from usage.store import array

DAY = timedelta(days=1)

_OF_CELL = """
FROM usage_usageevent v
WHERE v.app_id = %(app)s AND v.meter_id = %(meter)s AND v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
  AND (%(every)s OR v.region = %(region)s) AND v.batch_id <@ %(batches)s::int8multirange
"""
_EVENTS = f"""
SELECT v.occurred_at, v.event_key, v.value, v.user_digest, v.region, v.batch_id, v.received_at {_OF_CELL}
  AND (%(after)s::timestamptz IS NULL
       OR (v.occurred_at, v.event_key) > (%(after)s::timestamptz, %(key)s::uuid))
ORDER BY v.occurred_at, v.event_key LIMIT %(limit)s
"""
_RECOUNT = """
SELECT c.start, CASE %(kind)s WHEN 'count' THEN count(v.event_key) WHEN 'gauge' THEN coalesce(max(v.value), 0)
                WHEN 'unique' THEN count(DISTINCT v.user_digest) ELSE coalesce(sum(v.value), 0) END
FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS c (start, finish)
LEFT JOIN usage_usageevent v
       ON v.app_id = %(app)s AND v.meter_id = %(meter)s AND (%(every)s OR v.region = %(region)s)
      AND v.occurred_at >= c.start AND v.occurred_at < c.finish
      AND v.batch_id <@ %(batches)s::int8multirange
GROUP BY c.start
"""
# Days that surely had events (the first and last of a folded batch) and have no partition any more.
_DROPPED = """
SELECT max(day) FROM (
    SELECT unnest(ARRAY[b.day_min, b.day_max]) AS day FROM usage_ingestbatch b
    WHERE b.state = 'done' AND b.app_ids && ARRAY[%(app)s::bigint]
      AND b.day_min <= %(last)s AND b.day_max >= %(first)s
) days WHERE to_regclass('usage_usageevent_' || to_char(day, 'YYYYMMDD')) IS NULL
"""
# What each cell says now, and what the folded events of its day come to, at one instant.
_ROLLUPS = """
SELECT r.id, r.cell_start, CASE %(kind)s WHEN 'count' THEN r.count WHEN 'gauge' THEN r.max ELSE r.sum END,
       (SELECT CASE %(kind)s WHEN 'count' THEN count(*) WHEN 'gauge' THEN coalesce(max(v.value), 0)
               ELSE coalesce(sum(v.value), 0) END
        FROM usage_usageevent v
        WHERE v.app_id = r.app_id AND v.meter_id = r.meter_id AND v.region = r.region
          AND v.occurred_at >= r.cell_start AND v.occurred_at < r.cell_end
          AND NOT EXISTS (SELECT FROM usage_ingestbatch b WHERE b.id = v.batch_id AND b.state = 'pending'))
FROM usage_usagerollup r WHERE r.id = ANY (%(ids)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class ReadingCell:
    """A part of a reading: from `period.start` on, with the roll-up (id, revision) it was copied from."""

    period: Period
    value: Decimal
    rollup: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event as it is kept: digests stand for the identity and for the user."""

    occurred_at: datetime
    digest: str  # first 128 bits of SHA-256 over (source, id)
    value: Decimal
    user_digest: str  # keyed per app; empty where no user was named
    region: str
    batch: int
    received_at: datetime

    @property
    def key(self) -> list[str]:
        """Return its place in a page."""
        return [self.occurred_at.isoformat(), self.digest]


@dataclass(frozen=True, slots=True)
class RollupCheck:
    """A cell of today: what it says, and what its folded events come to."""

    start: datetime
    says: Decimal
    events_say: Decimal


def reading_of(public_id: str, customer_id: int | None) -> Reading:
    """Return one reading; None = any customer's. NotFound for a stranger's."""
    rows = Reading.objects.select_related("meter", "app", "subscription__customer")
    rows = rows if customer_id is None else rows.filter(customer=customer_id)
    found = rows.filter(public_id=public_id).first() if "\0" not in public_id else None
    if found is None:
        raise NotFound
    return found


def period_of(reading: Reading) -> Period:
    """Return the period of a reading as a value."""
    return Period(reading.period.lower, reading.period.upper)


def cells_of(reading: Reading) -> list[ReadingCell]:
    """Return the cells a reading was made from, earliest first."""
    sources = iter([(int(pk), int(revision)) for pk, revision in reading.manifest.get("cells", [])])
    every = len(reading.manifest.get("cells", [])) == len(reading.cells)
    found = []
    for cell in reading.cells:
        period = _cell_period(reading, cell)
        copied = every or _is_whole(reading, period)  # a day cut at the period's edge was read from events
        found.append(ReadingCell(period, Decimal(cell["value"]), next(sources, None) if copied else None))
    return found


def _is_whole(reading: Reading, cell: Period) -> bool:
    zone = zone_of(reading.subscription.customer)
    day = local_date(cell.start, zone)
    return cell == Period(local_midnight(day, zone), local_midnight(day + DAY, zone))


def _cell_period(reading: Reading, cell: Mapping[str, str]) -> Period:
    whole, start = period_of(reading), datetime.fromisoformat(cell["start"])
    if "end" in cell:
        return Period(start, datetime.fromisoformat(cell["end"]))
    if reading.meter.kind == MeterKind.UNIQUE:
        return whole
    zone = zone_of(reading.subscription.customer)
    return Period(start, min(local_midnight(local_date(start, zone) + DAY, zone), whole.end))


def hash_fits(reading: Reading) -> bool:
    """Return whether value, cells and manifest are those that were frozen."""
    said = [plain(reading.value), reading.cells, reading.manifest]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest() == reading.manifest_hash


def is_told_apart(reading: Reading) -> bool:
    """Return whether cells are told apart by more than time: distinct users then count in several."""
    return any("attributes" in cell for cell in reading.cells)


def recountable(reading: Reading) -> list[ReadingCell]:
    """Return what the raw events alone can confirm: each cell; the whole where attributes tell cells apart.

    Nothing where the events' worth was frozen: that follows from the terms, which level 1 rates again.
    """
    if reading.manifest.get("worth"):
        return []
    if is_told_apart(reading) or not reading.cells:
        return [ReadingCell(period_of(reading), Decimal(reading.value), None)]
    return cells_of(reading)


def adds_up(reading: Reading) -> bool:
    """Return whether the reading's value is what its cells come to."""
    if reading.meter.kind == MeterKind.UNIQUE and is_told_apart(reading):
        values = [Decimal(cell["value"]) for cell in reading.cells]
        return max(values) <= reading.value <= add_up(values)
    cells = [Measured(one.period.start, one.value, None) for one in cells_of(reading)]
    return reduced(reading.meter.kind, cells) == reading.value


def dropped_until(reading: Reading) -> date | None:
    """Return the last UTC day of the reading's time whose raw events are no longer kept; None = all are."""
    period = period_of(reading)
    values: dict[str, Any] = {
        "app": reading.app_id,
        "first": period.start.astimezone(UTC).date(),
        "last": period.end.astimezone(UTC).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DROPPED, values)
        row = cursor.fetchone()
    found: date | None = row[0] if row else None
    return found


def is_kept(cell: ReadingCell, dropped: date | None) -> bool:
    """Return whether a cell's raw events are all there."""
    return dropped is None or cell.period.start.astimezone(UTC).date() > dropped


def events_of(
    reading: Reading, cell: ReadingCell, *, after: tuple[str, str] | None = None, limit: int
) -> list[RawEvent]:
    """Return up to `limit` events of a cell, in the order of their time, that come after a place."""
    values = {**_place(reading, cell.period), "limit": limit}
    values |= {"after": after and after[0], "key": after and after[1]}
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, values)
        rows = cursor.fetchall()
    return [
        RawEvent(at, str(key), Decimal(value), str(user or ""), region, batch, received)
        for at, key, value, user, region, batch, received in rows
    ]


def recounted(reading: Reading, cells: Collection[ReadingCell]) -> dict[datetime, Decimal]:
    """Return what the kept events of each cell come to, by its start."""
    values = {
        **_place(reading, period_of(reading)),
        "kind": reading.meter.kind,
        "starts": array(one.period.start.isoformat() for one in cells),
        "ends": array(one.period.end.isoformat() for one in cells),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, values)
        return {start: Decimal(value) for start, value in cursor.fetchall()}


def rollup_checks(reading: Reading) -> dict[int, RollupCheck]:
    """Return the roll-ups a reading names, as they are now, by id; none of a distinct meter."""
    ids = [one.rollup[0] for one in cells_of(reading) if one.rollup]
    if not ids or reading.meter.kind == MeterKind.UNIQUE:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_ROLLUPS, {"ids": array(map(str, ids)), "kind": reading.meter.kind})
        rows = cursor.fetchall()
    return {pk: RollupCheck(start, Decimal(says), Decimal(events)) for pk, start, says, events in rows}


def _place(reading: Reading, period: Period) -> dict[str, Any]:
    return {
        "app": reading.app_id,
        "meter": reading.meter_id,
        "region": reading.region,
        "every": reading.meter.kind == MeterKind.UNIQUE,  # distinct users are counted over all regions
        "start": period.start,
        "end": period.end,
        "batches": reading.manifest.get("batches", "{}"),
    }
