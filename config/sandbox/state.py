"""What the sandbox knows, in one SQLite file that survives `kill -9`.

One connection behind one lock: a request is one transaction, and requests follow each
other. That is slower than Stripe and exactly as serial as a test wants it.
"""

import json
import os
import sqlite3
import string
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.sandbox import clock
from config.sandbox.errors import Json, missing

LETTERS = string.ascii_letters + string.digits
SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, object TEXT NOT NULL,
    customer TEXT, invoice TEXT, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (object, seq);
CREATE INDEX IF NOT EXISTS objects_by_customer ON objects (customer, object, seq);
CREATE INDEX IF NOT EXISTS objects_by_invoice ON objects (invoice, object, seq);
CREATE INDEX IF NOT EXISTS invoices_by_number ON objects (json_extract(body, '$.number'))
    WHERE object = 'invoice';
CREATE INDEX IF NOT EXISTS payments_by_intent ON objects (json_extract(body, '$.payment.payment_intent'))
    WHERE object = 'invoice_payment';
CREATE INDEX IF NOT EXISTS sessions_by_intent ON objects (json_extract(body, '$.setup_intent'))
    WHERE object = 'checkout.session';
CREATE INDEX IF NOT EXISTS objects_due ON objects (json_extract(body, '$._due'))
    WHERE json_extract(body, '$._due') IS NOT NULL;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL,
    request_id TEXT NOT NULL, created INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS answers_by_age ON answers (created);
CREATE TABLE IF NOT EXISTS deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, endpoint TEXT NOT NULL,
    state TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 0, corrupt INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, due REAL NOT NULL, rank INTEGER NOT NULL DEFAULT 0,
    status INTEGER, error TEXT);
CREATE INDEX IF NOT EXISTS deliveries_pending ON deliveries (endpoint, due) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS deliveries_by_event ON deliveries (event);
CREATE TABLE IF NOT EXISTS faults (
    id INTEGER PRIMARY KEY AUTOINCREMENT, rule TEXT NOT NULL, seen INTEGER NOT NULL DEFAULT 0,
    left INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, virtual INTEGER NOT NULL,
    request_id TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL, headers TEXT NOT NULL,
    params TEXT NOT NULL, idempotency_key TEXT, status INTEGER, fault TEXT,
    replayed INTEGER NOT NULL DEFAULT 0);
"""
TABLES = ["objects", "settings", "answers", "deliveries", "faults", "requests"]


def new_id(prefix: str, length: int = 24) -> str:
    """Return an id in Stripe's manner: `in_` and random letters and digits."""
    return f"{prefix}_{''.join(LETTERS[byte % len(LETTERS)] for byte in os.urandom(length))}"


