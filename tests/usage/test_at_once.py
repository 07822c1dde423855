"""Many connections at once: nothing is lost, nothing counts twice."""

import json
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction

from tests.factories import NOW, TESTER
from tests.usage.world import Door, an_app, count, event, make_meter, rows, send
from usage import services
from usage.models import IngestBatch, UsageRollup
from usage.parsing import parse
from usage.partitions import ensure_days, forget_days, partition_of

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*work: Callable[[], Any]) -> list[Any]:
    """Run each piece in a thread with its own connection, all starting together; raise what they raise."""
    barrier, results, failed = threading.Barrier(len(work)), [], []

    def run(piece: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            results.append(piece())
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(piece,)) for piece in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return results


def test_A01_the_same_thousand_events_sent_twenty_times_from_eight_threads_count_once() -> None:
    make_meter()
    make_meter("mau", kind="unique")
    app, door = an_app(), Door()
    raw = json.dumps([event(app, value="0.1", user=f"u{n % 250}") for n in range(1000)]).encode()
    left = list(range(20))

    def sender() -> list[dict[str, Any]]:
        answers = []
        while left:
            try:
                left.pop()
            except IndexError:
                break
            answer = door.post(raw)
            assert answer.status_code == 200, answer.content
            answers.append(answer.json())
        return answers

    answers = [a for part in at_once(*[sender] * 8) for a in part]
    at_once(*[services.roll_up_all] * 4)

    assert len(answers) == 20
    assert sum(a["accepted"] for a in answers) == 1000
    assert all(a["accepted"] + a["duplicates"] == 1000 and a["rejected"] == [] for a in answers)
    assert count("usage_usageeventkey") == 1000
    assert count("usage_usageevent") == 2000
    cell = UsageRollup.objects.get(meter__code="messages")
    assert (cell.sum, cell.count) == (100, 1000)
    assert rows("SELECT count(*), sum(n) FROM usage_ingestbatch WHERE state = 'done'")[0][1] == 2000


def test_overlapping_batches_in_any_order_do_not_deadlock() -> None:
    make_meter()
    apps = [an_app() for _ in range(3)]
    events = [event(app) for app in apps for _ in range(100)]

    def sender(seed: int) -> Callable[[], int]:
        rng = random.Random(seed)

        def work() -> int:
            accepted = 0
            for _round in range(5):
                accepted += send(*rng.sample(events, 200)).accepted
            return accepted

        return work

    accepted = sum(at_once(*[sender(n) for n in range(6)]))

    assert accepted == count("usage_usageevent") == count("usage_usageeventkey") <= 300


def test_B04_no_event_is_lost_or_doubled_whatever_order_writers_commit_in() -> None:
    make_meter()
    make_meter("mau", kind="unique")
    app = an_app()
    send(event(app, user="warm"))
    writing = threading.Event()

    def writer(seed: int) -> Callable[[], int]:
        rng = random.Random(seed)

        def work() -> int:
            stored = 0
            for _batch in range(25):
                size, aborts = rng.randrange(1, 40), rng.random() < 0.15
                body = [
                    event(app, user=f"u{rng.randrange(500)}", region=rng.choice("ab")) for _ in range(size)
                ]
                with transaction.atomic():
                    send(*body)
                    with connection.cursor() as cursor:  # ids are taken, the commit is late
                        cursor.execute("SELECT pg_sleep(%s)", [rng.random() / 50])
                    transaction.set_rollback(aborts)
                stored += 0 if aborts else size
            return stored

        return work

    def roller() -> int:
        rng, folded = random.Random(1), 0
        while not writing.is_set():
            with transaction.atomic():
                done = services.roll_up(limit=rng.randrange(1, 60))
                dies = rng.random() < 0.2
                transaction.set_rollback(dies)
            folded += 0 if dies else done
        return folded

    def writers() -> int:
        try:
            return sum(at_once(*[writer(n) for n in range(4)]))
        finally:
            writing.set()

    at_once(writers, roller, roller)
    services.roll_up_all()

    stored = count("usage_usageevent") // 2
    totals = rows(
        "SELECT sum(sum), sum(count) FROM usage_usagerollup WHERE meter_id ="
        " (SELECT id FROM plans_meter WHERE code = 'messages')"
    )
    assert totals == [(stored, stored)]
    assert (
        count("usage_distinctuser")
        == rows("SELECT count(DISTINCT user_digest) FROM usage_usageevent WHERE user_digest IS NOT NULL")[0][
            0
        ]
    )
    assert not IngestBatch.objects.filter(state="pending").exists()


def test_B04_a_slow_writer_that_began_first_is_folded_when_it_commits() -> None:
    make_meter()
    app = an_app()
    send(event(app))
    services.roll_up_all()
    began, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            send(event(app, value="100"))
            began.set()
            go_on.wait(10)

    def fast() -> None:
        began.wait(10)
        send(event(app, value="10"))
        assert services.roll_up_all() == 1
        go_on.set()

    at_once(slow, fast)
    assert services.roll_up_all() == 1
    assert UsageRollup.objects.get().sum == 111


def test_a_recompute_beside_folds_counts_each_event_once() -> None:
    make_meter()
    app = an_app()
    send(event(app))
    services.roll_up_all()
    meter = UsageRollup.objects.get().meter

    def folds() -> None:
        for _n in range(20):
            send(event(app))
            services.roll_up_all()

    def recomputes() -> None:
        for _n in range(20):
            services.mark_dirty(app=app, meter=meter, instant=NOW, reason="test", at=NOW, by=TESTER)
            services.rebuild_dirty()

    at_once(folds, folds, recomputes)
    services.roll_up_all()

    assert UsageRollup.objects.get().sum == count("usage_usageevent") == 41


def test_a_new_day_is_made_once_by_many_and_while_others_write() -> None:
    make_meter()
    app = an_app()
    day = NOW.replace(year=2033).date()
    forget_days()

    made = at_once(*[lambda: ensure_days([day])] * 6, *[lambda: send(event(app)).accepted] * 3)

    assert rows("SELECT count(*) FROM pg_inherits WHERE inhrelid = %s::regclass", partition_of(day)) == [(1,)]
    assert len(made) == 9


def test_A25_nothing_is_acknowledged_by_a_cut_connection_and_a_retry_stores_it() -> None:
    make_meter()
    app, door = an_app(), Door()
    sent = [event(app) for _ in range(5)]
    door.post([event(app)])
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        pid = cursor.fetchone()[0]

    def kill() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])

    at_once(kill)
    from usage.services import ingest as verb  # the service without the request's connection check

    with pytest.raises(Exception, match=r"terminat|closed|lost"):
        verb(parse(json.dumps(sent).encode()), at=NOW, by=TESTER)
    connection.close()

    assert count("usage_usageevent") == 1
    assert door.post(sent).json()["accepted"] == 5
