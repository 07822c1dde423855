"""The door for usage events: a plain view, as DRF's request, negotiation and permissions cost as much as
storing fifty events. The class is the document's side of it."""

import threading
from typing import Any

import msgspec
from django.db import IntegrityError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.settings import api_settings

from plans import clock
from plans.errors import DomainError
from subscriptions.auth import CHALLENGE, KeyPrincipal, authenticated
from subscriptions.models.keys import Scope
from subscriptions.permissions import HasScope
from usage import api_schema as schema
from usage import services
from usage.api_bodies import EVENT_TYPES, JSON, answer, item, media_type, read_body
from usage.api_limits import Flooding, admit
from usage.api_views import ProviderView, StoreAway, log, only_for_providers
from usage.errors import ItemRefused

# Threads that parse and store at once: more only wait for the interpreter and for PostgreSQL. Who still sends
# its body holds none of them.
AT_WORK = threading.BoundedSemaphore(8)


@csrf_exempt
def events(request: HttpRequest) -> HttpResponse:
    """Store up to 1,000 usage events before the answer; a repeat counts once."""
    headers: dict[str, str] = {}
    try:
        body = _taken(request, headers)
    except (OperationalError, InterfaceError, IntegrityError) as error:
        log.warning("%s %s not taken: %s", request.method, request.path, error)
        response = _refusal(StoreAway())
    except (DomainError, exceptions.APIException) as no:
        response = _refusal(no)
    else:
        response = HttpResponse(msgspec.json.encode(body), content_type=JSON)
    for name, value in headers.items():
        response[name] = value
    return response


def _taken(request: HttpRequest, headers: dict[str, str]) -> dict[str, Any]:
    at = clock.now()
    key = _key(request)
    try:
        headers.update(admit(key.public_id))
    except Flooding as no:
        headers.update(no.headers)
        raise
    batch = media_type(request, EVENT_TYPES)
    body, backfill = read_body(request, EVENT_TYPES), Scope.USAGE_BACKFILL in key.scopes
    with AT_WORK:
        outcome = services.ingest_body(body, batch=batch, at=at, by=key.actor, backfill=backfill)
    if outcome.single and outcome.rejected:
        told = item(outcome.rejected[0])
        raise ItemRefused(code=told["code"], detail=told["detail"], errors=[told])
    return answer(outcome)


def _key(request: HttpRequest) -> KeyPrincipal:
    """Return the provider's key behind a request that may report events."""
    found = authenticated(request.headers.get("Authorization", ""))
    if found is None:
        raise exceptions.NotAuthenticated
    if request.method != "POST":
        raise exceptions.MethodNotAllowed(str(request.method))
    if Scope.USAGE_WRITE not in found.scopes:
        raise exceptions.PermissionDenied(HasScope.message)
    only_for_providers(found)
    return found


def _refusal(no: Exception) -> HttpResponse:
    """Return what the house's handler of exceptions says of it."""
    handle: Any = api_settings.EXCEPTION_HANDLER
    said = handle(no, {})
    text = msgspec.json.encode(said.data)
    kept = {name: value for name, value in said.items() if name.lower() != "content-type"}
    response = HttpResponse(text, said.content_type, said.status_code, headers=kept)
    if said.status_code == 401:
        response["WWW-Authenticate"] = CHALLENGE
    if isinstance(no, exceptions.MethodNotAllowed):
        response["Allow"] = "POST"
    return response


class EventsDoor(ProviderView):
    """How the door looks in the OpenAPI document."""

    scopes = {"POST": Scope.USAGE_WRITE}

    @extend_schema(**schema.EVENTS)
    def post(self, request: Request) -> Response:
        """Report up to 1,000 usage events; stored before the answer, a repeat counts once."""
        raise NotImplementedError


events.cls, events.initkwargs = EventsDoor, {}  # type: ignore[attr-defined]  # what the document reads
