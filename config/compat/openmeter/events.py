"""OpenMeter's events: CloudEvents already; `subject` is the code of an app.

Nothing but 204 is success to this client, so partial verdicts are told as a refusal that names the refused:
the others of the batch are stored, and repeats of them are no fault. Held events are taken.
"""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from rest_framework.request import Request
from rest_framework.response import Response

from config.api import problem
from config.compat.door import apps_of, iso
from config.compat.openmeter.door import OpenMeterView, told
from config.compat.openmeter.parameters import instant_of, limit_of, texts_of
from plans import clock
from subscriptions.models.keys import Scope
from usage.api_bodies import EVENT_TYPES, item, media_type, read_body
from usage.api_limits import KeyBucket
from usage.api_views import ProviderView, principal
from usage.models import QuarantineReason
from usage.parsing import Refusal, parse
from usage.selectors_names import Named, NamedEvent, named_events
from usage.services import ingest_named

BACK = timedelta(hours=72)  # of a list without a beginning
HELD = {
    "unknown_app": gettext_noop("no app has this subject; the event is held for replay"),
    "unknown_type": gettext_noop("no meter takes this type; the event is held for replay"),
}


class EventsView(OpenMeterView, ProviderView):
    """Events in and out."""

    scopes = {"POST": Scope.USAGE_WRITE, "GET": Scope.USAGE_READ}

    def get_throttles(self) -> list[Any]:
        """Count reports against the key's limit; reads are not."""
        return [KeyBucket()] if self.request.method == "POST" else []

    def check_permissions(self, request: Request) -> None:
        """Let customers' keys read their own events; reporting is for the provider's."""
        (OpenMeterView if request.method == "GET" else ProviderView).check_permissions(self, request)

    def post(self, request: Request) -> HttpResponse:
        """Take one event or a batch."""
        at, key = clock.now(), principal(request)
        batch = media_type(request._request, EVENT_TYPES)
        parsed = parse(read_body(request._request, EVENT_TYPES), batch=batch, received=at)
        backfill = Scope.USAGE_BACKFILL in key.scopes
        outcome = ingest_named(parsed, at=at, by=key.actor, backfill=backfill)
        held = set(QuarantineReason.values)
        refused = [one for one in outcome.rejected if one.code not in held]
        return self.retold(_refusal(refused)) if refused else HttpResponse(status=204)

    def get(self, request: Request) -> HttpResponse:
        """Return the latest events first."""
        asked, at = request.query_params, clock.now()
        last = instant_of(asked, "to") or at + timedelta(minutes=5)
        found = named_events(
            Named(
                first=instant_of(asked, "from") or last - BACK,
                last=last,
                apps=apps_of(request),
                ids=texts_of(asked, "id") or None,
                codes=texts_of(asked, "subject") or None,
                received=(instant_of(asked, "ingestedAtFrom"), instant_of(asked, "ingestedAtTo")),
                limit=limit_of(asked, most=100),
            )
        )
        return told([_ingested(one) for one in found])


def _refusal(refused: list[Refusal]) -> Response:
    errors = [item(one) for one in refused]
    conflicts = all(one.code == "conflict" for one in refused)
    return problem(errors[0]["code"], errors[0]["detail"], 409 if conflicts else 400, errors=errors)


def _ingested(found: NamedEvent) -> dict[str, Any]:
    received = iso(found.received_at)
    body = {"event": _event(found), "ingestedAt": received, "storedAt": received}
    if found.customer:
        body["customerId"] = found.customer
    if found.held:
        body["validationError"] = _(HELD[found.held])
    return body


def _event(found: NamedEvent) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": found.id,
        "source": found.source,
        "type": found.type,
        "subject": found.app,
        "time": iso(found.at),
        "datacontenttype": "application/json",
        "data": found.data,
    }
