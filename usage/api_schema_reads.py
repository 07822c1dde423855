"""How reading usage and meters looks in the OpenAPI document."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from usage.api_schema import INSTANT, PROBLEMS, TEXT, problem


def query(name: str, description: str, **more: Any) -> OpenApiParameter:
    """Return a parameter of the address."""
    return OpenApiParameter(name, str, OpenApiParameter.QUERY, description=description, **more)


PAGING = [
    OpenApiParameter(
        "limit", int, OpenApiParameter.QUERY, description="Rows a page, 1 to 1000.", default=100
    ),
    query("cursor", "next_cursor of the page before."),
]


def page_schema(row: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a page of rows with these properties."""
    return {
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": {"type": "object", "properties": row}},
            "next_cursor": {"type": ["string", "null"]},
            "has_more": {"type": "boolean"},
            **more,
        },
    }


_READ_PROBLEMS: dict[Any, Any] = {
    (400, "application/problem+json"): problem("A parameter is not right."),
    (404, "application/problem+json"): problem("No such app or meter, or not yours."),
    **{key: value for key, value in PROBLEMS.items() if key[0] in (401, 403)},
}
USAGE: dict[str, Any] = {
    "operation_id": "list_usage",
    "summary": "Read usage",
    "description": (
        "Figures by hour, day or month of each customer's billing zone. Distinct users are counted exactly"
        " within each window and never added up. complete_through: what was received before it is in the"
        " figures, and no report that is owed for a day before it is missing. Hours are counted from the raw"
        " events of at most seven days, the last day by default; where some of them are no longer kept, the"
        " answer is 410 and never a smaller figure. Days and months stay."
        " With `Accept: text/csv` the same page is CSV without a byte order mark; the next one is in `Link`."
    ),
    "tags": ["usage"],
    "parameters": [
        query("meter", "Code of a meter."),
        query("app", "Code of an app."),
        query("region", "Only this region; distinct users have none."),
        query("from", "First day (2026-11-01) or an instant; 31 days back by default, a day for hours."),
        query("to", "Day or instant that is no longer included; the present by default."),
        query("window", "Length of a row.", enum=["day", "hour", "month"], default="day"),
        *PAGING,
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            page_schema(
                {
                    "meter": TEXT,
                    "app": TEXT,
                    "region": TEXT,
                    "start": INSTANT,
                    "end": INSTANT,
                    "zone": TEXT,
                    "value": {"type": "string", "description": "Decimal."},
                },
                complete_through=INSTANT,
            ),
            description="A page of usage, in the order of start, app, meter, region.",
        ),
        (200, "text/csv"): OpenApiResponse(
            {"type": "string"}, description="start, end, zone, app, meter, region, value; one line a row."
        ),
        (410, "application/problem+json"): problem("Raw events of some hours asked for are no longer kept."),
        **_READ_PROBLEMS,
    },
}
METERS: dict[str, Any] = {
    "operation_id": "list_meters",
    "summary": "Read meters",
    "description": "What is counted, and the event type and properties that feed it.",
    "tags": ["usage"],
    "parameters": PAGING,
    "responses": {
        (200, "application/json"): OpenApiResponse(
            page_schema(
                {
                    "code": TEXT,
                    "name": {"type": "object", "properties": {"en": TEXT, "zh-Hans": TEXT}},
                    "kind": {"type": "string", "enum": ["count", "sum", "unique", "gauge"]},
                    "source": TEXT,
                    "unit": TEXT,
                    "event_type": TEXT,
                    "value_property": TEXT,
                    "user_property": TEXT,
                    "dimensions": {"type": "array", "items": TEXT},
                }
            ),
            description="A page of meters, by code.",
        ),
        **_READ_PROBLEMS,
    },
}
_AMOUNT = {"type": "string", "description": "Decimal."}
_ATTRIBUTES = {
    "type": "object",
    "additionalProperties": TEXT,
    "description": "What it is told apart by besides time and region: a time band, attributes of events.",
}
_SPANS = {
    "type": "array",
    "items": {"type": "array", "items": INSTANT},
    "description": "The times in which distinct users of a band or day are counted; empty: start to end.",
}
READING: dict[str, Any] = {
    "operation_id": "get_reading",
    "summary": "Read a frozen reading",
    "description": (
        "What one meter said of one app and region over a period when its invoice was made: the value, the"
        " cells it was added up from, and the SHA-256 over value, cells and manifest."
    ),
    "tags": ["usage"],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            {
                "type": "object",
                "properties": {
                    "id": TEXT,
                    "meter": TEXT,
                    "unit": TEXT,
                    "kind": {"type": "string", "enum": ["count", "sum", "unique", "gauge"]},
                    "app": TEXT,
                    "region": TEXT,
                    "start": INSTANT,
                    "end": INSTANT,
                    "revision": {"type": "integer"},
                    "value": _AMOUNT,
                    "hash": TEXT,
                    "manifest": {"type": "object", "description": "Batches counted, and roll-ups copied."},
                    "frozen_at": INSTANT,
                    "cells": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "n": {"type": "integer", "description": "Its place, from 1."},
                                "start": INSTANT,
                                "end": INSTANT,
                                "attributes": _ATTRIBUTES,
                                "spans": _SPANS,
                                "value": _AMOUNT,
                                "rollup": {
                                    "type": ["object", "null"],
                                    "properties": {
                                        "id": {"type": "integer"},
                                        "revision": {"type": "integer"},
                                    },
                                },
                                "raw_kept": {"type": "boolean"},
                            },
                        },
                    },
                },
            },
            description="The reading.",
        ),
        **_READ_PROBLEMS,
    },
}
CELL_EVENTS: dict[str, Any] = {
    "operation_id": "list_cell_events",
    "summary": "Read the raw events of a cell",
    "description": (
        "The events that one cell of a reading counted, while raw events are kept. Identities and users are"
        " digests. raw_kept false: some are gone by retention, and the cell stands by itself."
    ),
    "tags": ["usage"],
    "parameters": [
        OpenApiParameter(
            "start",
            str,
            OpenApiParameter.PATH,
            description="Where the cell begins, an instant; or its place n, where several begin then.",
        ),
        *PAGING,
    ],
    "responses": {
        (200, "application/json"): OpenApiResponse(
            page_schema(
                {
                    "time": INSTANT,
                    "value": _AMOUNT,
                    "digest": TEXT,
                    "user_digest": TEXT,
                    "region": TEXT,
                    "attributes": _ATTRIBUTES,
                    "batch": {"type": "integer"},
                    "received_at": INSTANT,
                },
                raw_kept={"type": "boolean"},
            ),
            description="A page of events.",
        ),
        **_READ_PROBLEMS,
    },
}
