"""Writers that commit late or not at all, beside roll-ups that are killed: what the cells then say.

The naive roll-up runs over the very same commits: it remembers the highest batch it has seen, in the same
transaction as its sums, and reads what lies above. It differs from ours in its watermark alone.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import InterfaceError, OperationalError, connection, connections, transaction

from subscriptions.models import App
from tests.factories import NOW
from tests.usage.world import event, rows, send
from usage import services

WRITERS = 4
NAIVE = """
CREATE TABLE naive_watermark (last bigint NOT NULL);
CREATE TABLE naive_cells (
    app_id bigint, meter_id bigint, count bigint, sum numeric, PRIMARY KEY (app_id, meter_id));
INSERT INTO naive_watermark VALUES (0);
"""
NAIVE_PASS = """
WITH last AS (SELECT last FROM naive_watermark FOR UPDATE),
     top AS (SELECT coalesce(max(id), 0) AS top FROM usage_ingestbatch),
     folded AS (
        INSERT INTO naive_cells AS c
        SELECT app_id, meter_id, count(*), sum(value) FROM usage_usageevent, last, top
        WHERE batch_id > last AND batch_id <= top GROUP BY 1, 2
        ON CONFLICT (app_id, meter_id)
        DO UPDATE SET count = c.count + excluded.count, sum = c.sum + excluded.sum)
UPDATE naive_watermark SET last = greatest(last, top) FROM top
"""
STORED = "SELECT app_id, meter_id, count(*), sum(value) FROM usage_usageevent GROUP BY 1, 2"
CELLS = "SELECT app_id, meter_id, sum(count), sum(sum) FROM usage_usagerollup GROUP BY 1, 2"
NAIVELY = "SELECT app_id, meter_id, count, sum FROM naive_cells"


@dataclass
class Race:
    """What was committed, by the writers' own journal, and how often a roll-up died."""

    accepted: Counter[str] = field(default_factory=Counter)  # times each id was told accepted and committed
    aborted: int = 0
    kills: int = 0
    passes: int = 0


def run(apps: Sequence[App], *, seconds: float, seed: int = 1) -> Race:
    """Race for so long; the last passes of both roll-ups come after every writer has ended."""
    found, writing = Race(), threading.Event()
    pids: dict[int, int] = {}
    rollers = [_roller(found, writing, pids, seed + n) for n in range(2)]
    deadline = time.monotonic() + seconds
    writers = [_writer(found, apps, deadline, seed + 10 + n) for n in range(WRITERS)]
    background = [_thread(work) for work in (*rollers, _naive(writing), _killer(found, writing, pids, seed))]
    try:
        foreground = [_thread(work) for work in writers]
        for one in foreground:
            one.join()
    finally:
        writing.set()
        for one in background:
            one.join()
    assert not _failed, _failed.pop()
    services.roll_up_all()
    _naive_pass()
    return found


@contextmanager
def naive_tables() -> Iterator[None]:
    """Have the naive roll-up's tables."""
    with connection.cursor() as cursor:
        cursor.execute(NAIVE)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE naive_watermark, naive_cells")


def missed(said: str) -> tuple[int, int]:
    """Return how many events a table of sums has lost, and how many it has twice, against those stored."""
    stored = {row[:2]: row[2:] for row in rows(STORED)}
    cells = {row[:2]: row[2:] for row in rows(said)}
    off = [int(cells.get(place, (0, 0))[0] - stored.get(place, (0, 0))[0]) for place in stored.keys() | cells]
    lost, doubled = -sum(one for one in off if one < 0), sum(one for one in off if one > 0)
    if not (lost or doubled):
        zero = (0, Decimal(0))
        assert all(cells.get(place, zero)[1] == sums[1] for place, sums in stored.items())
    return lost, doubled


_failed: list[BaseException] = []


def _thread(work: Callable[[], None]) -> threading.Thread:
    def run_it() -> None:
        try:
            work()
        except BaseException as error:
            _failed.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run_it)
    thread.start()
    return thread


def _writer(found: Race, apps: Sequence[App], deadline: float, seed: int) -> Callable[[], None]:
    rng = random.Random(seed)

    def work() -> None:
        mine: list[dict[str, Any]] = []
        number = 0
        while time.monotonic() < deadline:
            fresh = []
            for _one in range(rng.randrange(1, 40)):
                number += 1
                at = NOW - timedelta(hours=rng.randrange(60))
                name = f"{seed}-{number}"
                fresh.append(event(rng.choice(apps), id=name, at=at, value=str(rng.randrange(100)), user="u"))
            again = rng.sample(mine, min(len(mine), rng.randrange(4)))
            aborts = rng.random() < 0.15
            with transaction.atomic():
                outcome = send(*fresh, *again)
                time.sleep(rng.random() ** 3 / 5)  # the batch has its number, and commits late
                transaction.set_rollback(aborts)
            assert (outcome.accepted, outcome.duplicates) == (len(fresh), len(again)), outcome
            if aborts:
                found.aborted += 1
            else:
                mine += fresh
                found.accepted.update(one["id"] for one in fresh)

    return work


def _roller(found: Race, writing: threading.Event, pids: dict[int, int], seed: int) -> Callable[[], None]:
    rng = random.Random(seed)

    def work() -> None:
        while not writing.is_set():
            try:
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_backend_pid()")
                    pids[seed] = cursor.fetchone()[0]
                services.roll_up(limit=rng.randrange(1, 400))
                found.passes += 1
            except (OperationalError, InterfaceError):  # killed
                connection.close()
            time.sleep(rng.random() / 100)

    return work


def _killer(found: Race, writing: threading.Event, pids: dict[int, int], seed: int) -> Callable[[], None]:
    rng = random.Random(seed)

    def work() -> None:
        while not writing.wait(rng.random() / 4):
            for pid in rng.sample(sorted(pids.values()), min(1, len(pids))):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
                    found.kills += bool(cursor.fetchone()[0])

    return work


def _naive(writing: threading.Event) -> Callable[[], None]:
    def work() -> None:
        while not writing.wait(0.02):
            _naive_pass()

    return work


def _naive_pass() -> None:
    with connection.cursor() as cursor:
        cursor.execute(NAIVE_PASS)