def dump(value: object) -> str:
    """Return `value` as compact JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class Store:
    """The file, its lock, and those who want to hear that something was committed."""

    def __init__(self, path: Path, base_url: str) -> None:
        self.base_url = base_url
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.connection.row_factory = sqlite3.Row
        # A killed process loses nothing that reached the operating system; a power cut may.
        self.connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; {SCHEMA}")
        self.after_commit: list[Callable[[], None]] = []

    @contextmanager
    def transaction(self, request_id: str | None = None, key: str | None = None) -> Iterator["Tx"]:
        """Hold the lock for one transaction; an exception undoes all of it."""
        with self.lock:
            self.connection.execute("BEGIN IMMEDIATE")
            tx = Tx(self.connection, self.base_url, request_id, key)
            try:
                yield tx
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")
        if tx.has_news:
            for wake in self.after_commit:
                wake()

    def reset(self) -> None:
        """Forget everything but the webhook endpoints, so that a running product goes on hearing."""
        with self.transaction() as tx:
            for table in TABLES:
                kept = " WHERE object != 'webhook_endpoint'" if table == "objects" else ""
                tx.sql(f"DELETE FROM {table}{kept}")  # noqa: S608 names of our own


class Tx:
    """One transaction: objects by id, settings, and the virtual instant it happens at."""

    def __init__(
        self, connection: sqlite3.Connection, base_url: str, request_id: str | None, key: str | None
    ) -> None:
        self._connection = connection
        self.base_url = base_url
        self.request_id = request_id
        self.idempotency_key = key
        self.has_news = False  # set where a webhook was queued or let go
        self.now = clock.now(self.setting("clock"))

    def sql(self, statement: str, *values: object) -> sqlite3.Cursor:
        """Run one statement."""
        return self._connection.execute(statement, values)

    def setting(self, name: str) -> Json | None:
        """Return a stored setting, or None."""
        row = self.sql("SELECT value FROM settings WHERE name = ?", name).fetchone()
        return json.loads(row["value"]) if row else None

    def set_setting(self, name: str, value: Json | None) -> None:
        """Store a setting; None forgets it."""
        if value is None:
            self.sql("DELETE FROM settings WHERE name = ?", name)
        else:
            self.sql("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, dump(value))

    def put(self, thing: Json) -> Json:
        """Insert or replace an object by its id. Fields that start with `_` are never answered."""
        self.sql(
            "INSERT INTO objects (id, object, customer, invoice, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET customer = excluded.customer, invoice = excluded.invoice, "
            "body = excluded.body",
            thing["id"],
            thing["object"],
            thing.get("customer"),
            thing.get("invoice"),
            dump(thing),
        )
        return thing

    def remove(self, object_id: str) -> None:
        """Delete an object's row."""
        self.sql("DELETE FROM objects WHERE id = ?", object_id)

    def peek(self, object_id: str) -> Json | None:
        """Return any object by id, or None."""
        row = self.sql("SELECT body FROM objects WHERE id = ?", object_id).fetchone()
        return json.loads(row["body"]) if row else None

    def get(self, kind: str, object_id: str, *, param: str = "id", status: int = 404) -> Json:
        """Return the object, or raise Stripe's 'No such …'."""
        found = self.peek(object_id)
        if found is None or found["object"] != kind:
            raise missing(
                kind.replace("checkout.session", "checkout session"), object_id, param=param, status=status
            )
        return found

    def reference(self, kind: str, object_id: str, param: str) -> Json:
        """Return an object that a parameter names; a missing or deleted one is a 400."""
        found = self.get(kind, object_id, param=param, status=400)
        if found.get("deleted"):
            raise missing(kind, object_id, param=param, status=400)
        return found

    def find(self, kind: str, /, **where: object) -> list[Json]:
        """Return the objects of one kind, oldest first, that carry all these values."""
        clause, values = conditions(where)
        rows = self.sql(f"SELECT body FROM objects WHERE object = ?{clause} ORDER BY seq", kind, *values)  # noqa: S608
        return [json.loads(row["body"]) for row in rows]

    def due(self, kind: str) -> list[Json]:
        """Return the objects of one kind whose `_due` has come, soonest first."""
        rows = self.sql(
            "SELECT body FROM objects WHERE json_extract(body, '$._due') <= ? AND object = ? "
            "AND json_extract(body, '$._due') IS NOT NULL ORDER BY json_extract(body, '$._due'), seq",
            self.now,
            kind,
        )
        return [json.loads(row["body"]) for row in rows]

    def count(self, kind: str, /, **where: object) -> int:
        """Return how many objects of one kind carry all these values."""
        clause, values = conditions(where)
        query = f"SELECT count(*) AS n FROM objects WHERE object = ?{clause}"  # noqa: S608
        return int(self.sql(query, kind, *values).fetchone()["n"])


def conditions(where: Mapping[str, object]) -> tuple[str, list[object]]:
    """Return SQL and values for `field = value`; the two indexed fields use their column."""
    parts, values = "", []
    for name, value in where.items():
        column = name if name in {"customer", "invoice"} else f"json_extract(body, '$.{name}')"
        parts += f" AND {column} = ?"
        values.append(value)
    return parts, values


def visible(thing: Json) -> Json:
    """Return the object without its internal fields."""
    return {name: value for name, value in thing.items() if not name.startswith("_")}
