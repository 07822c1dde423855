"""The SQL of corrections: what is known of the events named, and the rows that void them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from usage.literals import array, quoted

# An event is found through its key: the day's partition, and the pages of its batch. LATERAL with an
# aggregate keeps it to that; a plain join might read every day. A day of a zone lies in two or three UTC
# days; the last column says whether one of them is no longer kept.
_KNOWN = """
SELECT s.n, k.batch_id, k.payload_hash IS NOT NULL, e.at, e.meters, x.reason, x.replaced_by, r.payload_hash,
       (e.at AT TIME ZONE c.billing_zone)::date,
       EXISTS (
           SELECT FROM usage_droppedday d
           WHERE d.day >= ((e.at AT TIME ZONE c.billing_zone)::date::timestamp
                           AT TIME ZONE c.billing_zone AT TIME ZONE 'UTC')::date
             AND d.day <= (((e.at AT TIME ZONE c.billing_zone)::date + 1)::timestamp
                           AT TIME ZONE c.billing_zone AT TIME ZONE 'UTC' - interval '1 microsecond')::date)
FROM unnest(%(n)s::int[], %(app)s::bigint[], %(key)s::uuid[]) AS s (n, app_id, event_key)
JOIN subscriptions_app a ON a.id = s.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
LEFT JOIN usage_usageeventkey k ON k.app_id = s.app_id AND k.event_key = s.event_key
LEFT JOIN LATERAL (
    SELECT min(v.occurred_at) AS at, array_agg(v.meter_id ORDER BY v.meter_id) AS meters
    FROM usage_usageevent v
    WHERE v.app_id = k.app_id AND v.event_key = k.event_key AND v.batch_id = k.batch_id
      AND v.occurred_at >= (k.day::timestamp AT TIME ZONE 'UTC')
      AND v.occurred_at < (k.day::timestamp AT TIME ZONE 'UTC') + interval '1 day'
) e ON TRUE
LEFT JOIN usage_eventvoid x ON x.app_id = s.app_id AND x.event_key = s.event_key
LEFT JOIN usage_usageeventkey r ON r.app_id = x.app_id AND r.event_key = x.replaced_by
"""
# One batch for each app and local day: folding it recomputes the cells of one day of one app, no more.
_VOID = """
WITH said AS MATERIALIZED (
    SELECT * FROM unnest(
        %(app)s::bigint[], %(key)s::uuid[], %(event_batch)s::bigint[], %(at)s::timestamptz[], %(day)s::date[],
        %(meters)s::text[], %(source)s::text[], %(id)s::text[], %(reason)s::text[], %(replaced_by)s::uuid[]
    ) AS s (app_id, event_key, event_batch_id, occurred_at, day, meters, source, event_id, reason,
            replaced_by)
), batches AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('usage_ingestbatch', 'id')) AS id, g.*
    FROM (SELECT app_id, day, sum(cardinality(meters::bigint[])) AS n, min(occurred_at) AS first,
                 max(occurred_at) AS last FROM said GROUP BY app_id, day ORDER BY app_id, day) g
), noted AS (
    INSERT INTO usage_ingestbatch (id, state, n, day_min, day_max, app_ids, by, received_at, is_correction)
    SELECT id, 'pending', n, (first AT TIME ZONE 'UTC')::date, (last AT TIME ZONE 'UTC')::date,
           ARRAY[app_id], %(by)s, now(), TRUE FROM batches
)
INSERT INTO usage_eventvoid (app_id, event_key, event_batch_id, occurred_at, meter_ids, batch_id, source,
                             event_id, reason, replaced_by, by, voided_at)
SELECT s.app_id, s.event_key, s.event_batch_id, s.occurred_at, s.meters::bigint[], b.id, s.source,
       s.event_id, s.reason, s.replaced_by, %(by)s, %(now)s
FROM said s JOIN batches b USING (app_id, day)
"""


# Events that cannot stand in place of another: void themselves, or in the place of one already.
_SPENT = """
SELECT s.n FROM unnest(%(n)s::int[], %(app)s::bigint[], %(key)s::uuid[]) AS s (n, app_id, event_key)
WHERE EXISTS (SELECT FROM usage_eventvoid x WHERE x.app_id = s.app_id AND x.event_key = s.event_key)
   OR EXISTS (SELECT FROM usage_eventvoid x WHERE x.app_id = s.app_id AND x.replaced_by = s.event_key)
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """What is stored about an event that a correction names."""

    is_known: bool
    batch: int
    at: datetime | None  # None: the raw event is no longer kept
    meters: tuple[int, ...]
    day: date | None  # of the billing zone
    reason: str | None  # of the void that is there already
    replaced_by: str  # 32 hex digits
    replaced_hash: int | None
    is_day_lost: bool  # other events of its day are no longer kept: the day cannot be counted again


@dataclass(frozen=True, slots=True)
class Row:
    """A void to be stored."""

    app: int
    key: str
    kept: Kept
    source: str
    id: str
    reason: str
    replaced_by: str


def known(asked: Sequence[tuple[int, str]]) -> list[Kept]:
    """Return what is stored about events (app, key), in the order asked."""
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, _places(asked))
        rows = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_kept(*rows[n]) for n in range(len(asked))]


def spent(asked: Sequence[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return those events (app, key) that cannot stand in place of another any more."""
    with connection.cursor() as cursor:
        cursor.execute(_SPENT, _places(asked))
        return {asked[n] for (n,) in cursor.fetchall()}


def _places(asked: Sequence[tuple[int, str]]) -> dict[str, str]:
    return {
        "n": array(str(n) for n in range(len(asked))),
        "app": array(str(app) for app, _key in asked),
        "key": array(key for _app, key in asked),
    }


def _kept(*row: Any) -> Kept:
    batch, there, at, meters, reason, by, digest, day, lost = row
    replaced_by = by.hex if by is not None else ""
    return Kept(there, batch or 0, at, tuple(meters or ()), day, reason, replaced_by, digest, lost)


def void(rows: Sequence[Row], *, at: datetime, by: str) -> None:
    """Store the voids and their batches in one statement; the caller holds the lock of their apps."""
    values: dict[str, Any] = {
        "app": array(str(row.app) for row in rows),
        "key": array(row.key for row in rows),
        "event_batch": array(str(row.kept.batch) for row in rows),
        "at": array(row.kept.at.isoformat() for row in rows if row.kept.at is not None),
        "day": array(str(row.kept.day) for row in rows),
        "meters": array(quoted(array(map(str, row.kept.meters))) for row in rows),
        "source": array(quoted(row.source) for row in rows),
        "id": array(quoted(row.id) for row in rows),
        "reason": array(quoted(row.reason) for row in rows),
        "replaced_by": array(row.replaced_by or "NULL" for row in rows),
        "by": by,
        "now": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VOID, values)
