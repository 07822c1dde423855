"""Usage by hour of the billing zone, read from the raw events of some days: there are no cells that fine.

Every committed event is counted, folded or not, so an hour may be ahead of its day for a moment.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from usage.dropped import last_dropped, refuse_dropped
from usage.errors import QueryTooWide
from usage.literals import array
from usage.selectors_pages import MARGIN, UsageQuery, UsageRow
from usage.selectors_windows import TIMEOUT
from usage.voids import Seen, counted

MOST_DAYS = 7
HOUR = timedelta(hours=1)

_CHOSEN = """
WITH chosen AS (
    SELECT a.id, a.code, c.billing_zone AS zone,
           coalesce(%(from_day)s::date::timestamp AT TIME ZONE c.billing_zone,
                    date_trunc('hour', %(from_at)s::timestamptz, c.billing_zone)) AS first,
           coalesce((%(to_day)s::date + 1)::timestamp AT TIME ZONE c.billing_zone,
                    date_trunc('hour', %(to_at)s::timestamptz, c.billing_zone) + interval '1 hour') AS last
    FROM subscriptions_app a JOIN subscriptions_customer c ON c.id = a.customer_id
    WHERE %(every)s OR a.id = ANY (%(apps)s::bigint[])
)"""
_SPAN = " SELECT min(first), max(last) FROM chosen"
_HOURS = """, figures AS (
    SELECT date_trunc('hour', v.occurred_at, a.zone) AS hour, a.code, m.code AS meter,
           CASE m.kind WHEN 'unique' THEN '' ELSE v.region END AS region, a.zone,
           CASE m.kind WHEN 'count' THEN count(*) WHEN 'unique' THEN count(DISTINCT v.user_digest)
                       WHEN 'gauge' THEN max(v.value) ELSE sum(v.value) END AS value
    FROM usage_usageevent v JOIN chosen a ON a.id = v.app_id JOIN plans_meter m ON m.id = v.meter_id
    WHERE v.occurred_at >= %(low)s AND v.occurred_at < %(high)s
      AND v.occurred_at >= a.first AND v.occurred_at < a.last
      AND (%(meter)s = '' OR m.code = %(meter)s)
      AND (%(region)s::text IS NULL OR (CASE m.kind WHEN 'unique' THEN '' ELSE v.region END) = %(region)s)
      /*voids*/
    GROUP BY 1, 2, 3, 4, 5, m.kind
)
SELECT hour, code, meter, region, zone, value FROM figures
WHERE %(after)s::timestamptz IS NULL OR (hour, code COLLATE "C", meter COLLATE "C", region COLLATE "C")
      > (%(after)s::timestamptz, %(after_app)s, %(after_meter)s, %(after_region)s)
ORDER BY hour, code COLLATE "C", meter COLLATE "C", region COLLATE "C" LIMIT %(limit)s
"""


def hour_rows(asked: UsageQuery) -> list[UsageRow]:
    """Return up to `limit` rows after the cursor; an instant stands for the hour it lies in.

    Raises QueryTooWide beyond seven days, or where the events are too many to count in time, and
    RawEventsDropped where some of the days asked for are no longer kept.
    """
    first, last = _moment(asked.first), _moment(asked.last)
    too_wide = QueryTooWide(days=MOST_DAYS, rows=asked.limit - 1)
    if last - first > timedelta(days=MOST_DAYS):
        raise too_wide
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT}'")
            cursor.execute(counted(_CHOSEN + _HOURS, Seen.ALL), _values(asked, first, last))
            rows = cursor.fetchall()
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    except OperationalError as error:
        raise too_wide if isinstance(error.__cause__, QueryCanceled) else error from None
    _refuse_dropped(asked, first, last)
    return [_row(*row) for row in rows]


def _refuse_dropped(asked: UsageQuery, first: datetime, last: datetime) -> None:
    """Refuse what reaches into a dropped day; where the days begin, the zones of the apps say."""
    if last_dropped(first - MARGIN, last + MARGIN) is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CHOSEN + _SPAN, _values(asked, first, last))
        row = cursor.fetchone()
    if row and row[0] is not None and row[0] < row[1]:
        refuse_dropped(*row)


def recent(asked: UsageQuery, at: datetime) -> UsageQuery:
    """Return the query over the last day, for one that says no beginning."""
    return replace(asked, first=at - timedelta(days=1))


def _moment(given: date | datetime) -> datetime:
    if isinstance(given, datetime):
        return given
    return datetime.fromisoformat(f"{given.isoformat()}T00:00:00+00:00")


def _values(asked: UsageQuery, first: datetime, last: datetime) -> dict[str, Any]:
    after = asked.after or (None, "", "", "")
    days = [None if isinstance(edge, datetime) else edge for edge in (asked.first, asked.last)]
    instants = [edge if isinstance(edge, datetime) else None for edge in (asked.first, asked.last)]
    return {
        **dict(zip(("from_day", "to_day"), days, strict=True)),
        **dict(zip(("from_at", "to_at"), instants, strict=True)),
        **dict(zip(("after", "after_app", "after_meter", "after_region"), after, strict=True)),
        "every": asked.apps is None,
        "apps": array(str(app) for app in asked.apps or ()),
        "meter": asked.meter,
        "region": asked.region,
        "low": first - MARGIN,  # any zone's day or hour lies within
        "high": last + MARGIN,
        "limit": asked.limit,
    }


def _row(hour: datetime, app: str, meter: str, region: str, zone: str, value: Any) -> UsageRow:
    return UsageRow((hour.isoformat(), app, meter, region), hour, hour + HOUR, zone, Decimal(value))
