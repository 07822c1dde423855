"""`/_sandbox/…`: virtual time, fault scripts, the request log, the state. Stripe has none of this."""

import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from config.sandbox import clock, faults, jobs, routes
from config.sandbox.api import Request
from config.sandbox.errors import Json, ParameterError, missing
from config.sandbox.events import changes, emit
from config.sandbox.state import Store, Tx

if TYPE_CHECKING:
    from config.sandbox.server import Sandbox

DRAIN_SECONDS = 10.0
NO_EVENT = {"line_item", "event", "webhook_endpoint"}


def answer(sandbox: "Sandbox", request: Request) -> Json:
    """Obey one control call."""
    word, _, rest = request.path.removeprefix("/_sandbox/").partition("/")
    given = json.loads(request.body or b"{}")
    if not isinstance(given, dict):
        raise ParameterError("The body must be a JSON object.")
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    name = f"{request.method} {word}"
    if name == "POST drain":
        return drain(sandbox.store, float(given.get("timeout", DRAIN_SECONDS)))
    if name == "POST reset":
        sandbox.api.release_hanging()
        sandbox.store.reset()
        return {"ok": True}
    if name == "POST faults" and given.get("clear"):
        sandbox.api.release_hanging()
    with sandbox.store.transaction() as tx:
        return _within(tx, name, rest, {**query, **given})


def _within(tx: Tx, name: str, rest: str, given: Json) -> Json:
    calls: dict[str, Callable[[], Json]] = {
        "GET health": lambda: {"ok": True, "now": tx.now, "api_version": routes.api_version()},
        "GET clock": lambda: {"now": tx.now},
        "POST clock": lambda: set_clock(tx, given),
        "GET requests": lambda: requests(tx, given),
        "GET state": lambda: state(tx, given.get("object")),
        "GET faults": lambda: {"faults": _rows(tx, "faults"), "webhooks": tx.setting("webhooks") or {}},
        "POST faults": lambda: set_faults(tx, given),
        "POST objects": lambda: edit(tx, rest, given),
        "DELETE objects": lambda: delete(tx, rest),
    }
    if name not in calls:
        raise ParameterError(f"No such control call: {name}. There are {', '.join(calls)}.", status=404)
    return calls[name]()


def set_clock(tx: Tx, given: Json) -> Json:
    """Set virtual time to `now` (null: the real one), or `advance` it; `frozen` stops it there.

    What falls due by then happens before this returns.
    """
    if "advance" in given:
        given = {**given, "now": tx.now + int(given["advance"])}
    instant = given["now"]
    frozen = bool(given.get("frozen"))
    tx.set_setting("clock", None if instant is None else clock.set_to(int(instant), frozen=frozen))
    tx.now = clock.now(tx.setting("clock"))
    jobs.tick(tx)
    return {"now": tx.now}


def requests(tx: Tx, given: Json) -> Json:
    """Return the log of API requests, oldest first, those after `since`."""
    rows = tx.sql("SELECT * FROM requests WHERE seq > ? ORDER BY seq", int(given.get("since", 0))).fetchall()
    entries = []
    for row in rows:
        entry = {**dict(row), "headers": json.loads(row["headers"]), "params": json.loads(row["params"])}
        entry["replayed"] = bool(row["replayed"])
        if given.get("method") in {None, row["method"]} and given.get("path") in {None, row["path"]}:
            entries.append(entry)
    return {"requests": entries}


def state(tx: Tx, kind: str | None) -> Json:
    """Return everything the sandbox holds, or the objects of one kind."""
    kinds = [
        row["object"] for row in tx.sql("SELECT DISTINCT object FROM objects ORDER BY object").fetchall()
    ]
    objects = {name: tx.find(name) for name in kinds if kind in {None, name}}
    return {
        "now": tx.now,
        "counts": {name: tx.count(name) for name in kinds},
        "objects": objects,
        "deliveries": _rows(tx, "deliveries"),
        "faults": _rows(tx, "faults"),
        "webhooks": tx.setting("webhooks") or {},
    }


def _rows(tx: Tx, table: str) -> list[Json]:
    return [dict(row) for row in tx.sql(f"SELECT * FROM {table} ORDER BY id").fetchall()]  # noqa: S608 our own names


def set_faults(tx: Tx, given: Json) -> Json:
    """Script one API fault (`kind` …), command the webhooks (`webhooks` …), or `clear` all."""
    if given.get("clear"):
        tx.sql("DELETE FROM faults")
        faults.command_webhooks(tx, "clear", times=0, order=[])
        return {"ok": True}
    if "webhooks" in given:
        faults.command_webhooks(
            tx, given["webhooks"], times=int(given.get("times", 1)), order=given.get("order", [])
        )
        return {"ok": True, "webhooks": tx.setting("webhooks") or {}}
    return faults.script(tx, given)


def edit(tx: Tx, object_id: str, given: Json) -> Json:
    """Change an object's fields behind the API's back, as somebody does in the dashboard."""
    thing = tx.peek(object_id)
    if thing is None:
        raise missing("object", object_id)
    after = tx.put({**thing, **given.get("set", {})})
    if thing["object"] not in NO_EVENT:
        emit(tx, f"{thing['object']}.updated", after, previous=changes(thing, after))
    return after


def delete(tx: Tx, object_id: str) -> Json:
    """Delete an object in the dashboard; a customer leaves its tombstone, as with Stripe."""
    thing = tx.peek(object_id)
    if thing is None:
        raise missing("object", object_id)
    if thing["object"] == "customer":
        tx.put({"id": object_id, "object": "customer", "deleted": True})
    else:
        tx.remove(object_id)
    if thing["object"] not in NO_EVENT:
        emit(tx, f"{thing['object']}.deleted", thing)
    return {"id": object_id, "deleted": True}


def drain(store: Store, timeout: float) -> Json:
    """Wait until no webhook delivery is pending; return how many still are."""
    end = time.monotonic() + timeout
    while True:
        with store.lock:
            row = store.connection.execute(
                "SELECT count(*) AS n FROM deliveries WHERE state = 'pending'"
            ).fetchone()
        if row["n"] == 0 or time.monotonic() >= end:
            return {"pending": row["n"]}
        time.sleep(0.02)
