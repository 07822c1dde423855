"""The door for excluded windows: the provider says which time is not to be counted, and why."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans import clock
from plans.sla_terms import EXCLUSIONS
from subscriptions.models.keys import Scope
from usage import services
from usage.api_bodies import JSON, media_type, read_body, sentence
from usage.api_limits import KeyBucket
from usage.api_schema import BODY_PROBLEMS, INSTANT, PROBLEMS, TEXT, problem
from usage.api_views import ProviderView, principal
from usage.errors import ItemRefused
from usage.parsing import Refusal
from usage.parsing_exclusions import parse_exclusion
from usage.parsing_values import Refused

STORED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["accepted", "duplicate"]},
        "reference": TEXT,
        "revision": {"type": "integer"},
    },
}
EXAMPLE = {
    "reference": "CHG-2026-118",
    "region": "cn-north",
    "start": "2026-11-20T18:00:00Z",
    "end": "2026-11-20T19:30:00Z",
    "kind": "maintenance",
    "notice_at": "2026-11-17T08:00:00Z",
    "reason": "Database upgrade",
    "evidence": "https://status.example.com/incidents/118",
}
SCHEMA: dict[str, Any] = {
    "operation_id": "state_excluded_window",
    "summary": "State an excluded window",
    "description": (
        "Time that a promise of availability may leave out: of one `app`, of one `customer`, or of everybody;"
        " `region` narrows it. Each promise says which kinds it lets out, and how long before the start"
        " maintenance must have been announced (`notice_at`). The same revision with the same statement is a"
        " duplicate; a correction, or `withdrawn: true`, is the next revision."
    ),
    "tags": ["usage"],
    "request": {
        "application/json": {
            "type": "object",
            "required": ["reference", "start", "end", "kind", "reason"],
            "properties": {
                "reference": TEXT,
                "app": TEXT,
                "customer": TEXT,
                "region": TEXT,
                "start": INSTANT,
                "end": INSTANT,
                "kind": {"type": "string", "enum": list(EXCLUSIONS)},
                "notice_at": INSTANT,
                "peak_share": {"type": "string", "description": "Percent of the trailing peak, of a surge."},
                "reason": TEXT,
                "evidence": TEXT,
                "withdrawn": {"type": "boolean", "default": False},
                "revision": {"type": "integer", "minimum": 1, "default": 1},
            },
            "additionalProperties": False,
        }
    },
    "responses": {
        (201, "application/json"): OpenApiResponse(STORED, description="Stored."),
        (200, "application/json"): OpenApiResponse(STORED, description="Stored before."),
        (409, "application/problem+json"): problem("Another statement under this revision."),
        (422, "application/problem+json"): problem("A field is not right."),
        **BODY_PROBLEMS,
        **PROBLEMS,
    },
    "examples": [OpenApiExample("maintenance in one region", value=EXAMPLE, request_only=True)],
}


class ExclusionsView(ProviderView):
    """State that a span of time is not to be counted; a correction is the next revision."""

    scopes = {"POST": Scope.AVAILABILITY_WRITE}
    throttle_classes = [KeyBucket]

    @extend_schema(**SCHEMA)
    def post(self, request: Request) -> Response:
        """Take one statement; the same one again is a duplicate."""
        at, known = clock.now(), {JSON: False}
        media_type(request._request, known)
        try:
            given = parse_exclusion(read_body(request._request, known))
            row, created = services.state_exclusion(given, at=at, by=principal(request).actor)
        except Refused as no:
            detail = sentence(Refusal(0, "", no.code, no.field, no.limit))
            told = {"field": no.field, "code": no.code, "detail": detail}
            raise ItemRefused(code=no.code, detail=detail, errors=[told]) from None
        status = "accepted" if created else "duplicate"
        body = {"status": status, "reference": row.reference, "revision": row.revision}
        return Response(body, status=201 if created else 200)
