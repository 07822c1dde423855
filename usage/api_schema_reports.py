"""How the doors for absolute reports look in the OpenAPI document."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse

from usage.api_schema import BODY_PROBLEMS, INSTANT, PROBLEMS, TEXT, problem
from usage.api_schema_reads import PAGING, page_schema, query

CURSOR_REASON = _("use next_cursor of the page before")
_HASH = {"type": "string", "pattern": "^(sha256:)?[0-9a-fA-F]{64}$"}
_BODY: dict[str, Any] = {
    "value": {
        "type": "string",
        "description": "Decimal below 10^18, at most 12 places; a JSON number will do.",
    },
    "revision": {"type": "integer", "minimum": 1, "default": 1},
    "evidence": {"type": "string", "maxLength": 500, "description": "Where the count can be looked up."},
    "evidence_hash": {**_HASH, "description": "SHA-256 of the evidence."},
}
_REVISION: dict[str, Any] = {
    "revision": {"type": "integer"},
    "value": TEXT,
    "evidence": TEXT,
    "evidence_hash": TEXT,
    "reported_at": INSTANT,
}
_REPORT: dict[str, Any] = {
    "app": TEXT,
    "meter": TEXT,
    "region": TEXT,
    "kind": {"type": "string", "enum": ["day", "period"]},
    "day": TEXT,
    "period": TEXT,
    "start": INSTANT,
    "end": INSTANT,
    "zone": TEXT,
    **_REVISION,
}
_STORED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "status": {"type": "string", "enum": ["accepted", "duplicate", "outdated"]},
        "revision": {"type": "integer"},
        "current_revision": {"type": "integer"},
    },
}
_RULES = (
    " The highest revision counts and replaces the figure; the same revision with the same body is a"
    " duplicate, with another body a conflict (409); a lower one is kept in the history and answered"
    " `outdated`. A meter is fed by events or by one kind of report (its `source`), never by two."
)
_COMMON: dict[Any, Any] = {
    (201, "application/json"): OpenApiResponse(_STORED, description="Stored; it counts now."),
    (200, "application/json"): OpenApiResponse(_STORED, description="Stored before, or not the newest."),
    (409, "application/problem+json"): problem("Another body under this revision, or another span over it."),
    (422, "application/problem+json"): problem("A field is not right, or the meter is fed otherwise."),
    **BODY_PROBLEMS,
    **PROBLEMS,
}
_READ: dict[Any, Any] = {
    (404, "application/problem+json"): problem("Nothing reported there, or not yours."),
    **{key: value for key, value in PROBLEMS.items() if key[0] in (401, 403, 429)},
}


def _path(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.PATH, description=description)


_PLACE = [_path("app", "Code of the app."), _path("meter", "Code of the meter.")]
_DAY = [
    *_PLACE,
    _path("region", "The region; `-` for none."),
    _path("day", "A day of the customer's billing zone, 2026-10-03."),
]
_PERIOD = [
    *_PLACE,
    _path(
        "period",
        "The first day of a billing period of a month (2026-10-10) or longer (2026-10-10P3M, P6M, P1Y), or a"
        " part of the calendar (2026-10, 2026-Q4, 2026-H2, 2026) where it is one.",
    ),
]


def _request(*required: str) -> dict[str, Any]:
    body = {"type": "object", "required": list(required), "properties": _BODY, "additionalProperties": False}
    return {"application/json": body}


def _history() -> dict[str, Any]:
    rows = {"type": "array", "items": {"type": "object", "properties": _REVISION}}
    return {"type": "object", "properties": {**_REPORT, "history": rows}}


PUT_DAY: dict[str, Any] = {
    "operation_id": "report_usage_of_a_day",
    "summary": "Report the usage of a day",
    "description": "The whole figure of one day of the customer's billing zone, in one region." + _RULES,
    "tags": ["usage"],
    "parameters": _DAY,
    "request": _request("value"),
    "responses": _COMMON,
    "examples": [OpenApiExample("a day", value={"value": "48210", "revision": 1}, request_only=True)],
}
PUT_PERIOD: dict[str, Any] = {
    "operation_id": "report_usage_of_a_period",
    "summary": "Report the usage of a period",
    "description": (
        "One figure for one billing period, such as distinct users counted in a warehouse that their ids may"
        " not leave. A period across an edge of the agreement is refused, not shared out." + _RULES
    ),
    "tags": ["usage"],
    "parameters": _PERIOD,
    "request": _request("value", "evidence", "evidence_hash"),
    "responses": _COMMON,
    "examples": [
        OpenApiExample(
            "distinct users",
            value={
                "value": "90311",
                "revision": 2,
                "evidence": "warehouse://mau/2026-10?snapshot=118",
                "evidence_hash": "sha256:" + "5f" * 32,
            },
            request_only=True,
        )
    ],
}
GET_DAY: dict[str, Any] = {
    "operation_id": "read_usage_report_of_a_day",
    "summary": "Read what was reported of a day",
    "description": "The current revision, and under `history` every one.",
    "tags": ["usage"],
    "parameters": _DAY,
    "responses": {(200, "application/json"): OpenApiResponse(_history(), description="The report."), **_READ},
}
GET_PERIOD: dict[str, Any] = {
    **GET_DAY,
    "operation_id": "read_usage_report_of_a_period",
    "summary": "Read what was reported of a period",
    "parameters": _PERIOD,
}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_OUTDATED = {"index": _COUNT, "id": TEXT, "revision": {"type": "integer"}, "current": {"type": "integer"}}
_REJECTED = {"index": _COUNT, "id": TEXT, "code": TEXT, "field": TEXT, "detail": TEXT}
_ITEM: dict[str, Any] = {
    "type": "object",
    "required": ["app", "meter", "value"],
    "properties": {"app": TEXT, "meter": TEXT, "region": TEXT, "day": TEXT, "period": TEXT, **_BODY},
    "additionalProperties": False,
}
_ANSWER: dict[str, Any] = {
    "type": "object",
    "properties": {
        "accepted": _COUNT,
        "duplicates": _COUNT,
        "outdated": {"type": "array", "items": {"type": "object", "properties": _OUTDATED}},
        "rejected": {"type": "array", "items": {"type": "object", "properties": _REJECTED}},
    },
}
POST_MANY: dict[str, Any] = {
    "operation_id": "report_usage_of_many",
    "summary": "Report many days or periods",
    "description": (
        "An array of up to 1,000 reports (1 MiB), each with `day` or `period`. accepted + duplicates +"
        " outdated + rejected = sent; one bad item never takes the others along." + _RULES
    ),
    "tags": ["usage"],
    "request": {"application/json": {"type": "array", "items": _ITEM, "minItems": 1, "maxItems": 1000}},
    "responses": {
        (200, "application/json"): OpenApiResponse(_ANSWER, description="One verdict each."),
        **BODY_PROBLEMS,
        **PROBLEMS,
    },
}


LIST: dict[str, Any] = {
    "operation_id": "list_usage_reports",
    "summary": "Read absolute reports",
    "description": "Every revision, in the order they came in; what was never replaced is its own history.",
    "tags": ["usage"],
    "parameters": [
        query("app", "Code of an app."),
        query("meter", "Code of a meter."),
        query("from", "Only what ends after this day or instant."),
        query("to", "Only what begins before this day or instant."),
        *PAGING,
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            page_schema(_REPORT),
            description="A page of reports.",
        ),
        (400, "application/problem+json"): problem("A parameter is not right."),
        **_READ,
    },
}
