"""Single events by the sender's own names, as the façades give them back; held ones included."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from plans.ratio import plain
from usage.literals import array
from usage.voids import Seen, counted

EVER, NEVER = datetime(2000, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
_TAKEN = """
SELECT e.at, n.received_at, n.event_key, n.source, n.event_id, a.code, c.public_id, e.type, e.region, e.dims,
       e.numbers, ''
FROM usage_eventname n
JOIN usage_usageeventkey k ON k.app_id = n.app_id AND k.event_key = n.event_key
JOIN subscriptions_app a ON a.id = n.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
CROSS JOIN LATERAL (
    SELECT min(v.occurred_at) AS at, min(m.event_type) AS type, min(v.region) AS region,
           min(v.dims::text)::jsonb AS dims,
           jsonb_object_agg(coalesce(nullif(m.value_property, ''), 'value'), v.value::text)
               FILTER (WHERE m.kind IN ('sum', 'gauge')) AS numbers
    FROM usage_usageevent v JOIN plans_meter m ON m.id = v.meter_id
    WHERE v.app_id = n.app_id AND v.event_key = n.event_key AND v.batch_id = k.batch_id
      AND v.occurred_at >= (k.day::timestamp AT TIME ZONE 'UTC')
      AND v.occurred_at < (k.day::timestamp AT TIME ZONE 'UTC') + interval '1 day' /*voids*/
) e
WHERE e.at IS NOT NULL AND (%(every)s OR n.app_id = ANY (%(apps)s::bigint[]))
  AND (%(ids)s::text[] IS NULL OR n.event_id = ANY (%(ids)s::text[]))
  AND (%(source)s = '' OR starts_with(n.source, %(source)s))
  AND n.occurred_at >= %(first)s AND n.occurred_at < %(last)s
  AND n.received_at >= %(received_from)s AND n.received_at < %(received_to)s
  AND (%(codes)s::text[] IS NULL OR a.code = ANY (%(codes)s::text[]))
ORDER BY n.occurred_at DESC, n.event_key LIMIT %(limit)s
"""
_HELD = """
SELECT (q.body ->> 'time')::timestamptz, q.received_at, q.identity, q.body ->> 'source', q.body ->> 'id',
       q.subject, NULL, q.type, '', q.body -> 'data', NULL, q.reason
FROM usage_quarantinedevent q
WHERE q.replayed_at IS NULL
  AND (%(every)s OR q.subject IN (SELECT code FROM subscriptions_app WHERE id = ANY (%(apps)s::bigint[])))
  AND (%(ids)s::text[] IS NULL OR q.body ->> 'id' = ANY (%(ids)s::text[]))
  AND (%(source)s = '' OR starts_with(q.body ->> 'source', %(source)s))
  AND (q.body ->> 'time')::timestamptz >= %(first)s AND (q.body ->> 'time')::timestamptz < %(last)s
  AND q.received_at >= %(received_from)s AND q.received_at < %(received_to)s
  AND (%(codes)s::text[] IS NULL OR q.subject = ANY (%(codes)s::text[]))
ORDER BY 1 DESC, q.identity LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class NamedEvent:
    """One event under its sender's names. Users are kept as digests only, so `data` has none."""

    at: datetime
    received_at: datetime
    key: UUID
    source: str
    id: str
    app: str
    customer: str | None  # None: the app is not known
    type: str
    data: dict[str, Any]
    held: str  # why it is in quarantine; empty when it counts


@dataclass(frozen=True, slots=True)
class Named:
    """Which events: `apps` None = every app; [first, last) by the event's time."""

    first: datetime = EVER
    last: datetime = NEVER
    apps: Collection[int] | None = None
    ids: Collection[str] | None = None
    codes: Collection[str] | None = None
    source: str = ""  # its beginning
    received: tuple[datetime | None, datetime | None] = (None, None)  # [from, to)
    limit: int = 100


def named_events(asked: Named) -> list[NamedEvent]:
    """Return the latest events first; those in quarantine stand among them."""
    values: dict[str, Any] = {
        "every": asked.apps is None,
        "apps": array(str(app) for app in asked.apps or ()),
        "ids": None if asked.ids is None else list(asked.ids),
        "codes": None if asked.codes is None else list(asked.codes),
        "source": asked.source,
        "first": asked.first,
        "last": asked.last,
        "received_from": asked.received[0] or EVER,
        "received_to": asked.received[1] or NEVER,
        "limit": asked.limit,
    }
    found: list[NamedEvent] = []
    with connection.cursor() as cursor:
        for sql in (_TAKEN, _HELD):
            cursor.execute(counted(sql, Seen.ALL), values)
            found += [_event(*row) for row in cursor.fetchall()]
    return sorted(found, key=lambda one: (one.at, one.key), reverse=True)[: asked.limit]


def _event(*row: Any) -> NamedEvent:
    at, received, key, source, given, app, customer, kind, region, dims, numbers, held = row
    data = {**_tree(dims), **{name: plain(Decimal(text)) for name, text in _tree(numbers).items()}}
    if region:
        data["region"] = region
    return NamedEvent(at, received, key, source, given, app, customer, kind, data, held)


def _tree(given: Any) -> dict[str, Any]:
    found = json.loads(given) if isinstance(given, str) else given
    return found if isinstance(found, dict) else {}
