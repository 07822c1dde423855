"""The event store in PostgreSQL: one statement writes keys, events and the pending batch.

Rows travel as array literals built by hand: one round trip, no temporary table, and several times
cheaper than a driver that adapts each value. Another store (the growth plan names ClickHouse) would
take over the event rows; keys, batches and cells stay here.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper

_APPEND = """
WITH staged AS MATERIALIZED (
    SELECT * FROM unnest(
        %(first)s::boolean[], %(app)s::bigint[], %(key)s::uuid[], %(hash)s::bigint[], %(meter)s::bigint[],
        %(at)s::timestamptz[], %(value)s::numeric[], %(user)s::uuid[], %(region)s::text[], %(dims)s::jsonb[]
    ) AS s (first, app_id, event_key, payload_hash, meter_id, occurred_at, value, user_digest, region, dims)
), batch AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('usage_ingestbatch', 'id')) AS id
), fresh AS (
    INSERT INTO usage_usageeventkey (app_id, event_key, day, payload_hash, batch_id)
    SELECT s.app_id, s.event_key, (s.occurred_at AT TIME ZONE 'UTC')::date, s.payload_hash, batch.id
    FROM staged s CROSS JOIN batch WHERE s.first IS NOT FALSE
    ORDER BY s.app_id, s.event_key  -- overlapping batches wait for each other in one order: no deadlock
    ON CONFLICT DO NOTHING
    RETURNING app_id, event_key
), stored AS (
    INSERT INTO usage_usageevent (app_id, meter_id, batch_id, occurred_at, received_at, event_key,
                                  user_digest, value, region, dims)
    SELECT s.app_id, s.meter_id, batch.id, s.occurred_at, now(), s.event_key,
           s.user_digest, s.value, s.region, s.dims
    FROM staged s JOIN fresh USING (app_id, event_key) CROSS JOIN batch
    RETURNING app_id, occurred_at
), noted AS (
    INSERT INTO usage_ingestbatch (id, state, n, day_min, day_max, app_ids, by, received_at)
    SELECT batch.id, 'pending', count(*), (min(occurred_at) AT TIME ZONE 'UTC')::date,
           (max(occurred_at) AT TIME ZONE 'UTC')::date, array_agg(DISTINCT app_id), %(by)s, now()
    FROM stored CROSS JOIN batch GROUP BY batch.id  -- no row when nothing was stored
)
"""
# How many were new, and how many were kept before with the same body. What another session stores at this
# very moment is neither, and what was kept with another body: then `conflicts` looks, after it has committed.
_COUNT = """
SELECT (SELECT count(*) FROM fresh),
       (SELECT count(*) FROM staged s CROSS JOIN LATERAL (
            SELECT k.payload_hash FROM usage_usageeventkey k
            WHERE k.app_id = s.app_id AND k.event_key = s.event_key OFFSET 0) AS kept
        WHERE s.first IS NOT FALSE AND kept.payload_hash = s.payload_hash
          AND (s.app_id, s.event_key) NOT IN (SELECT app_id, event_key FROM fresh))
