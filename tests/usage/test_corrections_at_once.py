"""Corrections beside folds and beside each other: an event is void once, and counted or not, never half."""

import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, transaction

from tests.usage.test_at_once import at_once
from tests.usage.test_corrections import correct, event, instead, void
from tests.usage.world import an_app, count, make_meter, rows, send
from usage import folding, services
from usage.locks import share_folding
from usage.models import EventVoid, UsageRollup

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_void_beside_the_fold_of_its_own_event():
    make_meter()
    app = an_app()
    sent = [event(app) for _ in range(5)]
    send(*sent)
    folding_now, voided = threading.Event(), threading.Event()

    def fold() -> None:
        with transaction.atomic():
            share_folding()
            claimed = folding.claim(1000)
            assert claimed is not None
            folding.fold(claimed)
            folding.mark_done(claimed.ids)
            folding_now.set()
            assert voided.wait(20)
            time.sleep(0.3)  # the other roller asks for the lock meanwhile

    def correction() -> None:
        assert folding_now.wait(20)
        assert correct(void(sent[0])) == ["accepted"]
        voided.set()
        services.roll_up_all()

    at_once(fold, correction)
    services.roll_up_all()

    cell = UsageRollup.objects.get()
    assert (cell.sum, cell.count) == (4, 4)


def test_two_voids_at_once_are_one():
    make_meter()
    app = an_app()
    sent = [event(app) for _ in range(40)]
    send(*sent)
    services.roll_up_all()

    def correction(seed: int) -> Callable[[], list[str]]:
        mine = random.Random(seed).sample(sent, 40)
        return lambda: correct(*[void(one) for one in mine])

    verdicts = [one for told in at_once(*[correction(n) for n in range(6)]) for one in told]
    at_once(*[services.roll_up_all] * 3)

    assert (verdicts.count("accepted"), verdicts.count("duplicate")) == (40, 200)
    assert UsageRollup.objects.get().sum == 0


def test_of_two_different_replacements_at_once_one_is_kept():
    make_meter()
    app = an_app()
    sent = event(app)
    send(sent)
    new = [event(app, value=str(10 * n)) for n in range(1, 5)]

    told = at_once(*[lambda e=e: correct(instead(sent, e)) for e in new])
    verdicts = [one for (one,) in told]
    services.roll_up_all()

    assert sorted(verdicts) == ["accepted", *["corrected_otherwise"] * 3]
    assert count("usage_usageeventkey") == 2  # no replacement without its void
    kept = "(SELECT replaced_by FROM usage_eventvoid)"
    ((value,),) = rows(f"SELECT value FROM usage_usageevent WHERE event_key = {kept}")
    assert UsageRollup.objects.get().sum == value


def test_writers_correctors_and_rollers_at_once():
    make_meter()
    make_meter("mau", "unique")
    app = an_app()
    sent: list[dict[str, Any]] = []
    gone: list[str] = []

    def writer(seed: int) -> Callable[[], None]:
        def work() -> None:
            rng = random.Random(seed)
            for _round in range(12):
                body = [event(app, user=f"u{rng.randrange(30)}") for _ in range(20)]
                send(*body)
                mine = rng.sample(body, 4)
                assert correct(*[void(one) for one in mine]) == ["accepted"] * 4
                sent.extend(body)
                gone.extend(one["id"] for one in mine)

        return work

    def roller() -> None:
        for _pass in range(25):
            with suppress(
                OperationalError
            ):  # a busy machine: the lock is asked for again, as by the schedule
                services.roll_up(limit=50)
                services.fold_corrections()

    at_once(*[writer(n) for n in range(3)], roller, roller)
    services.roll_up_all()

    cell = UsageRollup.objects.get(meter__code="messages")
    assert (cell.count, EventVoid.objects.count()) == (len(sent) - len(gone), len(gone))
    ids = {one["id"]: one["data"]["user"] for one in sent if one["id"] not in gone}
    assert count("usage_distinctuser") == len(set(ids.values()))
