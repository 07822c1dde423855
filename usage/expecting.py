"""Which expected reports are not there: days of the billing zone, and periods of an agreement.

A day counts as reported once a report made after its end is there; what was said of it while it ran is not
the whole day. An app owes reports from the day it was made, or from its first report where that is earlier.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from plans.timespan import Period, local_date, local_midnight
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.literals import array

DAY = timedelta(days=1)

# The expectation of an app goes before that of all apps.
_OWED = """
WITH owed AS (
    SELECT a.id AS app_id, a.code AS app, a.customer_id, x.meter_id, m.code AS meter, x.region, x.policy,
           x.due_hours, c.billing_zone AS zone, x.since,
           least((a.created_at AT TIME ZONE c.billing_zone)::date,
                 (SELECT (min(lower(u.span)) AT TIME ZONE c.billing_zone)::date FROM usage_usagereport u
                  WHERE u.app_id = a.id AND u.meter_id = m.id)) AS made,
           coalesce((a.archived_at AT TIME ZONE c.billing_zone)::date, 'infinity'::date) AS gone
    FROM usage_reportexpectation x JOIN plans_meter m ON m.id = x.meter_id AND m.source = %(source)s
    JOIN subscriptions_app a ON a.id = x.app_id
      OR (x.app_id IS NULL AND NOT EXISTS (SELECT FROM usage_reportexpectation own
                                           WHERE own.meter_id = x.meter_id AND own.app_id = a.id))
    JOIN subscriptions_customer c ON c.id = a.customer_id
    WHERE (%(every)s OR a.id = ANY (%(apps)s::bigint[]))
      AND (%(every_meter)s OR m.code = ANY (%(meters)s))
)
"""
_DAYS = """
SELECT o.app_id, o.app, o.meter_id, o.meter, o.region, o.policy, o.due_hours, o.zone, d::date
FROM owed o CROSS JOIN LATERAL generate_series(
    greatest(o.since, o.made, (%(start)s AT TIME ZONE o.zone)::date)::timestamp,
    least((%(end)s AT TIME ZONE o.zone - interval '1 microsecond')::date, o.gone - 1)::timestamp,
    interval '1 day') d
WHERE EXISTS (
    SELECT FROM subscriptions_subscription s
    JOIN subscriptions_subscriptionphase p ON p.subscription_id = s.id
    JOIN plans_planversion v ON v.id = p.plan_version_id
    WHERE s.customer_id = o.customer_id AND (s.app_id IS NULL OR s.app_id = o.app_id)
      AND p.span @> (d AT TIME ZONE o.zone) AND v.terms -> 'meters' ? o.meter)
AND NOT EXISTS (
    SELECT FROM usage_usagerollup r JOIN usage_usagereport u ON u.id = r.report_id
    WHERE r.app_id = o.app_id AND r.meter_id = o.meter_id AND r.grain = 'day'
      AND (o.region = '' OR r.region = o.region)
      AND r.cell_start BETWEEN (d AT TIME ZONE 'UTC') - interval '2 days'
                           AND (d AT TIME ZONE 'UTC') + interval '2 days'
      AND (r.cell_start AT TIME ZONE o.zone)::date = d::date AND u.reported_at >= r.cell_end)
ORDER BY o.app, o.meter, o.region, d LIMIT %(limit)s
"""
_PERIODS = """
SELECT o.app_id, o.app, o.meter_id, o.meter, o.region, o.policy, o.due_hours, o.zone, %(day)s::date
FROM owed o WHERE greatest(o.since, o.made) <= %(day)s::date AND o.gone > %(day)s::date
AND NOT EXISTS (
    SELECT FROM usage_usagerollup r JOIN usage_usagereport u ON u.id = r.report_id
    WHERE r.app_id = o.app_id AND r.meter_id = o.meter_id AND r.grain = 'period'
      AND r.cell_start < %(end)s AND r.cell_end > %(start)s AND r.cell_end >= %(end)s
      AND u.reported_at >= least(r.cell_end, %(end)s))
ORDER BY o.app, o.meter LIMIT %(limit)s
"""
MOST = 100_000  # rows of one question
OVERDUE = timedelta(days=35)


@dataclass(frozen=True, slots=True)
class Missing:
    """A report that is owed and not there; of a period, `day` is its first."""

    app_id: int
    app: str
    meter_id: int
    meter: str
    region: str  # empty: of any region
    policy: str
    day: date
    span: Period
    due_at: datetime
    is_period: bool = False

    def __str__(self) -> str:
        place = f"{self.app}/{self.region}" if self.region else self.app
        return f"{self.meter} of {place} for {self.day.isoformat()}{' on' if self.is_period else ''}"


def missing_days(
    period: Period,
    *,
    apps: Collection[int] | None = None,
    meters: Collection[str] | None = None,
    limit: int = MOST,
) -> list[Missing]:
    """Return the days that begin in a period and are owed and not reported; None = of all apps or meters."""
    values = _values(apps, meters, "daily_reports", limit) | {"start": period.start, "end": period.end}
    with connection.cursor() as cursor:
        cursor.execute(_OWED + _DAYS, values)
        rows = cursor.fetchall()
    found = []
    for app_id, app, meter_id, meter, region, policy, due_hours, zone, day in rows:
        known = ZoneInfo(zone)
        start, end = local_midnight(day, known), local_midnight(day + DAY, known)
        if period.start <= start < end:  # a zone that skipped a whole day has an empty one
            due_at = end + timedelta(hours=due_hours)
            span = Period(start, end)
            found.append(Missing(app_id, app, meter_id, meter, region, policy, day, span, due_at))
    return found


def overdue(at: datetime, *, limit: int = MOST) -> list[Missing]:
    """Return the days of the last five weeks that are owed, past their time and not reported, of all apps."""
    return [one for one in missing_days(Period(at - OVERDUE, at), limit=limit) if one.due_at <= at]


def missing_periods(subscription: Subscription, period: Period, meters: Collection[str]) -> list[Missing]:
    """Return the apps of an agreement whose report of a period is owed and not there."""
    apps = list(scope_apps(subscription).values_list("pk", flat=True))
    day = local_date(period.start, zone_of(subscription.customer))
    values = _values(apps, meters, "period_reports", MOST)
    with connection.cursor() as cursor:
        cursor.execute(_OWED + _PERIODS, {**values, "start": period.start, "end": period.end, "day": day})
        rows = cursor.fetchall()
    return [
        Missing(
            app_id, app, meter_id, meter, "", policy, day, period,
            period.end + timedelta(hours=due_hours), is_period=True,
        )
        for app_id, app, meter_id, meter, _region, policy, due_hours, _zone, _day in rows
    ]  # fmt: skip


def missing_of(subscription: Subscription, period: Period, meters: Collection[str]) -> list[Missing]:
    """Return what is owed and not reported over a period of an agreement, by day and by period."""
    apps = list(scope_apps(subscription).values_list("pk", flat=True))
    days = missing_days(period, apps=apps, meters=meters)
    return [*days, *missing_periods(subscription, period, meters)]


def _values(
    apps: Collection[int] | None, meters: Collection[str] | None, source: str, limit: int
) -> dict[str, Any]:
    return {
        "source": source,
        "every": apps is None,
        "apps": array(str(app) for app in apps or ()),
        "every_meter": meters is None,
        "meters": list(meters or ()),
        "limit": limit,
    }
