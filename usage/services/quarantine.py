"""Bringing held events in once their app or type exists."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from plans.actor import Actor
from usage.models import QuarantinedEvent
from usage.parsing import parse
from usage.services.ingest import Outcome, ingest


def replay(held: Iterable[QuarantinedEvent], *, at: datetime, by: Actor) -> dict[str, int]:
    """Ingest held events again; return how many ended with each result, and note it on the row.

    They arrived in time, so the window does not turn them away now. One that is still unknown stays
    held; replaying an event twice stores it once, as its identity is the sender's.
    """
    results: dict[str, int] = {}
    for row in held:
        outcome = ingest(parse(msgspec.json.encode(row.body)), at=at, by=by, backfill=True)
        result = _result(outcome)
        done = result in ("accepted", "duplicate")
        QuarantinedEvent.objects.filter(pk=row.pk).update(result=result, replayed_at=at if done else None)
        results[result] = results.get(result, 0) + 1
    return results


def _result(outcome: Outcome) -> str:
    if outcome.rejected:
        return outcome.rejected[0].code
    return "accepted" if outcome.accepted else "duplicate"
