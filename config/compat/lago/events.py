"""Lago's events: translated to CloudEvents, judged and stored as every event of the house.

The code goes into the source, as these ids are unique within a code only. An event of an unknown code or
subscription is taken and held; Lago takes those too.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from config.compat.door import apps_of, iso
from config.compat.lago.door import LagoView, refusal
from config.compat.lago.places import Places, places
from plans import clock
from plans.errors import NotFound, _
from subscriptions.models.keys import Scope
from usage.api_bodies import JSON, media_type, read_body, sentence
from usage.api_limits import KeyBucket
from usage.api_views import ProviderView, principal
from usage.errors import BodyTooLarge, UnreadableBody
from usage.models import QuarantineReason
from usage.parsing import Envelope, Place, Refusal, envelope, envelopes
from usage.parsing_json import MAX_BYTES, read_object
from usage.parsing_values import Refused
from usage.selectors_names import Named, NamedEvent, named_events
from usage.services import Outcome, ingest_named

MOST_EVENTS = 100
SOURCE = "lago/"
OURS = {
    "id": "transaction_id",
    "type": "code",
    "subject": "external_subscription_id",
    "time": "timestamp",
    "data": "properties",
}
_SECONDS = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,9})?")

Taken = list[tuple[dict[str, Any], Envelope]]


class EventsView(LagoView, ProviderView):
    """One event."""

    scopes = {"POST": Scope.USAGE_WRITE}
    throttle_classes = [KeyBucket]

    def post(self, request: Request) -> Response:
        """Take one event; the same one again is answered as the first time."""
        tree = _body(request)
        given = tree.get("event")
        if not isinstance(given, dict):
            raise UnreadableBody(reason=_('the object "event" is missing'))
        outcome, taken = _take([given], request)
        refused = _refused(outcome)
        if refused:
            return refusal(422, "validation_errors", _details(refused[0]), sentence(refused[0]))
        return Response({"event": _told(taken, outcome)[0]})


class BatchView(LagoView, ProviderView):
    """Up to a hundred events; those that are right are stored, whatever is said of the others."""

    scopes = {"POST": Scope.USAGE_WRITE}
    throttle_classes = [KeyBucket]

    def post(self, request: Request) -> Response:
        """Take a batch; the refused are named by their place in it."""
        given = _body(request).get("events")
        if not isinstance(given, list) or not given:
            raise UnreadableBody(reason=_('the array "events" is missing or empty'))
        if len(given) > MOST_EVENTS:
            raise BodyTooLarge(events=MOST_EVENTS, bytes=MAX_BYTES)
        outcome, taken = _take(given, request)
        refused = _refused(outcome)
        if refused:
            details = {str(one.index): _details(one) for one in refused}
            return refusal(422, "validation_errors", details, sentence(refused[0]))
        return Response({"events": _told(taken, outcome)})


class EventView(LagoView):
    """An event sent before."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request, transaction_id: str) -> Response:
        """Return the latest event of this id; held ones as well."""
        found = named_events(Named(apps=apps_of(request), ids=[transaction_id], source=SOURCE, limit=1))
        if not found:
            raise NotFound
        return Response({"event": _stored(found[0])})


def _body(request: Request) -> dict[str, Any]:
    known = {JSON: False}
    media_type(request._request, known)
    return read_object(read_body(request._request, known))


def _take(given: Sequence[Any], request: Request) -> tuple[Outcome, Taken]:
    at, key = clock.now(), principal(request)
    known = places(_texts(given, "external_subscription_id"), _texts(given, "code"))
    seen: set[Place] = set()
    parsed = envelopes(given, lambda n, item: _envelope(n, item, known, at, seen), single=False)
    backfill = Scope.USAGE_BACKFILL in key.scopes
    outcome = ingest_named(parsed, at=at, by=key.actor, backfill=backfill)
    return outcome, [(given[event.index], event) for event in parsed.events]


