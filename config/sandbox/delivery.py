"""Carry queued webhooks to their endpoints: signed, retried, one thread per endpoint."""

import hashlib
import hmac
import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from config.sandbox import clock
from config.sandbox.answers import shaped
from config.sandbox.errors import Json
from config.sandbox.state import Store, Tx, dump

TIMEOUT = 20.0
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 60.0
GIVE_UP = 3 * clock.DAY  # virtual age of the event
LOOK_AGAIN = 0.25  # seconds; retries fall due without anybody ringing


def signature(secret: str, payload: bytes, at: int) -> str:
    """Return the Stripe-Signature header: HMAC-SHA256 over the time and the raw body."""
    digest = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Deliverer:
    """Keeps a thread for each endpoint, so that a slow one holds up nobody else."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.stopping = False
        self.changed = threading.Condition()
        self.news = 0
        self.threads: dict[str, threading.Thread] = {}
        store.after_commit.append(self.wake)

    def wake(self) -> None:
        """Look at the queue now."""
        with self.changed:
            self.news += 1
            self.changed.notify_all()

    def stop(self) -> None:
        """End the threads after the delivery under way."""
        self.stopping = True
        self.wake()

    def run(self) -> None:
        """Start a thread for each endpoint that has something waiting; runs in its own."""
        while not self.stopping:
            seen = self.news
            for endpoint in self._waiting():
                if endpoint not in self.threads:
                    thread = threading.Thread(target=self._serve, args=(endpoint,), daemon=True)
                    self.threads[endpoint] = thread
                    thread.start()
            self._pause(seen)

    def _pause(self, seen: int) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self.news != seen, LOOK_AGAIN)

    def _waiting(self) -> list[str]:
        with self.store.lock:
            rows = self.store.connection.execute(
                "SELECT DISTINCT endpoint FROM deliveries WHERE state = 'pending' AND held = 0"
            ).fetchall()
        return [row["endpoint"] for row in rows]

    def _serve(self, endpoint_id: str) -> None:
        while not self.stopping:
            seen = self.news
            job = self._next(endpoint_id)
            if job is None:
                self._pause(seen)
                continue
            status, error = send(job)
            with self.store.transaction() as tx:
                settle(tx, job, status, error)

    def _next(self, endpoint_id: str) -> Json | None:
        """Return the first due delivery with its payload, or None."""
        with self.store.transaction() as tx:
            row = tx.sql(
                "SELECT * FROM deliveries WHERE endpoint = ? AND state = 'pending' AND held = 0 AND due <= ? "
                "ORDER BY rank, id LIMIT 1",
                endpoint_id,
                clock.real_now(),
            ).fetchone()
            return None if row is None else prepare(tx, dict(row))


def prepare(tx: Tx, delivery: Json) -> Json | None:
    """Return a delivery with address, secret and raw body; cancel it if its endpoint is gone."""
    event, endpoint = tx.peek(delivery["event"]), tx.peek(delivery["endpoint"])
    if event is None or endpoint is None or endpoint.get("status") != "enabled":
        tx.sql("UPDATE deliveries SET state = 'cancelled' WHERE id = ?", delivery["id"])
        return None
    secret = "whsec_of_somebody_else" if delivery["corrupt"] else endpoint["_secret"]
    body = dump(shaped(tx, event)).encode()
    return {**delivery, "url": endpoint["url"], "secret": secret, "body": body, "created": event["created"]}


def settle(tx: Tx, job: Json, status: int | None, error: str | None) -> None:
    """Note how a delivery went; go on trying until the event is three virtual days old."""
    taken = status is not None and 200 <= status < 300
    too_old = tx.now - job["created"] > GIVE_UP
    state = "done" if taken else "failed" if too_old else "pending"
    pause = min(FIRST_PAUSE * 2 ** min(job["attempts"], 10), LONGEST_PAUSE)
    tx.sql(
        "UPDATE deliveries SET attempts = attempts + 1, state = ?, due = ?, status = ?, error = ? "
        "WHERE id = ?",
        state,
        clock.real_now() + pause,
        status,
        error,
        job["id"],
    )


def send(job: Json) -> tuple[int | None, str | None]:
    """POST one delivery; return the status, or the reason why there was none."""
    parts = urlsplit(job["url"])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Connection": "close",
        "User-Agent": "Stripe/1.0 (Ratecard sandbox)",
        "Stripe-Signature": signature(job["secret"], job["body"], int(clock.real_now())),
    }
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.netloc, timeout=TIMEOUT)
    try:
        connection.request("POST", target, body=job["body"], headers=headers)
        return connection.getresponse().status, None
    except (OSError, HTTPException) as failure:
        return None, f"{type(failure).__name__}: {failure}"
    finally:
        connection.close()
