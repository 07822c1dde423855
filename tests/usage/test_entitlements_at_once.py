"""Beside each other: a check and the writers it stops, a rebuild and the change it must not miss."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.db import connection, transaction

from subscriptions import services as agreements
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import NOW, TESTER, make_key
from tests.usage.quota_world import agreement_of, check, subscribed
from tests.usage.world import Door, event, send
from usage.models import Entitlement, EntitlementState
from usage.services import make_partitions, rebuild_entitlements, roll_up, roll_up_all

pytestmark = pytest.mark.django_db(transaction=True)


def _thread(work: Callable[[], object]) -> object:
    try:
        return work()
    finally:
        connection.close()


def test_writers_that_ask_first_never_pass_a_hard_stop_by_more_than_what_is_in_flight() -> None:
    """Each writer asks before each batch, as fast as it can, while a roller folds at its own pace.

    What can pass the stop is what each writer has sent since its last answer: a batch. At 5,000 events/s in
    batches of 100 from two writers that is 200 of a quota of 1,000,000: 0.02 %. A figure without the pending
    tail would let two seconds of events through.
    """
    app = subscribed("{sends_quota: {at_limit: stop}}")
    make_partitions(at=NOW)
    key = make_key(PROVIDER_SCOPES)[1]
    check(app, "sends_quota")
    batch, stopped = 7, threading.Event()

    def write() -> int:
        door, sent = Door(key=key), 0
        while check(app, "sends_quota", door)["has_access"]:
            send(*(event(app, user="u") for _ in range(batch)))
            sent += batch
        return sent

    def fold() -> None:
        while not stopped.wait(0.05):
            roll_up(limit=batch)

    with ThreadPoolExecutor(4) as pool:
        roller = pool.submit(_thread, fold)
        writers = [pool.submit(_thread, write) for _ in range(3)]
        sent = sum(int(str(one.result())) for one in writers)
        stopped.set()
        roller.result()

    assert Entitlement.objects.get(feature="sends_quota").stops_at == 100
    assert 100 <= sent <= 100 + 3 * batch
    roll_up_all()
    assert Decimal(check(app, "sends_quota")["used"]) == sent


def test_a_figure_without_the_pending_tail_lets_the_writer_run_on() -> None:
    """The same against what only warns: the folded figure stands still, so it would never have stopped."""
    app = subscribed("{}")
    for _ in range(40):
        send(*(event(app, user="u") for _ in range(7)))

    assert check(app, "sends_quota")["used"] == "0"
    roll_up_all()
    assert check(app, "sends_quota")["used"] == "280"


def test_a_fold_beside_a_check_neither_hides_nor_doubles_an_event() -> None:
    app = subscribed("{sends_quota: {at_limit: stop}}")
    key = make_key(PROVIDER_SCOPES)[1]
    for _ in range(30):
        send(*(event(app, user="u") for _ in range(5)))
    done = threading.Event()

    def fold() -> None:
        while roll_up(limit=5):
            pass
        done.set()

    def ask() -> set[str]:
        door, seen = Door(key=key), set()
        while not done.is_set():
            seen.add(check(app, "sends_quota", door)["used"])
        return seen

    with ThreadPoolExecutor(2) as pool:
        asking, folding = pool.submit(_thread, ask), pool.submit(_thread, fold)
        folding.result()
        assert asking.result() == {"150"}


def test_a_change_under_way_is_not_missed_by_a_rebuild_beside_it() -> None:
    """The first rebuild of a customer, while an option is being added: it waits, then reads the new state."""
    app = subscribed("{}")
    EntitlementState.objects.all().delete()
    changed, go_on = threading.Event(), threading.Event()

    def change() -> None:
        with transaction.atomic():
            agreements.add_option(agreement_of(app), option="module.more", at=NOW, by=TESTER)
            changed.set()
            go_on.wait(10)

    with ThreadPoolExecutor(2) as pool:
        changing = pool.submit(_thread, change)
        changed.wait(10)
        rebuilding = pool.submit(_thread, lambda: rebuild_entitlements(app.customer_id, at=NOW))
        threading.Event().wait(0.3)
        assert not rebuilding.done()
        go_on.set()
        changing.result()
        rebuilding.result()

    assert check(app)["limit"] == "150"


def test_a_connection_that_died_is_opened_anew() -> None:
    app = subscribed("{}")
    door = Door()
    check(app, door=door)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        mine = cursor.fetchone()[0]

    def end() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [mine])

    with ThreadPoolExecutor(1) as pool:
        pool.submit(_thread, end).result()
    assert check(app, door=door)["has_access"]