"""
_QUARANTINE = """, held AS (
    INSERT INTO usage_quarantinedevent
        (identity, payload_hash, reason, subject, type, body, by, received_at, expires_at, result)
    SELECT h.identity, h.hash, h.reason, h.subject, h.type, h.body, %(by)s, now(), %(expires)s, ''
    FROM unnest(%(h_identity)s::uuid[], %(h_hash)s::bigint[], %(h_reason)s::text[], %(h_subject)s::text[],
                %(h_type)s::text[], %(h_body)s::jsonb[])
        AS h (identity, hash, reason, subject, type, body)
    ON CONFLICT DO NOTHING
)
"""
_CONFLICTS = """
WITH other AS (
    SELECT s.*, k.payload_hash AS kept FROM unnest(
        %(n)s::int[], %(app)s::bigint[], %(key)s::uuid[], %(hash)s::bigint[],
        %(source)s::text[], %(id)s::text[]
    ) AS s (n, app_id, event_key, refused, source, event_id)
    JOIN usage_usageeventkey k USING (app_id, event_key) WHERE k.payload_hash <> s.refused
), noted AS (
    INSERT INTO usage_eventconflict
        (app_id, event_key, source, event_id, kept_hash, refused_hash, by, received_at)
    SELECT app_id, event_key, source, event_id, kept, refused, %(by)s, now() FROM other
    ORDER BY app_id, event_key, refused
    ON CONFLICT DO NOTHING
)
SELECT n, kept FROM other
"""


def array(values: Iterable[str]) -> str:
    """Return an array literal of values that need no quoting (numbers, uuids, instants, NULL)."""
    return "{" + ",".join(values) + "}"


def quoted(value: str) -> str:
    """Return a text as an element of an array literal."""
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


# One event for one meter, as text: a plain tuple, of which a request makes thousands. `first` is t on
# one row of each event: that one makes the key.
COLUMNS = ("first", "app", "key", "hash", "meter", "at", "value", "user", "region", "dims")
USUAL = {"first": "t", "user": "NULL", "dims": "NULL"}  # columns that mostly say this in every row
Row = tuple[str, str, str, str, str, str, str, str, str, str]


def columns(rows: Sequence[Row]) -> dict[str, str]:
    """Return the rows by column, as array literals. A column that says the usual throughout is left
    empty: PostgreSQL pads it with NULL, and need not read it."""
    found = dict.fromkeys(COLUMNS, "{}")
    for name, values in zip(COLUMNS, zip(*rows, strict=True), strict=False):
        usual = USUAL.get(name)
        if usual is None or set(values) != {usual}:
            found[name] = array(values)
    return found


@dataclass(frozen=True, slots=True)
class Held:
    """An event for the quarantine."""

    identity: str
    hash: int
    reason: str
    subject: str
    type: str
    body: str  # JSON


@dataclass(frozen=True, slots=True)
class Claimed:
    """An identity and body hash that were sent, to be compared with what is kept."""

    app: int
    key: str
    hash: int
    source: str
    id: str


class Stored(NamedTuple):
    """Of the identities sent: how many were new, how many were kept before with this very body."""

    fresh: int
    same: int


def append(rows: Sequence[Row], held: Sequence[Held], *, by: str, expires: str) -> Stored:
    """Store keys, events, the pending batch and the quarantined in one statement. All commits or none."""
    values = columns(rows)
    sql = _APPEND + _COUNT
    if held:
        sql = _APPEND + _QUARANTINE + _COUNT
        values |= {
            "h_identity": array(h.identity for h in held),
            "h_hash": array(str(h.hash) for h in held),
            "h_reason": array(h.reason for h in held),
            "h_subject": array(quoted(h.subject) for h in held),
            "h_type": array(quoted(h.type) for h in held),
            "h_body": array(quoted(h.body) for h in held),
            "expires": expires,
        }
    with _bound() as cursor:
        cursor.execute(sql, {**values, "by": by})
        row = cursor.fetchone()
    _used[connection.connection] = time.monotonic()
    return Stored(*row) if row else Stored(0, 0)


class _BoundCursor(ServerBindingCursor):
    """A cursor whose parameters travel beside the statement.

    Django's own writes them into it; escaping, scanning and parsing 200 KB of text as SQL costs
    PostgreSQL more than a quarter of what storing the events does.
    """

    name = "append"  # pghistory puts its context before unnamed ones' statements; here is room for one only


CHECK_SECONDS = 1.0
_used = WeakKeyDictionary[Any, float]()  # psycopg connections, by when they last did their work here


def _last_used() -> float:
    return 0.0 if connection.connection is None else _used.get(connection.connection, 0.0)


def _bound() -> CursorWrapper:
    """Return such a cursor. A connection that stored something within the last second is not asked first
    whether it lives: that is a round trip for each request, and a dead one refuses the statement (503)."""
    if _last_used() + CHECK_SECONDS < time.monotonic():
        connection.close_if_health_check_failed()
    connection.ensure_connection()
    raw: Any = _BoundCursor(connection.connection)  # type: ignore[call-arg]  # the stubs know one base only
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)


def conflicts(claims: Sequence[Claimed], *, by: str) -> dict[int, int]:
    """Note those claims whose kept body differs; return the kept hash by the claim's position."""
    values = {
        "n": array(str(n) for n in range(len(claims))),
        "app": array(str(c.app) for c in claims),
        "key": array(c.key for c in claims),
        "hash": array(str(c.hash) for c in claims),
        "source": array(quoted(c.source) for c in claims),
        "id": array(quoted(c.id) for c in claims),
        "by": by,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CONFLICTS, values)
        return dict(cursor.fetchall())
