"""Webhook endpoints. The secret is told once, at creation."""

from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json
from config.sandbox.resources.common import merged_metadata, refuse, taken
from config.sandbox.routes import api_version, handles
from config.sandbox.state import Tx, new_id


def _made(tx: Tx, url: str, secret: str, events: list[str]) -> Json:
    return {
        "id": new_id("we"),
        "object": "webhook_endpoint",
        "api_version": None,
        "application": None,
        "created": tx.now,
        "description": None,
        "enabled_events": events,
        "livemode": False,
        "metadata": {},
        "status": "enabled",
        "url": url,
        "_secret": secret,
    }


def ensure(tx: Tx, url: str, secret: str) -> Json:
    """Register the address for all events, or give it this secret where it is known."""
    known = tx.find("webhook_endpoint", url=url)
    endpoint = known[0] if known else _made(tx, url, secret, ["*"])
    return tx.put({**endpoint, "_secret": secret, "status": "enabled"})


def _check_url(url: str | None) -> None:
    if not url or not url.startswith(("http://", "https://")):
        raise ApiError(
            "Invalid URL: An explicit scheme (such as https) must be provided.",
            param="url",
            code="url_invalid",
        )


@handles("webhook_endpoint.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, ["connect"])
    _check_url(given["url"])
    endpoint = _made(tx, given["url"], new_id("whsec", 32), given["enabled_events"])
    endpoint["api_version"] = given.get("api_version") or api_version()
    endpoint["description"] = given.get("description") or None
    endpoint["metadata"] = merged_metadata({}, given)
    return {**shaped(tx, tx.put(endpoint)), "secret": endpoint["_secret"]}


@handles("webhook_endpoint.retrieve")
def retrieve(tx: Tx, given: Json, endpoint_id: str) -> Json:
    return shaped(tx, tx.get("webhook_endpoint", endpoint_id))


@handles("webhook_endpoint.update")
def update(tx: Tx, given: Json, endpoint_id: str) -> Json:
    endpoint = tx.get("webhook_endpoint", endpoint_id)
    _check_url(given.get("url", endpoint["url"]))
    endpoint.update(taken(given, ["url", "enabled_events", "description"]))
    endpoint["metadata"] = merged_metadata(endpoint["metadata"], given)
    if "disabled" in given:
        endpoint["status"] = "disabled" if given["disabled"] else "enabled"
    return shaped(tx, tx.put(endpoint))


@handles("webhook_endpoint.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "webhook_endpoint", given, "/v1/webhook_endpoints")


@handles("webhook_endpoint.delete")
def delete(tx: Tx, given: Json, endpoint_id: str) -> Json:
    tx.get("webhook_endpoint", endpoint_id)
    tx.remove(endpoint_id)
    tx.sql("UPDATE deliveries SET state = 'cancelled' WHERE endpoint = ? AND state = 'pending'", endpoint_id)
    return {"id": endpoint_id, "object": "webhook_endpoint", "deleted": True}