def _texts(given: Sequence[Any], name: str) -> set[str]:
    """Return the usable codes of a field; the others are refused when their item is read."""
    found = {item.get(name) for item in given if isinstance(item, dict)}
    return {one for one in found if isinstance(one, str) and len(one) <= 64 and one.isprintable()}


def _envelope(index: int, item: Any, known: Places, at: datetime, seen: set[Place]) -> Envelope:
    """Read one of Lago's events as a CloudEvent; what it calls an amount is priced here, not there."""
    if not isinstance(item, dict):
        raise Refused("wrong_type", "", "object")
    code, subscription = item.get("code"), item.get("external_subscription_id")
    kind = known.type_of(code) if isinstance(code, str) else code
    tree = {
        "specversion": "1.0",
        "id": item.get("transaction_id"),
        "source": f"{SOURCE}{kind}",
        "type": kind,
        "subject": known.app_of(subscription) if isinstance(subscription, str) else subscription,
        "time": _time(item.get("timestamp")),
        "data": item.get("properties"),
    }
    return envelope(index, tree, seen, received=at)


def _time(given: Any) -> Any:
    """Return Unix seconds, as number or text, as RFC 3339; anything else is judged as it is."""
    spelled = f"{given:.9f}" if type(given) in (int, Decimal) and 0 <= given < 10**12 else given
    if not isinstance(spelled, str) or not _SECONDS.fullmatch(spelled):
        return spelled
    seconds = Decimal(spelled)
    micros = int(seconds * 1_000_000)
    try:
        whole = datetime.fromtimestamp(micros // 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        raise Refused("invalid_time", "timestamp") from None
    return whole.replace(microsecond=micros % 1_000_000).isoformat()


def _refused(outcome: Outcome) -> list[Refusal]:
    """Return what is refused in Lago's eyes, in its words: held events are taken."""
    held = set(QuarantineReason.values)
    return [replace(one, field=_field(one.field)) for one in outcome.rejected if one.code not in held]


def _field(ours: str) -> str:
    head, _dot, rest = ours.partition(".")
    return ".".join(filter(None, (OURS.get(head, head), rest)))


def _details(refused: Refusal) -> dict[str, list[str]]:
    if refused.code == "conflict":
        return {"transaction_id": ["value_already_exist"]}
    return {refused.field or "event": [refused.code]}


def _told(taken: Taken, outcome: Outcome) -> list[dict[str, Any]]:
    """Return the events as Lago tells them; of a repeat without a time, the time of the first."""
    before: dict[tuple[str, str], NamedEvent] = {}
    if outcome.duplicates and not all(event.timed for _given, event in taken):
        asked = Named(ids=[event.id for _given, event in taken], source=SOURCE, limit=MOST_EVENTS)
        before = {(one.app, one.key.hex): one for one in named_events(asked)}
    return [_sent(given, event, before.get((event.subject, event.identity()))) for given, event in taken]


def _sent(given: dict[str, Any], event: Envelope, first: NamedEvent | None) -> dict[str, Any]:
    at, received = (first.at, first.received_at) if first else (event.time, None)
    return {
        **_event(event.id, event.identity(), given["code"], at),
        "external_subscription_id": given["external_subscription_id"],
        "precise_total_amount_cents": None,
        "properties": event.data,
        "created_at": received and iso(received),
    }


def _stored(found: NamedEvent) -> dict[str, Any]:
    return {
        **_event(found.id, found.key.hex, found.type, found.at),
        "external_subscription_id": found.app,
        "precise_total_amount_cents": None,
        "properties": found.data,
        "created_at": iso(found.received_at),
    }


def _event(transaction_id: str, key: str, code: str, at: datetime) -> dict[str, Any]:
    ours = f"{key[:8]}-{key[8:12]}-{key[12:16]}-{key[16:20]}-{key[20:]}"
    return {
        "lago_id": ours,
        "transaction_id": transaction_id,
        "lago_customer_id": None,
        "lago_subscription_id": None,
        "code": code,
        "timestamp": iso(at),
    }
