"""Statements that run with almost every request: parameters travel beside them, and PostgreSQL parses and
plans them once a connection, which costs more than running them."""

import time
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper
from psycopg.adapt import Dumper
from psycopg.pq import Format

CHECK_SECONDS = 1.0
_used = WeakKeyDictionary[Any, float]()  # psycopg connections, by when they last did their work here


class Packed(bytes):
    """An array in PostgreSQL's binary form."""


class PackedDumper(Dumper):
    """Hands a packed array on as it is; the statement's cast says its type."""

    format = Format.BINARY

    def dump(self, obj: Packed) -> Packed:
        """Return it."""
        return obj


class _PreparedCursor(ServerBindingCursor):
    """A cursor whose parameters travel beside the statement, and whose statements are prepared.

    Django's own writes them into it; escaping, scanning and parsing 200 KB of text as SQL costs
    PostgreSQL more than a quarter of what storing the events does.

    Behind a pool that changes connections under us, which Django is told by the same setting as for its own
    cursors on the server, nothing is prepared.
    """

    connection: Any
    django: Any  # Django's connection around it
    _convert_query: Any
    name = "prepared"  # pghistory puts its context before unnamed ones' statements; here is room for one only

    def execute(self, query: Any, params: Any = None, **how: Any) -> Any:
        """Run it; only here is the connection allowed to prepare: every other statement differs each time."""
        base: Any = super()  # the stubs know one of its bases only
        if self.django.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            return base.execute(query, params, **how)
        usual, self.connection.prepare_threshold = self.connection.prepare_threshold, 0
        try:
            found = base.execute(query, params, prepare=True, **how)
        finally:
            self.connection.prepare_threshold = usual
        if self.django.queries_logged:  # by its text, which psycopg forgets of a prepared statement
            self._query = self._convert_query(query, params)
        _used[self.connection] = time.monotonic()
        return found


def prepared() -> CursorWrapper:
    """Return such a cursor. A connection that did its work here within the last second is not asked first
    whether it lives: that is a round trip for each request, and a dead one refuses the statement (503)."""
    ours: Any = connections[
        DEFAULT_DB_ALIAS
    ]  # each look through `connection` costs as much as a small function
    if not ours.in_atomic_block and _last_used(ours) + CHECK_SECONDS < time.monotonic():
        ours.close_if_health_check_failed()
    ours.ensure_connection()
    if ours.connection not in _used:
        ours.connection.adapters.register_dumper(Packed, PackedDumper)  # which a cursor copies
        _used[ours.connection] = 0.0
    raw: Any = _PreparedCursor(ours.connection)  # type: ignore[call-arg]
    raw.django = ours
    made: CursorWrapper = ours.make_debug_cursor(raw) if ours.queries_logged else ours.make_cursor(raw)
    return made


def _last_used(ours: Any) -> float:
    return 0.0 if ours.connection is None else _used.get(ours.connection, 0.0)
