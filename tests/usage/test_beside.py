"""A batch whose events another session is storing at the same moment: both are told the truth."""

import random
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from tests.usage.test_at_once import at_once
from tests.usage.world import an_app, count, event, make_meter, rows, send

pytestmark = pytest.mark.django_db(transaction=True)
STORED = "SELECT value::int FROM usage_usageevent ORDER BY value"


class Undone(Exception):  # noqa: N818
    """Ends a transaction without a commit."""


def wait_for(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def beside(held: list[Any], sent: list[Any], *, commits: bool = True) -> Any:
    """Send `sent` while another transaction has stored `held` and not ended; return what `sent` was told."""
    stored, told = threading.Event(), []

    def holder() -> None:
        try:
            with transaction.atomic():
                send(*held)
                stored.set()
                wait_for(lambda: rows("SELECT count(*) FROM pg_locks WHERE NOT granted") != [(0,)])
                if not commits:
                    raise Undone
        except Undone:
            pass

    def sender() -> None:
        stored.wait(10)
        told.append(send(*sent))

    at_once(holder, sender)
    return told[0]


def test_A01_what_another_session_stores_meanwhile_is_a_duplicate_and_the_rest_is_stored() -> None:
    make_meter()
    app = an_app()
    sent = [event(app, value=str(n)) for n in range(1, 6)]

    told = beside(sent[:2], sent)

    assert (told.accepted, told.duplicates, told.rejected) == (3, 2, [])
    assert rows(STORED) == [(1,), (2,), (3,), (4,), (5,)]
    assert count("usage_usageeventkey") == 5
    assert rows("SELECT sum(n)::int FROM usage_ingestbatch") == [(5,)]


def test_A02_another_body_that_is_stored_meanwhile_stays_and_this_one_is_a_conflict() -> None:
    make_meter()
    app = an_app()
    one, two = event(app, value="1"), event(app, value="2")

    told = beside([{**one, "data": {"value": "9"}}], [one, two])

    assert (told.accepted, told.duplicates) == (1, 0)
    assert [(no.index, no.code) for no in told.rejected] == [(0, "conflict")]
    assert rows(STORED) == [(2,), (9,)]


def test_what_another_session_gives_up_is_stored_here() -> None:
    make_meter()
    app = an_app()
    sent = [event(app, value=str(n)) for n in range(1, 4)]

    told = beside(sent[:2], sent, commits=False)

    assert (told.accepted, told.duplicates) == (3, 0)
    assert rows(STORED) == [(1,), (2,), (3,)]


def test_an_event_of_several_meters_is_stored_whole_beside_another_session() -> None:
    make_meter()
    make_meter("second", kind="count")
    app = an_app()
    sent = [event(app, value=str(n)) for n in range(1, 4)]

    assert beside(sent[:1], sent).accepted == 2
    assert (count("usage_usageeventkey"), count("usage_usageevent")) == (3, 6)


def test_sixteen_senders_of_overlapping_batches_are_all_answered() -> None:
    make_meter()
    app = an_app()
    events = [event(app) for _ in range(300)]

    def sender(seed: int) -> Callable[[], int]:
        rng = random.Random(seed)

        def work() -> int:
            said = [send(*rng.sample(events, 60)) for _round in range(4)]
            assert all(one.accepted + one.duplicates == 60 for one in said)
            return sum(one.accepted for one in said)

        return work

    accepted = sum(at_once(*[sender(n) for n in range(16)]))
    assert accepted == count("usage_usageevent") == count("usage_usageeventkey") <= 300
