"""Retention beside writers, readers and recomputes: a day goes whole, or it stays; nobody waits for long."""

import threading
import time
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from plans.timespan import Period
from subscriptions.models import App
from tests.factories import NOW, TESTER, make_subscription
from tests.usage.old_days import no_days as no_days
from tests.usage.test_at_once import at_once
from tests.usage.world import Door, an_app, count, event, make_meter, rows, send
from usage import partitions
from usage.errors_retention import CellIsFinal, UsageCannotBeCounted
from usage.models import DirtyCell, DroppedDay, IngestBatch, UsageRollup
from usage.partitions import forget_days, partition_of
from usage.retention import Need
from usage.services import drop_day, freeze, mark_dirty, retain, revise, roll_up_all

pytestmark = pytest.mark.django_db(transaction=True)
OLD = NOW - timedelta(days=150)
DAY = OLD.date()
DAY_LONG = timedelta(days=1)


def nobody(_apps: Collection[int], _at: datetime) -> Mapping[int, Need]:
    """No bill needs anything."""
    return {}


@pytest.fixture
def app(no_days: None) -> Iterator[App]:
    """An app with one folded event of an old day."""
    make_meter()
    app = an_app()
    forget_days()
    send(event(app, at=OLD, value="7"), at=OLD, backfill=True)
    IngestBatch.objects.update(received_at=OLD)
    roll_up_all()
    yield app
    ensure_days_again()


