"""Cells against a recount of their events: every cell of some days, as of one instant."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from usage.literals import array
from usage.voids import Seen, counted

MARGIN = timedelta(days=1)  # any zone's day lies within
MOST_ROWS = 1_000
_DIFFER = """
WITH chosen AS (
    SELECT a.id, a.code, c.billing_zone AS zone
    FROM subscriptions_app a JOIN subscriptions_customer c ON c.id = a.customer_id
    WHERE %(every)s OR a.id = ANY (%(apps)s::bigint[])
), said AS (
    SELECT r.app_id, r.meter_id, r.region, (r.cell_start AT TIME ZONE a.zone)::date AS day,
           r.sum, r.count, r.min, r.max
    FROM usage_usagerollup r JOIN chosen a ON a.id = r.app_id
    WHERE r.grain = 'day' AND r.report_id IS NULL AND r.count > 0
      AND r.cell_start >= %(low)s AND r.cell_start < %(high)s
      AND (r.cell_start AT TIME ZONE a.zone)::date BETWEEN %(first)s AND %(last)s
), found AS (
    SELECT v.app_id, v.meter_id, v.region, (v.occurred_at AT TIME ZONE a.zone)::date AS day,
           sum(v.value) AS sum, count(*) AS count, min(v.value) AS min, max(v.value) AS max
    FROM usage_usageevent v JOIN chosen a ON a.id = v.app_id
    WHERE v.occurred_at >= %(low)s AND v.occurred_at < %(high)s
      AND (v.occurred_at AT TIME ZONE a.zone)::date BETWEEN %(first)s AND %(last)s
      AND NOT EXISTS (SELECT FROM usage_ingestbatch b WHERE b.id = v.batch_id AND b.state = 'pending')
      /*voids*/
    GROUP BY 1, 2, 3, 4
)
SELECT a.code, m.code, coalesce(s.region, f.region), coalesce(s.day, f.day), s.count, s.sum, f.count, f.sum
FROM said s FULL JOIN found f USING (app_id, meter_id, region, day)
JOIN subscriptions_app a ON a.id = app_id JOIN plans_meter m ON m.id = meter_id
WHERE (%(meter)s = '' OR m.code = %(meter)s)
  AND (s.sum, s.count, s.min, s.max) IS DISTINCT FROM (f.sum, f.count, f.min, f.max)
ORDER BY 1, 2, 4, 3 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A cell and what its folded events come to: (events, sum); None where there is nothing."""

    app: str
    meter: str
    region: str
    day: date
    says: tuple[Any, Any] | None
    events_say: tuple[Any, Any] | None


def differing_cells(
    apps: Collection[int] | None, meter: str, first: date, last: date, *, limit: int = MOST_ROWS
) -> list[Difference]:
    """Return the cells of local days first to last that do not say what their events come to."""
    values: dict[str, Any] = {
        "every": apps is None,
        "apps": array(str(app) for app in apps or ()),
        "meter": meter,
        "first": first,
        "last": last,
        "low": datetime.combine(first, time(), UTC) - MARGIN,
        "high": datetime.combine(last, time(), UTC) + 2 * MARGIN,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(counted(_DIFFER, Seen.FOLDED), values)
        rows = cursor.fetchall()
    return [
        Difference(app, meter, region, day, _pair(row[:2]), _pair(row[2:]))
        for app, meter, region, day, *row in rows
    ]


def _pair(said: Any) -> tuple[Any, Any] | None:
    return None if said[0] is None else (said[0], said[1])
