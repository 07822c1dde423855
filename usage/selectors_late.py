"""Periods whose frozen readings no longer say what the cells say: usage came after the freeze."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import connection

from plans.timespan import Period
from usage.literals import array

# Values are compared, not revisions: a fold beside a freeze may not have seen the reading. A day that the
# reading tells apart (time bands, attributes) is compared as a whole. A distinct
# meter is asked for batches its count did not know; counting again tells whether they change it. A reported
# figure is compared with the report that counts by now. A correction may leave a day's figure and change what
# the reading tells apart inside it: it is counted again as well.
_CHANGED = """
WITH latest AS (
    SELECT DISTINCT ON (d.subscription_id, d.meter_id, d.app_id, d.region, d.period) d.*, m.kind, m.source
    FROM usage_reading d JOIN plans_meter m ON m.id = d.meter_id
    WHERE (%(every)s OR d.subscription_id = ANY (%(subscriptions)s::bigint[]))
      AND (%(since)s::timestamptz IS NULL OR upper(d.period) > %(since)s::timestamptz)
    ORDER BY d.subscription_id, d.meter_id, d.app_id, d.region, d.period, d.revision DESC
)
SELECT DISTINCT l.subscription_id, lower(l.period), upper(l.period) FROM latest l
WHERE (l.kind = 'unique' AND l.source = 'events' AND EXISTS (
    SELECT FROM usage_ingestbatch b
    WHERE b.state = 'done' AND b.app_ids && ARRAY[l.app_id]
      AND b.day_min <= (upper(l.period) AT TIME ZONE 'UTC')::date
      AND b.day_max >= (lower(l.period) AT TIME ZONE 'UTC')::date
      AND NOT (l.manifest ->> 'batches')::int8multirange @> b.id
)) OR (l.kind <> 'unique' AND EXISTS (
    SELECT FROM usage_usagerollup r
    WHERE r.app_id = l.app_id AND r.meter_id = l.meter_id AND r.grain = 'day'
      AND r.cell_start >= lower(l.period) AND r.cell_start < upper(l.period)
      AND (r.cell_end <= upper(l.period) OR r.report_id IS NOT NULL)  -- a reported day is not cut
      AND (SELECT CASE l.kind WHEN 'gauge' THEN max((c ->> 'value')::numeric)
                              ELSE sum((c ->> 'value')::numeric) END
           FROM latest k, jsonb_array_elements(k.cells) c
           WHERE k.subscription_id = l.subscription_id AND k.meter_id = l.meter_id AND k.app_id = l.app_id
             AND k.period = l.period AND k.region = r.region
             AND (c ->> 'start')::timestamptz >= r.cell_start AND (c ->> 'start')::timestamptz < r.cell_end
          ) IS DISTINCT FROM (CASE l.kind WHEN 'count' THEN r.count WHEN 'gauge' THEN r.max ELSE r.sum END)
)) OR (l.kind <> 'unique' AND l.source = 'events' AND EXISTS (
    SELECT FROM usage_ingestbatch b
    WHERE b.is_correction AND b.state = 'done' AND b.app_ids && ARRAY[l.app_id]
      AND b.day_min <= (upper(l.period) AT TIME ZONE 'UTC')::date
      AND b.day_max >= (lower(l.period) AT TIME ZONE 'UTC')::date
      AND NOT (l.manifest ->> 'batches')::int8multirange @> b.id
)) OR (l.source = 'period_reports' AND EXISTS (
    SELECT FROM usage_usagerollup r JOIN subscriptions_subscription s ON s.id = l.subscription_id
    WHERE r.app_id = l.app_id AND r.meter_id = l.meter_id AND r.grain = 'period'
      AND r.cell_start < upper(l.period) AND r.cell_end > lower(l.period)
      AND tstzrange(r.cell_start, r.cell_end) * s.span <@ l.period
      AND (SELECT max((c ->> 'value')::numeric) FROM jsonb_array_elements(l.cells) c
           WHERE (c ->> 'start')::timestamptz = greatest(r.cell_start, lower(l.period))
          ) IS DISTINCT FROM (CASE l.kind WHEN 'gauge' THEN r.max WHEN 'sum' THEN r.sum ELSE r.count END)
)) OR (%(again)s AND l.revision > 1)
ORDER BY 1, 2, 3
"""


_EARLIEST = """
SELECT d.subscription_id, min(lower(d.period)) FROM usage_reading d
JOIN unnest(%(subscriptions)s::bigint[], %(ends)s::timestamptz[]) AS h (id, after) ON h.id = d.subscription_id
WHERE upper(d.period) > h.after GROUP BY 1
"""


def earliest_frozen(ended_after: Mapping[int, datetime]) -> dict[int, datetime]:
    """Return, by subscription, where the earliest of its frozen periods that end after an instant begins."""
    values = {
        "subscriptions": array(str(pk) for pk in ended_after),
        "ends": array(instant.isoformat() for instant in ended_after.values()),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EARLIEST, values)
        return dict(cursor.fetchall())


def changed_periods(
    subscriptions: Collection[int] | None, *, since: datetime | None = None, again: bool = False
) -> dict[int, list[Period]]:
    """Return, by subscription, the frozen periods that have changed; None = of every subscription.

    `since` leaves out what ended before; `again` adds the periods that were frozen again before.
    """
    values: dict[str, Any] = {
        "every": subscriptions is None,
        "subscriptions": array(str(pk) for pk in subscriptions or ()),
        "since": since,
        "again": again,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, values)
        rows = cursor.fetchall()
    found: dict[int, list[Period]] = {}
    for subscription, start, end in rows:
        found.setdefault(subscription, []).append(Period(start, end))
    return found
