"""The event store in PostgreSQL: one statement writes keys, events and the pending batch.

Rows travel as arrays built by hand, numbers and identities in binary: one round trip, no temporary table,
and several times cheaper than a driver that adapts each value. PostgreSQL plans the statement once a
connection: planning costs as much as storing seventy events. Another store (the growth plan names ClickHouse)
would take over the event rows; keys, batches and cells stay here.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from struct import pack
from typing import Any, NamedTuple

from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from usage.literals import array, quoted
from usage.parsing_sheet import Sheet
from usage.prepared import Packed, prepared

_JUDGED = """
WITH judged AS MATERIALIZED (
    SELECT s.*, k.payload_hash AS kept FROM unnest(
        %(first)s::boolean[], %(app)s::bigint[], %(key)s::uuid[], %(hash)s::bigint[], %(meter)s::bigint[],
        %(at)s::timestamptz[], %(value)s::numeric[], %(user)s::uuid[], %(region)s::text[], %(dims)s::jsonb[]
    ) AS s (first, app_id, event_key, payload_hash, meter_id, occurred_at, value, user_digest, region, dims)
    LEFT JOIN LATERAL (
        SELECT o.payload_hash FROM usage_usageeventkey o
        WHERE o.app_id = s.app_id AND o.event_key = s.event_key OFFSET 0
    ) AS k ON TRUE
), batch AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('usage_ingestbatch', 'id')) AS id
), keys AS (
    INSERT INTO usage_usageeventkey (app_id, event_key, day, payload_hash, batch_id)
    SELECT s.app_id, s.event_key, (s.occurred_at AT TIME ZONE 'UTC')::date, s.payload_hash, batch.id
    FROM judged s CROSS JOIN batch WHERE s.kept IS NULL AND s.first IS NOT FALSE
    ORDER BY s.app_id, s.event_key  -- overlapping batches wait for each other in one order: no deadlock
    {on_conflict}
), fresh AS {fresh}, stored AS (
    INSERT INTO usage_usageevent (app_id, meter_id, batch_id, occurred_at, received_at, event_key,
                                  user_digest, value, region, dims)
    SELECT s.app_id, s.meter_id, batch.id, s.occurred_at, now(), s.event_key,
           s.user_digest, s.value, s.region, s.dims
    FROM fresh s CROSS JOIN batch
), noted AS (
    INSERT INTO usage_ingestbatch (id, state, n, day_min, day_max, app_ids, by, received_at)
    SELECT batch.id, 'pending', count(*), (min(occurred_at) AT TIME ZONE 'UTC')::date,
           (max(occurred_at) AT TIME ZONE 'UTC')::date, array_agg(DISTINCT app_id), %(by)s, now()
    FROM fresh CROSS JOIN batch GROUP BY batch.id  -- no row when nothing was stored
)
"""
# Nobody stores the same at this moment, or the statement fails: half as dear for each key as the other.
APPEND = _JUDGED.format(on_conflict="", fresh="NOT MATERIALIZED (SELECT * FROM judged WHERE kept IS NULL)")
# What another session stores meanwhile is left to it.
_APPEND_BESIDE = _JUDGED.format(
    on_conflict="ON CONFLICT DO NOTHING RETURNING app_id, event_key",
    fresh="(SELECT s.* FROM judged s JOIN keys USING (app_id, event_key) WHERE s.kept IS NULL)",
)
# How many were new, and how many were kept before with the same body. What another session stored meanwhile
# is neither, and what was kept with another body: then `conflicts` looks.
COUNT = """
SELECT (SELECT count(*) FROM fresh WHERE first IS NOT FALSE),
       (SELECT count(*) FROM judged WHERE first IS NOT FALSE AND kept = payload_hash)
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


USUAL = {"first": "t", "user": "NULL", "dims": "NULL"}  # columns that mostly say this in every row
LITERAL = ("first", "at", "value", "user", "region", "dims")
UUID_OID, INT8_OID = 2950, 20
PACKED = {"app": INT8_OID, "key": UUID_OID, "hash": INT8_OID, "meter": INT8_OID}


def packed(oid: int, values: Sequence[bytes]) -> Packed:
    """Return a binary array of values of one length: dimensions, has-null flag, type, size, first index;
    then each value after its length."""
    if not values:
        return Packed(pack(">iii", 0, 0, oid))
    mark = pack(">i", len(values[0]))
    return Packed(pack(">iiiii", 1, 0, oid, len(values), 1) + mark + mark.join(values))


def columns(sheet: Sheet) -> dict[str, str | Packed]:
    """Return the columns as arrays. One that says the usual throughout is left empty: PostgreSQL pads it with
    NULL, and need not read it."""
    found: dict[str, str | Packed] = {name: packed(oid, getattr(sheet, name)) for name, oid in PACKED.items()}
    for name in LITERAL:
        values: list[str] = getattr(sheet, name)
        usual = USUAL.get(name)
        is_usual = usual is not None and values.count(usual) == len(values)
        found[name] = "{}" if is_usual else array(values)
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


def append(sheet: Sheet, held: Sequence[Held], *, by: str, expires: str) -> Stored:
    """Store keys, events, the pending batch and the quarantined in one statement. All commits or none.

    An identity that another session stores at this very moment makes the first statement wait for it and
    fail; the second leaves those to that session.
    """
    values: dict[str, Any] = {**columns(sheet), "by": by}
    more = ""
    if held:
        more = _QUARANTINE
        values |= {
            "h_identity": array(h.identity for h in held),
            "h_hash": array(str(h.hash) for h in held),
            "h_reason": array(h.reason for h in held),
            "h_subject": array(quoted(h.subject) for h in held),
            "h_type": array(quoted(h.type) for h in held),
            "h_body": array(quoted(h.body) for h in held),
            "expires": expires,
        }
    try:
        return _stored(APPEND + more + COUNT, values)
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
    return _stored(_APPEND_BESIDE + more + COUNT, values)


def _stored(sql: str, values: dict[str, Any]) -> Stored:
    """Execute; inside a caller's transaction behind a savepoint, so that a failure leaves it usable."""
    with transaction.atomic() if connection.in_atomic_block else nullcontext(), prepared() as cursor:
        cursor.execute(sql, values)
        row = cursor.fetchone()
    return Stored(*row)


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
