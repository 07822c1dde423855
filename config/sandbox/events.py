"""Events and the queue of their deliveries: a webhook is planned in the transaction it tells of."""

from config.sandbox import clock
from config.sandbox.answers import shaped
from config.sandbox.errors import Json
from config.sandbox.routes import api_version
from config.sandbox.state import Tx, new_id

RETENTION = 30 * clock.DAY
UNDELIVERED = "deliveries.state NOT IN ('done', 'cancelled')"


def emit(tx: Tx, kind: str, thing: Json, *, previous: Json | None = None) -> Json:
    """Store an event about `thing` as it is now, and queue it for every endpoint that wants it."""
    data: Json = {"object": shaped(tx, thing)}
    if previous is not None:
        data["previous_attributes"] = previous
    event = tx.put(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": api_version(),
            "created": tx.now,
            "data": data,
            "livemode": False,
            "pending_webhooks": 0,
            "request": {"id": tx.request_id, "idempotency_key": tx.idempotency_key},
            "type": kind,
        }
    )
    for endpoint in tx.find("webhook_endpoint", status="enabled"):
        if {"*", kind} & set(endpoint["enabled_events"]):
            queue(tx, event["id"], endpoint["id"])
    return event


def queue(tx: Tx, event_id: str, endpoint_id: str) -> None:
    """Plan the delivery, as the webhook faults in force say."""
    rules = tx.setting("webhooks") or {}
    dropped, doubled, corrupt = (_use(tx, rules, name) for name in ("drop", "double", "corrupt"))
    tx.has_news = True
    for _ in range(2 if doubled else 1):
        tx.sql(
            "INSERT INTO deliveries (event, endpoint, state, held, corrupt, due) VALUES (?, ?, ?, ?, ?, ?)",
            event_id,
            endpoint_id,
            "dropped" if dropped else "pending",
            int(bool(rules.get("hold"))),
            int(corrupt),
            clock.real_now(),
        )


def _use(tx: Tx, rules: Json, name: str) -> bool:
    """Take one use of a webhook fault; -1 means until it is cleared."""
    left = rules.get(name, 0)
    if left > 0:
        rules[name] = left - 1
        tx.set_setting("webhooks", rules)
    return bool(left)


def pending(tx: Tx, event_id: str) -> int:
    """Return how many endpoints have not yet taken the event."""
    query = "SELECT count(DISTINCT endpoint) AS n FROM deliveries WHERE event = ? AND " + UNDELIVERED  # noqa: S608
    return int(tx.sql(query, event_id).fetchone()["n"])


def changes(before: Json, after: Json) -> Json:
    """Return `previous_attributes`: the old values of the fields that differ."""
    return {
        name: value for name, value in before.items() if after.get(name) != value and not name.startswith("_")
    }
