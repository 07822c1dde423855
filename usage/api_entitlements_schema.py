"""How the access check looks in the OpenAPI document. The doors themselves are plain views."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from usage.api_schema import INSTANT, PROBLEMS, TEXT, problem

REASONS = [
    "granted", "within_limit", "over_limit", "in_grace", "unlimited", "limit_reached", "limit_zero",
    "switched_off", "not_granted", "no_subscription", "not_started", "ended", "suspended", "app_archived",
]  # fmt: skip


def _maybe(description: str) -> dict[str, Any]:
    return {"type": ["string", "null"], "description": description}


_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "feature": TEXT,
        "app": _maybe("The app; null for all apps of the customer."),
        "has_access": {"type": "boolean"},
        "reason": {"type": "string", "enum": REASONS},
        "kind": {"type": "string", "enum": ["switch", "number", "text", "allowance"]},
        "value": _maybe(
            "true, false, a number, unlimited or the text chosen; null where nothing is granted."
        ),
        "unit": _maybe("What the number counts."),
        "limit": _maybe("Decimal; null where there is none."),
        "used": _maybe("Decimal; of an allowance what was used in the period."),
        "remaining": _maybe("Decimal, never negative."),
        "overage": _maybe("Decimal: used beyond the limit."),
        "at_limit": {"type": ["string", "null"], "enum": ["notify", "stop", None]},
        "stops_at": _maybe("Decimal: the usage from which on there is no access; null where nothing stops."),
        "resets_at": {"type": ["string", "null"], "format": "date-time"},
        "as_of": {**INSTANT, "description": "Everything received before it is counted."},
    },
}
_WHOSE = [
    OpenApiParameter("app", str, OpenApiParameter.QUERY, description="Code of an app."),
    OpenApiParameter(
        "customer", str, OpenApiParameter.QUERY,
        description="ID of a customer: its agreement for all apps. A customer's own key needs neither.",
    ),
    OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="ETag of the last answer."),
]  # fmt: skip
_REFUSALS: dict[Any, Any] = {
    304: OpenApiResponse(description="Nothing has changed since the tag was given."),
    (400, "application/problem+json"): problem("Neither app nor customer, or both."),
    (404, "application/problem+json"): problem("No such app, customer or feature, or not yours."),
    **{key: value for key, value in PROBLEMS.items() if key[0] in (401, 403)},
}


class EntitlementDoor(APIView):
    """May this feature be used now?"""

    @extend_schema(
        operation_id="get_entitlement",
        summary="Check one feature",
        description=(
            "One cheap read before an action that a plan may limit. Where usage stops at the limit (at_limit:"
            " stop) everything stored is counted, folded or not; elsewhere what is folded. The ETag covers"
            " all but as_of. Scope entitlements:read."
        ),
        tags=["entitlements"],
        parameters=_WHOSE,
        responses={
            (200, "application/json"): OpenApiResponse(_ANSWER, description="The answer."),
            **_REFUSALS,
        },
    )
    def get(self, request: Request, feature: str) -> Response:
        """Described only."""
        raise NotImplementedError


class EntitlementListDoor(APIView):
    """What may be used now."""

    @extend_schema(
        operation_id="list_entitlements",
        summary="Read all entitlements",
        description=(
            "Of an app: its own agreement and the one for all apps, of each feature what grants most. Of a"
            " customer: every agreement, rows of one app named. Features that nothing grants are left out."
        ),
        tags=["entitlements"],
        parameters=_WHOSE,
        responses={
            (200, "application/json"): OpenApiResponse(
                {"type": "object", "properties": {"data": {"type": "array", "items": _ANSWER}}},
                description="All of them, by feature.",
            ),
            **_REFUSALS,
        },
    )
    def get(self, request: Request) -> Response:
        """Described only."""
        raise NotImplementedError
