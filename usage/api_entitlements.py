"""The access check for IM backends: what a customer may use now. Plain views, as each check is one statement.

DRF's request, serializers and permissions would cost several times the statement. The classes below are the
document's side of the same doors.
"""

from collections.abc import Callable
from typing import Any

import msgspec
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from plans import clock
from plans.errors import PROBLEM, DomainError, NotFound, problem_document
from subscriptions.auth import principal_of
from subscriptions.models.keys import Scope
from usage import services
from usage.api_entitlements_schema import EntitlementDoor, EntitlementListDoor
from usage.entitlement import decide, etag_of
from usage.errors_entitlements import (
    AwayJustNow,
    KeyNeeded,
    OnlyRead,
    ScopeMissing,
    UnknownFeature,
    WhoseEntitlements,
)
from usage.selectors_entitlements import Asked, Found, find

MOST = 64  # characters of a code
Door = Callable[..., HttpResponse]


def _door(view: Door, described: type) -> Door:
    """Return the view with its refusals as problem documents, and the class that describes it."""

    def answered(request: HttpRequest, **path: str) -> HttpResponse:
        try:
            return view(request, **path)
        except DomainError as no:
            return problem(no)
        except (OperationalError, InterfaceError):
            return problem(AwayJustNow())

    answered.cls, answered.initkwargs = described, {}  # type: ignore[attr-defined]  # what the API document reads
    return csrf_exempt(answered)


def _one(request: HttpRequest, feature: str) -> HttpResponse:
    found = _found(request, feature)
    if not found.knows_feature:
        raise UnknownFeature(feature=feature[:MOST])
    answer = decide(found.facts[0])
    return _answered(request, answer, etag_of([answer]))


def _all(request: HttpRequest) -> HttpResponse:
    answers = [decide(one) for one in _found(request, None).facts]
    return _answered(request, {"data": answers}, etag_of(answers))


def _found(request: HttpRequest, feature: str | None) -> Found:
    at = clock.now()
    asked = _asked(request, feature, _owner(request, at))
    found = find(asked, at)
    if found is not None and not found.is_fresh:
        services.rebuild_entitlements(found.customer_id, at=at)
        found = find(asked, at)
    if found is None:
        raise NotFound
    return found


def _owner(request: HttpRequest, at: Any) -> int | None:
    """Return the customer of the key, None for a provider's; refuse what is no key or lacks the scope."""
    if request.method not in ("GET", "HEAD"):
        raise OnlyRead
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    key = principal_of(text.strip(), at=at) if scheme.lower() == "bearer" else None
    if key is None:
        raise KeyNeeded
    if Scope.ENTITLEMENTS_READ not in key.scopes:
        raise ScopeMissing
    return key.customer_id


def _asked(request: HttpRequest, feature: str | None, owner: int | None) -> Asked:
    app, customer = request.GET.get("app"), request.GET.get("customer")
    if owner is None and (app is None) == (customer is None):
        raise WhoseEntitlements
    if app is not None and customer is not None:
        raise WhoseEntitlements
    if any(len(code) > MOST for code in (app, customer) if code is not None):
        raise NotFound
    return Asked(app, customer, owner, feature[: MOST + 1] if feature is not None else None)


def _answered(request: HttpRequest, body: dict[str, Any], etag: str) -> HttpResponse:
    sent = [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]
    if etag in sent or "*" in sent:
        response = HttpResponse(status=304)
    else:
        response = HttpResponse(msgspec.json.encode(body), content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def problem(no: DomainError) -> HttpResponse:
    """Return a refusal as RFC 9457 says it."""
    body = problem_document(no.code, str(no), no.http_status)
    response = JsonResponse(body, status=no.http_status, content_type=PROBLEM)
    for name, value in getattr(no, "headers", {}).items():
        response[name] = value
    return response


entitlement = _door(_one, EntitlementDoor)
entitlement_list = _door(_all, EntitlementListDoor)
