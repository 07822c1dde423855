"""How the door for corrections looks in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse

from usage.api_schema import BODY_PROBLEMS, INSTANT, PROBLEMS, TEXT, problem
from usage.api_schema_reads import PAGING, page_schema, query

_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_REJECTED = {"index": _COUNT, "id": TEXT, "code": TEXT, "field": TEXT, "detail": TEXT}
_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["action", "subject", "reason"],
    "properties": {
        "action": {"type": "string", "enum": ["void", "replace"]},
        "subject": {"type": "string", "description": "Code of the app."},
        "source": {"type": "string", "description": "With id: the event, as it was sent."},
        "id": TEXT,
        "key": {"type": "string", "description": "Instead of source and id: the digest that evidence shows."},
        "reason": {"type": "string", "minLength": 1, "maxLength": 200},
        "event": {"type": "object", "description": "Of a replacement: a whole CloudEvent with a new id."},
    },
    "additionalProperties": False,
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "rejected": {"type": "array", "items": {"type": "object", "properties": _REJECTED}},
    },
}
_ROW: dict[str, Any] = {
    "action": {"type": "string", "enum": ["void", "replace"]},
    "app": TEXT,
    "key": TEXT,
    "source": TEXT,
    "id": TEXT,
    "meters": {"type": "array", "items": TEXT},
    "occurred_at": INSTANT,
    "reason": TEXT,
    "replaced_by": {"type": ["string", "null"], "description": "Key of the event in its place."},
    "corrected_at": INSTANT,
    "counted": {"type": "boolean", "description": "Whether the figures know of it; a matter of seconds."},
}
_NAMED = {"subject": "app_8hK2", "source": "im-cluster-3/gateway-12", "reason": "sent twice by the gateway"}
POST: dict[str, Any] = {
    "operation_id": "correct_usage",
    "summary": "Void or replace usage events",
    "description": (
        "An array of up to 1,000 corrections (1 MiB). A void takes an event out of every figure; a"
        " replacement also stores the event that counts instead, under an id of its own, both or neither."
        " accepted + duplicates + rejected = sent; one bad item never takes the others along. The same"
        " correction again is a duplicate; another one of the same event is refused. Nothing is deleted: an"
        " invoice that was issued stays, and the next one has the difference as a line. Events older than the"
        " window need the scope usage:backfill as well."
    ),
    "tags": ["usage"],
    "request": {"application/json": {"type": "array", "items": _ITEM, "minItems": 1, "maxItems": 1000}},
    "responses": {
        (200, "application/json"): OpenApiResponse(_ANSWER, description="One verdict each."),
        **BODY_PROBLEMS,
        **PROBLEMS,
    },
    "examples": [
        OpenApiExample("a void", value=[{"action": "void", "id": "7f1c", **_NAMED}], request_only=True)
    ],
}


LIST: dict[str, Any] = {
    "operation_id": "list_usage_corrections",
    "summary": "Read corrections of usage",
    "description": "Every void and replacement, in the order they came in.",
    "tags": ["usage"],
    "parameters": [
        query("app", "Code of an app."),
        query("from", "Only of events from this UTC day or instant on."),
        query("to", "Only of events before this UTC day or instant."),
        *PAGING,
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            page_schema(_ROW),
            description="A page of corrections.",
        ),
        (400, "application/problem+json"): problem("A parameter is not right."),
        (404, "application/problem+json"): problem("No such app, or not yours."),
        **{key: value for key, value in PROBLEMS.items() if key[0] in (401, 403, 429)},
    },
}