def ensure_days_again() -> None:
    """Leave the day as other tests may find it."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_droppedday, usage_keptday")
    forget_days()


def is_there() -> bool:
    return rows("SELECT to_regclass(%s) IS NOT NULL", partition_of(DAY)) == [(True,)]


def try_to_send(sent: dict[str, Any]) -> int:
    """Return how many were accepted; what is neither was refused for its day, or is to be sent again."""
    try:
        outcome = send(sent, at=NOW, backfill=True)
    except (IntegrityError, OperationalError):  # the door says 503: nothing was acknowledged
        return 0
    assert outcome.accepted + sum(one.code == "day_dropped" for one in outcome.rejected) == 1, outcome
    return outcome.accepted


@pytest.mark.parametrize("round_", range(4))
def test_B10_a_backfill_into_a_day_that_goes_is_kept_whole_or_refused_whole(app: App, round_: int) -> None:
    """What was answered as accepted is in the table and in the cells; all else was refused or is retried."""
    accepted: list[int] = []

    def writer(name: int) -> None:
        accepted.extend(
            try_to_send(event(app, at=OLD + timedelta(minutes=n), id=f"{round_}-{name}-{n}"))
            for n in range(25)
        )

    def folder() -> None:
        for _n in range(15):
            roll_up_all()

    def retainer() -> None:
        for _n in range(4):
            IngestBatch.objects.update(received_at=OLD)  # as if everything had come long ago
            retain(at=NOW, needs=nobody)
            time.sleep(0.02)

    at_once(lambda: writer(1), lambda: writer(2), folder, retainer)
    roll_up_all()

    known = 1 + sum(accepted)
    assert UsageRollup.objects.get().count == known
    if is_there():
        assert count("usage_usageevent") == known
    IngestBatch.objects.update(received_at=OLD)
    retain(at=NOW, needs=nobody)
    assert not is_there()
    assert DroppedDay.objects.get().rows == known


def test_B10_a_writer_that_began_first_keeps_its_day(app: App) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            assert send(event(app, at=OLD, value="1"), at=NOW, backfill=True).accepted == 1
            began.set()
            go_on.wait(20)

    def drop() -> Any:
        began.wait(20)
        threading.Timer(0.5, go_on.set).start()
        return drop_day(DAY, at=NOW)

    assert False in at_once(slow, drop)
    assert is_there()
    roll_up_all()
    assert UsageRollup.objects.get().sum == 8


def test_B10_a_process_that_still_knows_the_day_is_told_to_send_again_and_then_why_not(app: App) -> None:
    door = Door()
    body = [event(app, at=OLD, id="late-1", value="1")]
    assert drop_day(DAY, at=NOW)
    partitions._known.add(DAY)  # another process' memory
    with connection.cursor() as cursor:  # the request looked before the day went
        cursor.execute("TRUNCATE usage_droppedday")

    first = door.post(body)
    assert first.status_code == 503
    assert count("usage_usageevent") == 0
    DroppedDay.objects.create(day=DAY, rows=1, bytes=1)
    second = door.post(body).json()

    assert (second["accepted"], second["rejected"][0]["code"]) == (0, "day_dropped")


def test_B10_a_long_read_makes_retention_give_up_and_nobody_wait(app: App) -> None:
    reading, done = threading.Event(), threading.Event()
    waits: list[float] = []

    def reader() -> None:
        with transaction.atomic():
            count("usage_usageevent")
            reading.set()
            done.wait(30)

    def writer() -> None:
        reading.wait(20)
        while not done.is_set():
            began = time.monotonic()
            send(event(app, value="1"))
            waits.append(time.monotonic() - began)

    def retainer() -> Any:
        reading.wait(20)
        try:
            return retain(at=NOW, needs=nobody)
        finally:
            done.set()

    (found,) = [one for one in at_once(reader, writer, retainer) if one is not None]

    assert (found.dropped, found.busy, is_there()) == ([], [DAY], True)
    assert max(waits) < 2
    assert retain(at=NOW, needs=nobody).dropped == [DAY]


def test_B10_a_cell_marked_while_its_day_goes_is_counted_again_before_or_refused(app: App) -> None:
    meter = UsageRollup.objects.get().meter

    def mark() -> str:
        try:
            mark_dirty(app=app, meter=meter, instant=OLD, reason="test", at=NOW, by=TESTER)
        except CellIsFinal:
            return "refused"
        roll_up_all()
        return "counted"

    def drop() -> str:
        return "dropped" if drop_day(DAY, at=NOW) else "kept"

    at_once(mark, drop)
    roll_up_all()

    assert UsageRollup.objects.get().sum == 7
    assert DirtyCell.objects.count() == 0


def test_B10_a_day_that_goes_between_two_reads_of_a_revision_changes_no_reading(app: App) -> None:
    """Billing keeps such days; should one go all the same, fewer users must not become a credit."""
    make_meter("mau", kind="unique", event_type="seen")
    subscription = make_subscription(app.customer)
    period = Period(OLD - timedelta(days=3), OLD + timedelta(days=20))
    for days, user in ((0, "ann"), (0, "bob"), (5, "cy")):
        at = OLD + timedelta(days=days)
        send(event(app, at=at, type="seen", user=user), at=NOW, backfill=True)
    roll_up_all()
    IngestBatch.objects.update(received_at=OLD)
    (known,) = freeze(subscription=subscription, period=period, meters=["mau"], at=NOW)
    send(event(app, at=OLD + timedelta(days=5), type="seen", user="zoe"), at=NOW, backfill=True)
    roll_up_all()
    dropped: list[Any] = []

    def just_before(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "count(DISTINCT v.user_digest)" in sql and not dropped:
            dropped.extend(at_once(lambda: drop_day(DAY, at=NOW)))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(just_before):
        (latest,) = revise(subscription=subscription, period=period, meters=["mau"], at=NOW)

    assert dropped == [True]
    assert (latest.pk, latest.value, known.value) == (known.pk, 3, 3)
    with pytest.raises(UsageCannotBeCounted):
        freeze(
            subscription=subscription,
            period=Period(period.start, period.end - DAY_LONG),
            meters=["mau"],
            at=NOW,
        )


def test_two_runs_at_once_drop_a_day_once(app: App) -> None:
    found = at_once(*[lambda: retain(at=NOW, needs=nobody)] * 3)

    assert sum(one.dropped.count(DAY) for one in found) == 1
    assert DroppedDay.objects.get().rows == 1
