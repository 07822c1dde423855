"""Events, readable for 30 days."""

from config.sandbox.answers import SHAPES, page, shaped
from config.sandbox.errors import ApiError, Json
from config.sandbox.events import RETENTION, UNDELIVERED, pending
from config.sandbox.routes import handles
from config.sandbox.state import Tx

OF_KIND = "json_extract(body, '$.type') GLOB ?"
LACKING = f"EXISTS (SELECT 1 FROM deliveries WHERE deliveries.event = objects.id AND {UNDELIVERED})"  # noqa: S608


def _shape(tx: Tx, event: Json) -> Json:
    return {**event, "pending_webhooks": pending(tx, event["id"])}


SHAPES["event"] = _shape


@handles("event.retrieve")
def retrieve(tx: Tx, given: Json, event_id: str) -> Json:
    event = tx.get("event", event_id)
    if event["created"] < tx.now - RETENTION:
        raise ApiError(f"No such event: '{event_id}'", status=404, code="resource_missing", param="id")
    return shaped(tx, event)


@handles("event.list")
def list_(tx: Tx, given: Json) -> Json:
    """Return events, newest first; `delivery_success=false` are those that somebody still lacks."""
    delivered = given.pop("delivery_success", None)
    kinds = _kinds(given)
    clause = " AND json_extract(body, '$.created') >= ?"
    if delivered is not None:
        clause += f" AND {'NOT ' if delivered else ''}{LACKING}"
    if kinds:
        clause += f" AND ({' OR '.join([OF_KIND] * len(kinds))})"
    return page(tx, "event", given, "/v1/events", extra=(clause, [tx.now - RETENTION, *kinds]))


def _kinds(given: Json) -> list[str]:
    """Take `type` and `types` out of the parameters; `*` is a wildcard."""
    if "type" in given and "types" in given:
        raise ApiError(
            "You may only specify one of these parameters: type, types.", code="parameters_exclusive"
        )
    kinds: list[str] = given.pop("types", None) or []
    if "type" in given:
        kinds = [given.pop("type")]
    return kinds
