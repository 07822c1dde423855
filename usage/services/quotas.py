"""Noticing that an allowance reached a share of its limit: once per agreement, feature, period and share."""

from collections.abc import Collection
from datetime import datetime

from django.db import connection, transaction

from usage.locks import lock_quotas
from usage.models import QuotaWarning
from usage.services.entitlements import count_users, rebuild_due

# What was folded in so many minutes is looked at: longer than any fold lasts, so a late commit is seen.
# The nightly pass looks at everything, so what a pause of the worker leaves out is found then.
RECENTLY = 5
AT_ONCE = 500

_TOUCHED = """
SELECT DISTINCT a.customer_id FROM subscriptions_app a WHERE a.id IN (
    SELECT unnest(b.app_ids) FROM usage_ingestbatch b
    WHERE b.folded_at >= now() - make_interval(mins => %(recently)s)
) ORDER BY 1
"""
_EVERYBODY = "SELECT DISTINCT customer_id FROM usage_entitlement WHERE meter_kind IS NOT NULL ORDER BY 1"
_WARN = """
WITH reached AS MATERIALIZED (
    SELECT e.*, f.id AS feature_id, e.value::numeric AS most,
           CASE WHEN e.meter_kind = 'unique' THEN e.counted ELSE u.used END AS used
    FROM usage_entitlement e JOIN plans_feature f ON f.code = e.feature
    LEFT JOIN LATERAL usage_metered(
        CASE WHEN e.meter_kind <> 'unique' THEN e.meter_kind END, e.meter_id, e.app_ids,
        e.period_start, e.period_end, e.first_day, e.last_day, FALSE) u ON TRUE
    WHERE e.customer_id = ANY (%(customers)s) AND e.is_granted AND e.meter_kind IS NOT NULL
      AND e.value NOT IN ('unlimited', '0') AND e.period_start <= %(at)s AND %(at)s < e.period_end
), shares AS (
    SELECT r.*, s.percent, r.most * s.percent / 100 AS share FROM reached r, unnest(r.warn_at) s (percent)
    UNION  -- where usage stops is told in any case
    SELECT r.*, round(r.stops_at * 100 / r.most)::int, r.stops_at FROM reached r
    WHERE r.stops_at IS NOT NULL
)
INSERT INTO usage_quotawarning
    (subscription_id, customer_id, feature_id, period_start, period_end, percent, "limit", used, stops, at)
SELECT subscription_id, customer_id, feature_id, period_start, period_end, percent, most, used,
       coalesce(share >= stops_at, FALSE), %(at)s
FROM shares WHERE used >= share AND used > 0
ORDER BY subscription_id, feature_id, percent
ON CONFLICT DO NOTHING RETURNING id
"""


def watch_quotas(*, at: datetime) -> list[QuotaWarning]:
    """Look at the customers whose usage was folded just now; return the new warnings."""
    rebuild_due(at=at)
    return _watch(_TOUCHED, at)


def watch_all_quotas(*, at: datetime) -> list[QuotaWarning]:
    """Bring every entitlement up to date and look at all: the nightly pass. A repeat finds nothing."""
    rebuild_due(at=at)
    return _watch(_EVERYBODY, at)


def _watch(whom: str, at: datetime) -> list[QuotaWarning]:
    with connection.cursor() as cursor:
        cursor.execute(whom, {"recently": RECENTLY})
        customers = [pk for (pk,) in cursor.fetchall()]
    found: list[int] = []
    for n in range(0, len(customers), AT_ONCE):
        found += warn(customers[n : n + AT_ONCE], at=at)
    return list(
        QuotaWarning.objects.filter(pk__in=found).select_related("customer", "feature", "subscription")
    )


def warn_of_reports(customers: Collection[int], *, at: datetime) -> list[int]:
    """Look at the customers whose daily reports just became cells; return the keys of new warnings.

    No batch tells the pass of them. Users are not counted anew: no report of a day changes them.
    """
    if not customers:
        return []
    rebuild_due(at=at, customers=customers)
    return warn(customers, at=at, counts_users=False)


@transaction.atomic
def warn(customers: Collection[int], *, at: datetime, counts_users: bool = True) -> list[int]:
    """Count the users of these customers and store what they reached; return the keys of new warnings."""
    lock_quotas()
    if counts_users:
        count_users(list(customers))
    with connection.cursor() as cursor:
        cursor.execute(_WARN, {"customers": list(customers), "at": at})
        return [pk for (pk,) in cursor.fetchall()]
