"""The read of an access check: one statement, by primary keys, whatever is asked.

The agreement's side is a maintained row. What is used of an allowance is added up from the cells at that
instant, with what is not folded yet where usage stops at the limit; distinct users of an allowance that only
warns are the figure of the last pass, as counting a month of users costs more than a check may.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from usage.entitlement import Facts
from usage.prepared import prepared

# Planned once per connection (migration 0009): parsing and planning cost three times the running.
_ONE_OF_APP = "SELECT * FROM usage_access_of_app(%(app)s, %(owner)s, %(feature)s, %(at)s)"
_ONE_OF_CUSTOMER = "SELECT * FROM usage_access_of_customer(%(customer)s, %(owner)s, %(feature)s, %(at)s)"
_LIST = """
SELECT coalesce(
           NOT s.is_stale AND s.valid_from <= %(at)s
           AND (s.valid_until IS NULL OR %(at)s < s.valid_until), FALSE
       ),
       c.id, c.standing, a.code, a.archived_at IS NOT NULL, f.code, f.type, f.unit, TRUE,
       e.is_granted, e.reason, e.value, e.at_limit, e.stops_at, e.period_end,
       coalesce(u.used, e.counted), CASE WHEN u.used IS NULL THEN e.counted_at ELSE u.as_of END
"""
_METERED = """
LEFT JOIN plans_feature f ON f.code = e.feature
LEFT JOIN LATERAL usage_metered(
    CASE WHEN e.is_granted AND (e.meter_kind <> 'unique' OR e.stops_at IS NOT NULL) THEN e.meter_kind END,
    e.meter_id, e.app_ids, e.period_start, e.period_end, e.first_day, e.last_day, e.stops_at IS NOT NULL
) u ON TRUE
"""
_STATE = "LEFT JOIN usage_entitlementstate s ON s.customer_id = c.id"
_LIST_OF_APP = f"""
{_LIST}
FROM subscriptions_app a JOIN subscriptions_customer c ON c.id = a.customer_id {_STATE}
LEFT JOIN LATERAL (
    SELECT DISTINCT ON (o.feature) * FROM usage_entitlement o
    WHERE o.customer_id = c.id AND o.app_id IN (0, a.id)
    ORDER BY o.feature, o.is_granted DESC, o.app_id DESC
) e ON TRUE
{_METERED}
WHERE a.code = %(app)s AND (%(owner)s::bigint IS NULL OR c.id = %(owner)s) ORDER BY e.feature
"""  # noqa: S608 — pieces of this file; values are parameters
_LIST_OF_CUSTOMER = f"""
{_LIST}
FROM subscriptions_customer c {_STATE}
LEFT JOIN usage_entitlement e ON e.customer_id = c.id LEFT JOIN subscriptions_app a ON a.id = e.app_id
{_METERED}
WHERE (c.public_id = %(customer)s OR (%(customer)s::text IS NULL AND c.id = %(owner)s))
  AND (%(owner)s::bigint IS NULL OR c.id = %(owner)s) ORDER BY e.feature, e.app_id
"""
_STATEMENTS = {
    (True, True): _ONE_OF_APP,
    (True, False): _ONE_OF_CUSTOMER,
    (False, True): _LIST_OF_APP,
    (False, False): _LIST_OF_CUSTOMER,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose entitlements are asked for. `owner` is the customer of the key: others are not there for it."""

    app: str | None
    customer: str | None
    owner: int | None
    feature: str | None = None  # None: all of them


@dataclass(frozen=True, slots=True)
class Found:
    """What the statement brought back."""

    customer_id: int
    is_fresh: bool  # False: the rows have to be rebuilt first
    facts: list[Facts]
    knows_feature: bool


def find(asked: Asked, at: datetime) -> Found | None:
    """Return the facts of one check or of the list, in one statement; None: there is nobody to ask for."""
    sql = _STATEMENTS[asked.feature is not None, asked.app is not None]
    values = {
        "app": asked.app,
        "customer": asked.customer,
        "owner": asked.owner,
        "feature": asked.feature,
        "at": at,
    }
    rows = _read(sql, values)
    if not rows:
        return None
    facts = [_facts(row, at) for row in rows if row[5] is not None]
    return Found(rows[0][1], rows[0][0], facts, asked.feature is None or bool(facts))


def _read(sql: str, values: Mapping[str, Any]) -> Sequence[Any]:
    """Return the rows of the statement, which is its own health check.

    Asking a kept connection whether it lives costs as much as the check. One that died is opened anew, once.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # the stubs lack it
    try:
        return _rows(sql, values)
    except (OperationalError, InterfaceError):
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _rows(sql, values)


def _rows(sql: str, values: Mapping[str, Any]) -> Sequence[Any]:
    with prepared() as cursor:
        cursor.execute(sql, values)
        rows: Sequence[Any] = cursor.fetchall()
    return rows


def _facts(row: Sequence[Any], at: datetime) -> Facts:
    return Facts(
        standing=row[2],
        app=row[3],
        is_archived=bool(row[4]),
        feature=row[5],
        kind=row[6],
        unit=row[7],
        is_granted=bool(row[9]),
        reason=row[10] or ("not_granted" if row[8] else "no_subscription"),
        value=row[11] or "",
        at_limit=row[12] or "notify",
        stops_at=row[13],
        resets_at=row[14] if row[15] is not None else None,
        used=row[15],
        as_of=row[16] or at,
    )
