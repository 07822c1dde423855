"""How soon and how honestly: turns to fold, and `complete through` that promises nothing uncounted."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction

from config.celery import CADENCE
from plans.timespan import Period
from tests.factories import NOVEMBER, NOW
from tests.usage.quota_world import subscribed, use
from tests.usage.world import an_app, event, make_meter, send
from usage import services
from usage.locks import try_turn_to_fold
from usage.models import IngestBatch

pending = IngestBatch.objects.filter(state="pending")


@pytest.mark.django_db(transaction=True)
def test_the_schedule_folds_in_one_process_at_a_time() -> None:
    """A second ring stands back at once: it would wait for the same cells, and billing for its process."""
    make_meter()
    services.make_partitions(at=NOW)
    send(event(an_app()))
    taken, done = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic():
            assert try_turn_to_fold()
            taken.set()
            done.wait(10)
        connection.close()

    beside = threading.Thread(target=other)
    beside.start()
    assert taken.wait(10)
    folded = services.roll_up_in_turn()
    done.set()
    beside.join()

    assert (folded, pending.count()) == (0, 1)
    assert (services.roll_up_in_turn(), pending.count()) == (1, 0)


@pytest.mark.django_db
def test_a_turn_ends_though_events_keep_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a steady stream leaves is the next ring's: the turn ends after its time, not when all is done."""
    make_meter()
    app = an_app()
    monkeypatch.setattr("usage.services.rollup.PASS_EVENTS", 1)
    for _n in range(3):
        send(event(app))

    assert services.roll_up_in_turn(timedelta(0)) == 0
    assert pending.count() == 3
    assert services.roll_up_in_turn(timedelta(seconds=30)) == 3


def test_figures_are_looked_at_several_times_within_what_they_may_be_behind() -> None:
    assert CADENCE["usage.roll_up"] <= 2 / 4


@pytest.mark.django_db
def test_a_reading_says_up_to_when_it_was_complete() -> None:
    """Nothing pending: the instant of the freeze. Something pending: not a moment after it was received."""
    app = subscribed()
    agreement = app.customer.subscriptions.get()
    month = Period(NOVEMBER, datetime(2026, 12, 1, tzinfo=UTC))

    def through(meter: str, at: datetime) -> datetime:
        found = services.freeze(subscription=agreement, period=month, meters=[meter], at=at)
        return datetime.fromisoformat(found[0].manifest["complete_through"])

    use(app, "1")
    services.roll_up_all()
    assert through("messages", NOW) == NOW

    use(app, "1")
    received = NOW - timedelta(days=1)
    pending.update(received_at=received)
    assert through("sends", NOW) == received
