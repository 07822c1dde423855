"""The sides of the ingest benchmarks: our endpoint over HTTP, and what PostgreSQL does on its own."""

import time
from collections.abc import Callable, Sequence

from django.conf import settings
from django.db import connection
from psycopg import Cursor, connect

from tests.bench.serving import Server
from tests.bench.world import Sent, World, ask, bodies, empty, verify

PATH = "/api/v1/usage/events"
CONNECTIONS = 8  # with four, a batch of 100 waits for answers more than for work

COPIED = """
CREATE TABLE IF NOT EXISTS bench_copied (
    app_id bigint, event_key uuid, meter_id bigint, occurred_at timestamptz, value numeric(30, 12),
    region varchar(32), payload_hash bigint, PRIMARY KEY (app_id, event_key)
)
"""
STAGED = """
CREATE TEMP TABLE staged (
    app_id bigint, event_key uuid, meter_id bigint, occurred_at timestamptz, value numeric(30, 12),
    region varchar(32), payload_hash bigint
) ON COMMIT DELETE ROWS
"""
DEDUPED = """
WITH k AS (
    INSERT INTO usage_usageeventkey (app_id, event_key, day, payload_hash, batch_id)
    SELECT app_id, event_key, (occurred_at AT TIME ZONE 'UTC')::date, payload_hash, %(batch)s FROM staged
    ON CONFLICT DO NOTHING RETURNING app_id, event_key
)
INSERT INTO usage_usageevent (app_id, meter_id, batch_id, occurred_at, received_at, event_key, value, region)
SELECT app_id, meter_id, %(batch)s, occurred_at, now(), event_key, value, region
FROM staged JOIN k USING (app_id, event_key)
"""


def over_http(server: Server, of: World, sent: list[Sent], batch: int) -> Callable[[], float]:
    """Return events/s of our endpoint: two workers, eight connections."""
    load = server.store([server.request(PATH, body) for body in bodies(sent, of, batch)])

    def timed() -> float:
        empty()
        told = load.send(server.port, CONNECTIONS)
        assert told["accepted"] == len(sent), told
        verify(sent)
        return len(sent) / float(told["seconds"])

    return timed


def warm(server: Server, of: World, sent: list[Sent]) -> None:
    """Let both workers import, connect and learn the codes; what they stored is forgotten."""
    body = bodies(sent[:100], of, 100)[0]
    server.send([server.request(PATH, body)] * 40, connections=8)
    empty()


def raw() -> "connect":
    """Return a connection that adapts nothing."""
    given = settings.DATABASES["default"]
    return connect(
        host=given["HOST"],
        port=given["PORT"],
        dbname=given["NAME"],
        user=given["USER"],
        password=given["PASSWORD"],
        autocommit=False,
    )


def copied(of: World, sent: list[Sent]) -> Callable[[], float]:
    """Return rows/s of one COPY of everything into one keyed table, in one transaction."""
    text = "".join(one.row(of) for one in sent).encode()
    with connection.cursor() as cursor:
        cursor.execute(COPIED)

    def timed() -> float:
        empty("bench_copied")
        with raw() as own, own.cursor() as cursor:
            began = time.perf_counter()
            _copy(cursor, "bench_copied", text)
            own.commit()
            took = time.perf_counter() - began
        found = ask("SELECT count(*), sum(value)::bigint FROM bench_copied")
        assert found == (len(sent), sum(one.value for one in sent))
        return len(sent) / took

    return timed


def deduped(of: World, sent: list[Sent], batch: int) -> Callable[[], float]:
    """Return rows/s of COPY to a temporary table and our layout's two inserts, a commit a batch."""
    parts = _parts(of, sent, batch)

    def timed() -> float:
        empty()
        with raw() as own, own.cursor() as cursor:
            cursor.execute(STAGED)
            own.commit()
            began = time.perf_counter()
            for number, text in enumerate(parts):
                _copy(cursor, "staged", text)
                cursor.execute(DEDUPED, {"batch": number})
                own.commit()
            took = time.perf_counter() - began
        verify(sent)
        return len(sent) / took

    return timed


def _parts(of: World, sent: Sequence[Sent], batch: int) -> list[bytes]:
    lines = [one.row(of) for one in sent]
    return ["".join(lines[n : n + batch]).encode() for n in range(0, len(lines), batch)]


def _copy(cursor: Cursor, table: str, text: bytes) -> None:
    with cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(text)
