"""Usage as the API pages it: one row per window, app, meter and region, in that order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import connection

from plans.timespan import MICROSECOND, local_midnight, shift_months
from usage.literals import array

MARGIN = timedelta(days=2)  # any zone's day lies within two UTC days of its date
Key = tuple[str, str, str, str]  # first day of the window, app, meter, region

_ROWS = """
WITH chosen AS (
    SELECT a.id, a.code, c.billing_zone AS zone,
           CASE WHEN %(from_day)s::date IS NULL
                THEN (%(from_at)s::timestamptz AT TIME ZONE c.billing_zone)::date ELSE %(from_day)s::date
           END AS first,
           CASE WHEN %(to_day)s::date IS NULL
                THEN (%(to_at)s::timestamptz AT TIME ZONE c.billing_zone)::date ELSE %(to_day)s::date
           END AS last
    FROM subscriptions_app a JOIN subscriptions_customer c ON c.id = a.customer_id
    WHERE %(every)s OR a.id = ANY (%(apps)s::bigint[])
), figures AS (
    SELECT day, code, meter, region, zone,
           CASE kind WHEN 'count' THEN sum(count) WHEN 'gauge' THEN max(max) ELSE sum(sum) END AS value
    FROM (
        SELECT date_trunc(%(window)s, r.cell_start AT TIME ZONE a.zone)::date AS day, a.code, m.code AS meter,
               m.kind, r.region, a.zone, r.count, r.sum, r.max
        FROM usage_usagerollup r JOIN chosen a ON a.id = r.app_id JOIN plans_meter m ON m.id = r.meter_id
        WHERE r.grain = 'day' AND m.kind <> 'unique' AND (%(meter)s = '' OR m.code = %(meter)s)
          AND (%(region)s::text IS NULL OR r.region = %(region)s)
          AND r.cell_start BETWEEN %(low)s AND %(high)s
          AND (r.cell_start AT TIME ZONE a.zone)::date BETWEEN a.first AND a.last
    ) cells GROUP BY day, code, meter, kind, region, zone
    UNION ALL
    SELECT (r.cell_start AT TIME ZONE a.zone)::date AS day, a.code, m.code AS meter, r.region, a.zone,
           CASE m.kind WHEN 'sum' THEN r.sum WHEN 'gauge' THEN r.max ELSE r.count END
    FROM usage_usagerollup r JOIN chosen a ON a.id = r.app_id JOIN plans_meter m ON m.id = r.meter_id
    WHERE r.grain = 'period' AND %(window)s = 'month' AND (%(meter)s = '' OR m.code = %(meter)s)
      AND (%(region)s::text IS NULL OR r.region = %(region)s)
      AND r.cell_start BETWEEN %(low)s AND %(high)s
      AND (r.cell_start AT TIME ZONE a.zone)::date BETWEEN a.first AND a.last
    UNION ALL
    SELECT date_trunc(%(window)s, u.day::timestamp)::date AS day, a.code, m.code AS meter, '' AS region,
           a.zone, count(DISTINCT u.user_digest)
    FROM usage_distinctuser u JOIN chosen a ON a.id = u.app_id JOIN plans_meter m ON m.id = u.meter_id
    WHERE (%(meter)s = '' OR m.code = %(meter)s) AND coalesce(%(region)s, '') = ''
      AND u.day BETWEEN a.first AND a.last
    GROUP BY 1, 2, 3, 5
)
SELECT day, code, meter, region, zone, value FROM figures
WHERE %(after_day)s::date IS NULL OR (day, code COLLATE "C", meter COLLATE "C", region COLLATE "C")
      > (%(after_day)s::date, %(after_app)s, %(after_meter)s, %(after_region)s)
ORDER BY day, code COLLATE "C", meter COLLATE "C", region COLLATE "C" LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """What a page is about. Days are of each customer's billing zone; `first` and `last` are included."""

    apps: Collection[int] | None  # None: every app
    first: date | datetime  # an instant stands for the local day it lies in
    last: date | datetime
    meter: str = ""
    region: str | None = None
    window: Literal["day", "month"] = "day"
    after: Key | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One meter of one app and region in one day or month; a period report begins where it begins."""

    key: Key
    start: datetime
    end: datetime
    zone: str
    value: Decimal


def usage_rows(query: UsageQuery) -> list[UsageRow]:
    """Return up to `limit` rows that come after the cursor."""
    with connection.cursor() as cursor:
        cursor.execute(_ROWS, _values(query))
        return [_row(query.window, *row) for row in cursor.fetchall()]


def _values(query: UsageQuery) -> dict[str, Any]:
    after = query.after or (None, "", "", "")
    return {
        **_edge("from", query.first),
        **_edge("to", query.last),
        **dict(zip(("after_day", "after_app", "after_meter", "after_region"), after, strict=True)),
        "every": query.apps is None,
        "apps": array(str(app) for app in query.apps or ()),
        "meter": query.meter,
        "region": query.region,
        "window": query.window,
        "low": f"{_day(query.first) - MARGIN} 00:00+00",
        "high": f"{_day(query.last) + MARGIN} 00:00+00",
        "limit": query.limit,
    }


def _edge(name: str, given: date | datetime) -> dict[str, Any]:
    is_instant = isinstance(given, datetime)
    return {f"{name}_day": None if is_instant else given, f"{name}_at": given if is_instant else None}


def _day(given: date | datetime) -> date:
    return given.date() if isinstance(given, datetime) else given


def _row(window: str, day: date, app: str, meter: str, region: str, zone: str, value: Decimal) -> UsageRow:
    known = ZoneInfo(zone)
    after = shift_months(day, 1) if window == "month" else day + timedelta(days=1)
    key = (day.isoformat(), app, meter, region)
    return UsageRow(key, local_midnight(day, known), local_midnight(after, known), zone, Decimal(value))


def before(instant: datetime) -> datetime:
    """Return the last instant of a span that ends at `instant`."""
    return instant - MICROSECOND
