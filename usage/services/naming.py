"""Ingest for doors that are asked for single events afterwards: the sender's own names are kept."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from plans.actor import Actor
from usage.literals import array, quoted
from usage.parsing import Envelope, Parsed
from usage.services.ingest import Outcome, ingest

_NAMES = """
INSERT INTO usage_eventname (app_id, event_key, source, event_id, occurred_at, received_at)
SELECT a.id, s.key, s.source, s.event_id, s.at, now()
FROM unnest(%(subject)s::text[], %(key)s::uuid[], %(source)s::text[], %(id)s::text[], %(at)s::timestamptz[])
    AS s (subject, key, source, event_id, at)
JOIN subscriptions_app a ON a.code = s.subject
JOIN usage_usageeventkey k ON k.app_id = a.id AND k.event_key = s.key  -- never a name without its event
ORDER BY a.id, s.key
ON CONFLICT DO NOTHING
"""


def ingest_named(parsed: Parsed, *, at: datetime, by: Actor, backfill: bool = False) -> Outcome:
    """Ingest as ever, then keep the names of what was taken.

    Both have committed when this returns. Whoever gets no answer in between sends again, and the names of
    the duplicates are written then.
    """
    outcome = ingest(parsed, at=at, by=by, backfill=backfill)
    refused = {refusal.index for refusal in outcome.rejected}
    taken = [event for event in parsed.events if event.index not in refused]
    if taken:
        _keep(taken)
    return outcome


def _keep(events: Sequence[Envelope]) -> None:
    values = {
        "subject": array(quoted(event.subject) for event in events),
        "key": array(event.identity() for event in events),
        "source": array(quoted(event.source) for event in events),
        "id": array(quoted(event.id) for event in events),
        "at": array(event.time.isoformat() for event in events),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NAMES, values)
