"""How the usage doors look in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

EVENT_EXAMPLE = {
    "specversion": "1.0",
    "id": "7f1c0a52-8f0e-4a55-9a7e-0d3a4b1f6f10",
    "source": "im-cluster-3/gateway-12",
    "type": "message.sent",
    "subject": "app_8hk2m4v6x8z0b2d4",
    "time": "2026-11-20T03:14:15.926Z",
    "data": {"value": "1", "user": "u_83411", "region": "cn-north"},
}
REFUSED_EXAMPLE = {
    "index": 1,
    "id": "7f1c0a52-8f0e-4a55-9a7e-0d3a4b1f6f11",
    "code": "offset_required",
    "field": "time",
    "detail": "time needs an offset (Z or +08:00); it is not guessed.",
}
PROBLEM_EXAMPLE = {
    "type": "/api/docs/#problem-offset_required",
    "title": "offset required",
    "status": 422,
    "detail": "time needs an offset (Z or +08:00); it is not guessed.",
    "code": "offset_required",
    "errors": [{**REFUSED_EXAMPLE, "index": 0}],
}

TEXT: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
INSTANT: dict[str, Any] = {"type": "string", "format": "date-time"}

EVENT_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "subject", "time"],
    "properties": {
        "specversion": {"type": "string", "enum": ["1.0"]},
        "id": {"type": "string", "minLength": 1, "maxLength": 200},
        "source": {"type": "string", "minLength": 1, "maxLength": 200},
        "type": {"type": "string", "description": "Event type of a meter.", "maxLength": 64},
        "subject": {"type": "string", "description": "Public code of the app.", "maxLength": 64},
        "time": {**INSTANT, "description": "When it happened, with an offset."},
        "data": {
            "type": "object",
            "description": "Only what the meters of this type declare. Numbers may be sent as text.",
            "properties": {
                "value": {"type": "string", "description": "Decimal below 10^18, at most 12 places."},
                "user": TEXT,
                "region": TEXT,
            },
            "additionalProperties": {"type": "string"},
        },
    },
}
BATCH_SCHEMA: dict[str, Any] = {"type": "array", "items": EVENT_SCHEMA, "minItems": 1, "maxItems": 1000}
ANSWER_SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["accepted", "duplicates", "rejected"],
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "rejected": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"index": _COUNT, "id": TEXT, "code": TEXT, "field": TEXT, "detail": TEXT},
            },
        },
    },
}
PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": TEXT,
        "title": TEXT,
        "status": {"type": "integer"},
        "detail": TEXT,
        "code": TEXT,
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def problem(description: str, *examples: OpenApiExample) -> OpenApiResponse:
    """Describe one refusal."""
    return OpenApiResponse(PROBLEM_SCHEMA, description=description, examples=list(examples))


PROBLEMS: dict[Any, Any] = {
    (401, "application/problem+json"): problem("The key is missing, unknown, expired or revoked."),
    (403, "application/problem+json"): problem("The key lacks the scope."),
    (429, "application/problem+json"): problem("Too many requests of this key; see Retry-After."),
    (503, "application/problem+json"): problem("Nothing was acknowledged; send it again."),
}
BODY_PROBLEMS: dict[Any, Any] = {
    (400, "application/problem+json"): problem("The body is not readable JSON; nothing was stored."),
    (413, "application/problem+json"): problem("More than 1,000 events or 1 MiB."),
    (415, "application/problem+json"): problem("Another media type or content coding."),
}

EVENTS: dict[str, Any] = {
    "operation_id": "report_usage_events",
    "summary": "Report usage events",
    "description": (
        "CloudEvents 1.0 in JSON, one or up to 1,000 (1 MiB, gzip welcome). The answer comes after the"
        " events are on disk. Send a batch again whenever the answer was lost: an event counts once per"
        " (app, source, id), for as long as the raw events of its day are kept (100 days and more; afterwards"
        " the whole day is refused). The same id with another body is refused as `conflict`."
        " accepted + duplicates + rejected = sent."
    ),
    "tags": ["usage"],
    "request": {
        "application/cloudevents+json": EVENT_SCHEMA,
        "application/cloudevents-batch+json": BATCH_SCHEMA,
        "application/json": {"oneOf": [EVENT_SCHEMA, BATCH_SCHEMA]},
    },
    "responses": {
        (200, "application/json"): OpenApiResponse(
            ANSWER_SCHEMA,
            description="Every event has its verdict.",
            examples=[
                OpenApiExample(
                    "answer", value={"accepted": 998, "duplicates": 1, "rejected": [REFUSED_EXAMPLE]}
                )
            ],
        ),
        (422, "application/problem+json"): problem(
            "The only event sent was refused.", OpenApiExample("refused", value=PROBLEM_EXAMPLE)
        ),
        **BODY_PROBLEMS,
        **PROBLEMS,
    },
    "examples": [
        OpenApiExample(
            "one event",
            value=EVENT_EXAMPLE,
            request_only=True,
            media_type="application/cloudevents+json",
        ),
        OpenApiExample(
            "a batch",
            value=[EVENT_EXAMPLE],
            request_only=True,
            media_type="application/cloudevents-batch+json",
        ),
    ],
}

AVAILABILITY_EXAMPLE = {
    "app": "app_8hk2m4v6x8z0b2d4",
    "region": "cn-north",
    "start": "2026-11-19T16:00:00Z",
    "end": "2026-11-20T16:00:00Z",
    "unit": "minutes",
    "good": "1422",
    "total": "1440",
    "failed": [{"start": "2026-11-20T02:10:00Z", "end": "2026-11-20T02:28:00Z"}],
    "revision": 1,
}
_SPAN: dict[str, Any] = {
    "type": "object",
    "required": ["start", "end"],
    "properties": {"start": INSTANT, "end": INSTANT},
}
_STORED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["accepted", "duplicate"]},
        "revision": {"type": "integer"},
    },
}
AVAILABILITY: dict[str, Any] = {
    "operation_id": "report_availability",
    "summary": "Report availability",
    "description": (
        "One window of one app and region. Windows may touch, never overlap. The same revision with the"
        " same figures is a duplicate; a correction is sent as the next revision."
    ),
    "tags": ["usage"],
    "request": {
        "application/json": {
            "type": "object",
            "required": ["app", "start", "end", "unit", "good", "total"],
            "properties": {
                "app": TEXT,
                "region": TEXT,
                "start": INSTANT,
                "end": INSTANT,
                "unit": {"type": "string", "enum": ["minutes", "user_minutes", "requests"]},
                "good": {"type": "string", "description": "Decimal, at most total."},
                "total": {"type": "string", "description": "Decimal above 0."},
                "failed": {"type": "array", "items": _SPAN},
                "revision": {"type": "integer", "minimum": 1, "default": 1},
            },
            "additionalProperties": False,
        }
    },
    "responses": {
        (201, "application/json"): OpenApiResponse(_STORED, description="Stored."),
        (200, "application/json"): OpenApiResponse(_STORED, description="Stored before."),
        (409, "application/problem+json"): problem("Other figures under this revision, or an overlap."),
        (422, "application/problem+json"): problem("A field is not right."),
        **BODY_PROBLEMS,
        **PROBLEMS,
    },
    "examples": [OpenApiExample("a day with 18 bad minutes", value=AVAILABILITY_EXAMPLE, request_only=True)],
}
