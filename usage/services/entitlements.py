"""Keeping entitlement rows true: rebuilt once a trigger marked them or the span they hold for has passed."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from subscriptions.models import Customer
from usage.locks import share_entitlements
from usage.models import Entitlement, EntitlementState
from usage.selectors_granted import granted

AT_ONCE = 500

_TAKE = """
INSERT INTO usage_entitlementstate (customer_id) VALUES (%(customer)s)
ON CONFLICT (customer_id) DO UPDATE SET customer_id = excluded.customer_id
RETURNING NOT is_stale AND valid_from <= %(at)s AND (valid_until IS NULL OR %(at)s < valid_until)
"""
_DUE = """
SELECT c.id FROM subscriptions_customer c LEFT JOIN usage_entitlementstate s ON s.customer_id = c.id
WHERE (s.customer_id IS NULL OR s.is_stale OR s.valid_from > %(at)s OR s.valid_until <= %(at)s)
  AND (%(every)s OR c.id = ANY (%(customers)s::bigint[]))
ORDER BY c.id LIMIT %(limit)s
"""
_COUNT = """
UPDATE usage_entitlement e SET counted = u.used, counted_at = coalesce(u.as_of, now())
FROM usage_entitlement o, LATERAL usage_metered(
    o.meter_kind, o.meter_id, o.app_ids, o.period_start, o.period_end, o.first_day, o.last_day, FALSE) u
WHERE o.customer_id = ANY (%(customers)s) AND o.meter_kind = 'unique'
  AND e.customer_id = o.customer_id AND e.app_id = o.app_id AND e.feature = o.feature
"""


@transaction.atomic
def rebuild(customer_id: int, *, at: datetime) -> bool:
    """Write the customer's rows anew unless they hold at `at`; return whether there was anything to do.

    The state row is taken first. A change of an agreement under way holds it (its trigger wrote it), so this
    waits and then reads what was committed; a change that comes later waits for this and marks it stale.
    """
    share_entitlements()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"customer": customer_id, "at": at})
        row = cursor.fetchone()
    if row is not None and row[0]:
        return False
    found = granted(Customer.objects.get(pk=customer_id), at)
    Entitlement.objects.filter(customer_id=customer_id).delete()
    Entitlement.objects.bulk_create(found.rows)
    count_users([customer_id])
    EntitlementState.objects.filter(pk=customer_id).update(
        is_stale=False, valid_from=found.valid_from, valid_until=found.valid_until
    )
    return True


def rebuild_due(*, at: datetime, customers: Collection[int] | None = None) -> int:
    """Rebuild the rows of every customer (None: of all) whose rows do not hold at `at`; return how many."""
    values: dict[str, Any] = {
        "at": at,
        "limit": AT_ONCE,
        "every": customers is None,
        "customers": list(customers or ()),
    }
    done = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_DUE, values)
            due = [pk for (pk,) in cursor.fetchall()]
        done += sum(rebuild(pk, at=at) for pk in due)
        if len(due) < AT_ONCE:
            return done


def count_users(customers: list[int]) -> None:
    """Note the distinct users of these customers' periods as they are folded now."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"customers": customers})
