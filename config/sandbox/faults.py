"""Scripted failures: what the next matching call suffers, and what befalls webhooks."""

import json
import re

from config.sandbox import clock
from config.sandbox.errors import ApiError, Json, ParameterError
from config.sandbox.idempotency import in_use
from config.sandbox.state import Tx, dump

# Before anything is looked at: nothing applied, nothing stored.
AT_THE_DOOR = {"429", "409", "reset", "drop_before", "die_before"}
# Execution began and failed: nothing applied, but the answer is stored under the key.
INSTEAD = {"500_before", "429_stored"}
# Applied and stored; then the answer is lost, late or a 500 (the 500 is what is stored).
AFTERWARDS = {"500_after", "drop_after", "hang_after", "die_after"}
KINDS = AT_THE_DOOR | INSTEAD | AFTERWARDS | {"hang_before"}
ALIASES = {"hang": "hang_after", "drop": "drop_after", "die": "die_after", "500": "500_before"}
HANG_SECONDS = 30.0


def script(tx: Tx, rule: Json) -> Json:
    """Store one rule: `kind`, and optionally `method`, `path` (regex), `nth`, `times`, `seconds`.

    `nth` counts matching calls from now on (1 = the next one); `times` is how many in a
    row suffer it.
    """
    kind = ALIASES.get(str(rule.get("kind")), str(rule.get("kind")))
    if kind not in KINDS:
        raise ParameterError(f"Unknown fault {kind!r}; there are {', '.join(sorted(KINDS))}.", param="kind")
    kept: Json = {
        "kind": kind,
        "method": str(rule.get("method", "")).upper(),
        "path": str(rule.get("path", "")),
        "nth": int(rule.get("nth", 1)),
        "seconds": float(rule.get("seconds", HANG_SECONDS)),
    }
    try:
        re.compile(kept["path"])
    except re.error as mistake:
        raise ParameterError(f"Not a regular expression: {mistake}", param="path") from None
    cursor = tx.sql("INSERT INTO faults (rule, left) VALUES (?, ?)", dump(kept), int(rule.get("times", 1)))
    return {"id": cursor.lastrowid, **kept}


def pick(tx: Tx, method: str, path: str) -> Json | None:
    """Return the rule that strikes this call, and count the call for all rules that match it."""
    struck = None
    for row in tx.sql("SELECT * FROM faults WHERE left > 0 ORDER BY id").fetchall():
        rule = json.loads(row["rule"])
        if rule["method"] not in {"", method} or not re.search(rule["path"], path):
            continue
        seen = row["seen"] + 1
        strikes = struck is None and seen >= rule["nth"]
        tx.sql("UPDATE faults SET seen = ?, left = left - ? WHERE id = ?", seen, int(strikes), row["id"])
        if strikes:
            struck = rule
    return struck


def refusal(kind: str) -> ApiError:
    """Return the error that a fault answers with."""
    if kind == "429":
        return ApiError("Request rate limit exceeded.", status=429, code="rate_limit")
    if kind == "409":
        return in_use()
    if kind == "429_stored":
        message = (
            "This object cannot be accessed right now because another API request or Stripe process is "
            "currently accessing it."
        )
        return ApiError(message, status=429, code="lock_timeout")
    return ApiError("An unknown error occurred.", status=500, type="api_error")


def command_webhooks(tx: Tx, word: str, *, times: int, order: list[str]) -> None:
    """Obey `hold`, `release`, `reorder`, `double`, `drop`, `corrupt` or `clear`.

    `double`, `drop` and `corrupt` strike the next `times` deliveries (-1: until cleared).
    `reorder` releases what is held newest first; `order` names the events that go first.
    """
    rules = tx.setting("webhooks") or {}
    if word in {"double", "drop", "corrupt"}:
        rules[word] = times
    elif word == "hold":
        rules["hold"] = True
    elif word in {"release", "reorder"}:
        rules.pop("hold", None)
        _release(tx, order, newest_first=word == "reorder")
    elif word == "clear":
        rules = {}
        _release(tx, order, newest_first=False)
    else:
        raise ParameterError(f"Unknown webhook fault {word!r}.", param="webhooks")
    tx.set_setting("webhooks", rules)


def _release(tx: Tx, order: list[str], *, newest_first: bool) -> None:
    tx.has_news = True
    rows = tx.sql("SELECT id, event FROM deliveries WHERE held = 1 ORDER BY id").fetchall()
    if newest_first:
        rows = rows[::-1]
    rows.sort(key=lambda row: order.index(row["event"]) if row["event"] in order else len(order))
    for place, row in enumerate(rows):
        tx.sql(
            "UPDATE deliveries SET held = 0, due = ?, rank = ? WHERE id = ?",
            clock.real_now(),
            place - len(rows),  # below 0, so before what comes later
            row["id"],
        )
