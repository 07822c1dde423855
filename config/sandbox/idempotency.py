"""Idempotency keys as Stripe keeps them.

The first answer after execution began is stored under its key, 500s included, and
replayed for 24 virtual hours. A malformed request is not stored, nor is a refusal of the
global limiter. Another request under the same key is an error, and one that is still
under way a conflict.
"""

import json
import threading
from dataclasses import dataclass

from config.sandbox import clock
from config.sandbox.errors import ApiError, Json, ParameterError
from config.sandbox.state import Tx, dump

LONGEST = 255
KEPT = clock.DAY


@dataclass(frozen=True, slots=True)
class Answer:
    """What went, or goes again, over the wire."""

    status: int
    body: Json
    request_id: str
    replayed: bool = False


class InFlight:
    """The keys of requests under way. A killed process has none, so memory is right for it."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    def begin(self, key: str | None) -> None:
        """Take the key, or refuse because another request holds it."""
        if key is None:
            return
        with self._lock:
            if key in self._keys:
                raise in_use()
            self._keys.add(key)

    def end(self, key: str | None) -> None:
        """Give the key back."""
        with self._lock:
            self._keys.discard(key or "")


def in_use() -> ApiError:
    """Return the 409 of two requests at once under one key."""
    return ApiError(
        "There is currently another in-progress request using this Idempotent Key (that probably means you "
        "submitted twice, and the other request is still going through). Please try again later.",
        status=409,
        type="idempotency_error",
        code="idempotency_key_in_use",
    )


def check_key(key: str | None) -> None:
    """Refuse a key that is too long."""
    if key is not None and len(key) > LONGEST:
        raise ParameterError(
            f"Idempotency keys can have up to {LONGEST} characters.", type="idempotency_error"
        )


def stored(tx: Tx, key: str | None, request: str) -> Answer | None:
    """Return the stored answer of `key`; refuse another request under it."""
    forget_old(tx)
    if key is None:
        return None
    row = tx.sql("SELECT * FROM answers WHERE key = ?", key).fetchone()
    if row is None:
        return None
    if row["request"] != request:
        raise ApiError(
            "Keys for idempotent requests can only be used with the same parameters they were first used "
            f"with. Try using a key other than '{key}' if you meant to execute a different request.",
            type="idempotency_error",
        )
    return Answer(row["status"], json.loads(row["body"]), row["request_id"], replayed=True)


def store(tx: Tx, key: str | None, request: str, answer: Answer) -> None:
    """Keep the answer, in the transaction that did the work where there is one."""
    if key is not None:
        tx.sql(
            "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
            key,
            request,
            answer.status,
            dump(answer.body),
            answer.request_id,
            tx.now,
        )


def fingerprint(method: str, path: str, params: Json) -> str:
    """Return what must be equal for a replay."""
    return f"{method} {path} {json.dumps(params, sort_keys=True)}"


def forget_old(tx: Tx) -> None:
    """Forget keys older than a virtual day."""
    tx.sql("DELETE FROM answers WHERE created <= ?", tx.now - KEPT)
