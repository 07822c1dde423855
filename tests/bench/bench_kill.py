"""`kill`: events lost or doubled when web, PostgreSQL, Valkey and worker are killed (SIGKILL) under load.

Four clients keep a journal of what was answered with 200, and send again what was answered with 503 or not
at all; no other answer is right. Afterwards each event
answered exists exactly once, none exists that was not sent, and the cells say as much as the events. The
limit beside it is how many events were answered.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from celery import Celery
from django.core.management import call_command
from django.db import connection

from subscriptions.models.keys import PROVIDER_SCOPES
from tests.bench.contract import Entry, Side, machine, sized
from tests.bench.killing import PARTS, Journal, Whole, client, key_of, whole
from tests.bench.serving import Server
from tests.factories import make_app, make_customer, make_key
from tests.usage.world import make_meter, rows
from usage import services

ROUNDS = 5  # each kills every part once
CLIENTS = 4


def run() -> Iterator[Entry]:
    """Kill, restart, compare."""
    with tempfile.TemporaryDirectory(prefix="ratecard-kill-") as name:
        Path(name).chmod(0o711)
        with whole(Path(name)) as running:
            call_command("migrate", verbosity=0)
            make_meter()
            app, key = make_app(make_customer()), make_key(PROVIDER_SCOPES)[1]
            for part in ("web", "worker"):
                running.start(part)
            server = Server(running.ports["web"], key, Path(name))
            journal = _under_load(running, server, app.code)
            bad = _compared(journal)
    sides = Side([float(bad)], "events"), Side([float(len(journal.answered))], "events")
    yield Entry("kill", float(bad), "<=0", "<=0", *sides, 0.0, machine=machine())


def _under_load(running: Whole, server: Server, app: str) -> Journal:
    journals = [Journal() for _one in range(CLIENTS)]
    over = threading.Event()
    work = [
        threading.Thread(target=client, args=(server, app, journal, over, n))
        for n, journal in enumerate(journals)
    ]
    for one in work:
        one.start()
    try:
        for _round in range(sized(ROUNDS)):
            for part in PARTS:
                _ring(running)
                time.sleep(1)
                running.kill(part)
                running.start(part)
    finally:
        time.sleep(1)
        over.set()
        for one in work:
            one.join()
    found = Journal()
    for journal in journals:
        found.sent |= journal.sent
        found.answered |= journal.answered
        found.statuses += journal.statuses
        found.wrong += journal.wrong
    assert not found.wrong, found.wrong[:5]
    assert found.answered
    assert found.statuses[0] + found.statuses[503] > 0, found.statuses
    return found


def _ring(running: Whole) -> None:
    """Ring for a roll-up in the worker; a ring that nobody hears is no harm."""
    with suppress(Exception), Celery(broker=running.environment["REDIS_URL"]) as bell:
        bell.send_task("usage.roll_up", queue="ingest", retry=False)


def _compared(journal: Journal) -> int:
    """Return how many events are lost, doubled or nobody's."""
    connection.close()  # it was killed with its server
    services.roll_up_all()
    stored = [row[0] for row in rows("SELECT replace(event_key::text, '-', '') FROM usage_usageevent")]
    keys = {row[0] for row in rows("SELECT replace(event_key::text, '-', '') FROM usage_usageeventkey")}
    kept, told = set(stored), {key_of(name) for name in journal.answered}
    strange = len(kept - {key_of(name) for name in journal.sent}) + len(kept ^ keys)
    cells = int(rows("SELECT coalesce(sum(count), 0) FROM usage_usagerollup")[0][0])
    return len(told - kept) + len(stored) - len(kept) + strange + abs(cells - len(stored))
