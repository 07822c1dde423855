"""Retention of raw usage beside billing: a day goes when nothing can be billed from it any more."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.conf import settings
from django.db.models.functions import Now

from billing.books import offences
from billing.models import BillingJob, Invoice, ParkedCustomer
from billing.selectors_retention import needs
from billing.services.nightly import run_night
from billing.verifying import faults_of, proof_of
from plans.errors import DomainError
from plans.timespan import Period
from subscriptions.models import App, Subscription
from subscriptions.services import cancel_at_period_end
from tests.billing.world import EDGE, SHANGHAI, START, TERMS, begin, make_plan
from tests.factories import TESTER
from tests.snapshots import remembered
from tests.usage.old_days import no_days as no_days
from tests.usage.world import event, rows, send
from usage.models import DirtyCell, DroppedDay, IngestBatch, Reading, UsageEventKey
from usage.retention import Block
from usage.selectors_raw import cells_of, dropped_until, events_of, is_kept
from usage.selectors_retention import judged_days
from usage.services import drop_day, freeze, mark_dirty, retain, revise, roll_up_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_days")]
GRACE = timedelta(hours=24)
EDGES = [datetime(2026, month, 10, tzinfo=SHANGHAI) for month in (10, 11, 12)]
EDGES += [datetime(2027, month, 10, tzinfo=SHANGHAI) for month in (1, 2, 3, 4, 5, 6)]
IN_PERIOD = datetime(2026, 9, 20, 4, tzinfo=UTC)
DAY = IN_PERIOD.date()
FREE = EDGE + timedelta(days=100)  # from here on no late usage of the first period is billed by itself


def app_of(subscription: Subscription) -> App:
    return subscription.customer.apps.get()


def use(subscription: Subscription, *, at: datetime = IN_PERIOD, value: str = "60000") -> None:
    """Send messages and two users, received when they happened."""
    app = app_of(subscription)
    send(
        event(app, at=at, type="messages", value=value),
        event(app, at=at, type="mau", user="ann"),
        event(app, at=at, type="mau", user="bob"),
        at=at,
        backfill=True,
    )
    IngestBatch.objects.filter(state="pending").update(received_at=at)
    roll_up_all()


def bill(until: datetime) -> None:
    for edge in EDGES:
        if edge + GRACE <= until:
            run_night(edge + GRACE)


def billed(*uses: tuple[int, str]) -> Subscription:
    """Return an agreement with usage so many days after `IN_PERIOD`, billed until the first day is free.

    Its nights are most of the work of these tests, so they happen once a process.
    """

    def build() -> None:
        subscription, _start = begin()
        for days, value in uses:
            use(subscription, at=IN_PERIOD + timedelta(days=days), value=value)
        bill(FREE)

    days = [DAY + timedelta(days=days) for days, _value in uses]
    remembered("billed", (uses, settings.RATECARD_CLOCK), build, days=days)
    return Subscription.objects.get()


def blocked(at: datetime, day: date = DAY) -> list[str]:
    found = {one.facts.day: one.blocks for one in judged_days(at=at, needs=needs)}
    return [block.code for block in found[day]]


def is_there(day: date = DAY) -> bool:
    return rows("SELECT to_regclass(%s) IS NOT NULL", f"usage_usageevent_{day:%Y%m%d}") == [(True,)]


def refused(at: datetime) -> list[Block]:
    return [block for one in judged_days(at=at, needs=needs) for block in one.blocks]


def test_B10_a_day_goes_when_its_period_is_billed_and_late_usage_is_over_and_not_before() -> None:
    billed((0, "60000"))

    early = retain(at=FREE - timedelta(seconds=1), needs=needs)
    assert (early.dropped, is_there()) == ([], True)
    assert blocked(FREE - timedelta(seconds=1)) == ["frozen"]

    late = retain(at=FREE, needs=needs)
    again = retain(at=FREE, needs=needs)

    assert (late.dropped, late.keys, is_there()) == ([DAY], 3, False)
    assert (again.dropped, again.keys) == ([], 0)
    dropped = DroppedDay.objects.get()
    assert (dropped.day, dropped.rows, dropped.keys_gone_at is not None) == (DAY, 3, True)
    assert not UsageEventKey.objects.exists()


def test_B10_an_invoice_that_waits_or_is_parked_keeps_the_days_it_counts() -> None:
    subscription, _start = begin()
    use(subscription)
    at = FREE + timedelta(days=200)
    assert blocked(at) == ["open"]  # no night has run at all

    run_night(EDGES[0] + GRACE)
    assert blocked(at) == ["frozen"]  # what the second invoice may still correct
    bill(EDGES[3] + GRACE)
    job = BillingJob.objects.get(period_start=EDGES[0])
    for state in ("parked", "waiting"):
        BillingJob.objects.filter(pk=job.pk).update(state=state, invoice=None)
        assert blocked(at) == ["open"]
        assert retain(at=at, needs=needs).dropped == []


def test_B10_a_parked_customer_keeps_its_days_and_nobody_else_s() -> None:
    held, _start = begin()
    billed, _start = begin()
    use(held)
    use(billed, at=IN_PERIOD + timedelta(days=1))
    ParkedCustomer.objects.create(customer=held.customer, reason="test", parked_at=START)
    bill(FREE)

    found = retain(at=FREE, needs=needs)

    assert found.dropped == [DAY + timedelta(days=1)]
    assert is_there(DAY)
    (block,) = refused(FREE)
    assert (block.code, block.params["who"]) == ("open", held.public_id)


def test_B10_pending_batches_dirty_cells_and_late_receipts_keep_a_day() -> None:
    subscription = billed((0, "60000"))
    app, meter = app_of(subscription), Reading.objects.first().meter
    mark_dirty(app=app, meter=meter, instant=IN_PERIOD, reason="test", at=FREE, by=TESTER)
    send(event(app, at=IN_PERIOD, type="mau", user="ann"), at=FREE, backfill=True)
    IngestBatch.objects.filter(state="pending").update(received_at=FREE - timedelta(days=3))

    assert blocked(FREE) == ["pending", "dirty", "received"]
    assert not drop_day(DAY, at=FREE)

    roll_up_all()
    assert DirtyCell.objects.count() == 0
    assert blocked(FREE) == ["received"]
    assert retain(at=FREE + timedelta(days=33), needs=needs).dropped == [DAY]  # ann was counted before


def test_B10_usage_that_came_after_the_last_bill_keeps_its_day_until_people_have_settled_it() -> None:
    subscription, _start = begin()
    use(subscription)
    cancel_at_period_end(subscription, at=START, by=TESTER)
    bill(FREE)
    send(event(app_of(subscription), at=IN_PERIOD, type="mau", user="cy"), at=FREE, backfill=True)
    IngestBatch.objects.filter(state="pending").update(received_at=FREE)
    roll_up_all()
    at = FREE + timedelta(days=300)

    assert blocked(at) == ["unbilled"]
    assert retain(at=at, needs=needs).dropped == []
    assert [one.invariant for one in offences()] == ["I2"]


def test_B10_a_charge_billed_by_the_year_keeps_the_whole_year() -> None:
    yearly = {**TERMS["charges"][2], "code": "yearly", "every": "year"}
    subscription, _start = begin(version=make_plan(charges=[TERMS["charges"][0], yearly]))
    use(subscription)
    bill(EDGES[-1] + GRACE)

    assert blocked(EDGES[-1] + GRACE) == ["open"]


def test_days_of_apps_without_an_agreement_and_of_plans_that_count_nothing_are_nobody_s_need() -> None:
    counting, _start = begin(version=make_plan(charges=TERMS["charges"][:1]))
    use(counting)
    bill(FREE)

    assert blocked(FREE) == []
    counting_nothing = needs([app_of(counting).pk], FREE)
    assert counting_nothing == {}


def test_an_agreement_that_ended_needs_its_last_days_no_longer_than_late_usage() -> None:
    subscription, _start = begin()
    use(subscription)
    cancel_at_period_end(subscription, at=START, by=TESTER)
    bill(FREE)

    assert retain(at=FREE, needs=needs).dropped == [DAY]


@pytest.fixture
def gone() -> Subscription:
    """An agreement whose first month is billed, and the raw events of one of its two days dropped."""
    subscription = billed((0, "60000"), (9, "1"))
    IngestBatch.objects.filter(day_min=DAY + timedelta(days=9)).update(received_at=FREE - timedelta(days=1))
    assert retain(at=FREE, needs=needs).dropped == [DAY]
    DroppedDay.objects.update(dropped_at=Now() - timedelta(hours=1))  # one transaction has one now()
    return subscription


def test_B10_a_copy_of_a_dropped_event_is_refused_though_its_key_is_gone(gone: Subscription) -> None:
    app = app_of(gone)
    before = rows("SELECT sum(count) FROM usage_usagerollup")

    outcome = send(
        event(app, at=IN_PERIOD, type="messages", value="60000"), event(app, at=FREE), at=FREE, backfill=True
    )

    assert outcome.accepted == 0
    first = outcome.rejected[0]
    assert (first.code, first.field, first.limit) == ("day_dropped", "time", DAY.isoformat())
    roll_up_all()
    assert rows("SELECT sum(count) FROM usage_usagerollup") == before
    assert not is_there()


def test_B10_proofs_say_what_is_no_longer_kept_and_find_no_fault(gone: Subscription) -> None:
    invoice = Invoice.objects.get(kind="cycle", period_start=EDGES[0])

    proof = proof_of(invoice)

    assert proof.faults == ()
    assert 0 < proof.recounted < proof.cells
    assert faults_of(invoice) == []
    assert offences() == []
    reading = Reading.objects.filter(meter__code="messages").earliest("period")
    dropped = dropped_until(reading)
    first, second = cells_of(reading)
    assert dropped == DAY
    assert (is_kept(first, dropped), is_kept(second, dropped)) == (False, True)
    assert events_of(reading, first, limit=10) == []


def test_B10_a_dropped_day_cannot_be_counted_again_to_nothing(gone: Subscription) -> None:
    app, meter = app_of(gone), Reading.objects.filter(meter__code="messages").first().meter
    said = rows("SELECT cell_start, sum, count, revision FROM usage_usagerollup ORDER BY 1, 2")

    with pytest.raises(DomainError, match="would come to nothing") as refusal:
        mark_dirty(app=app, meter=meter, instant=IN_PERIOD, reason="test", at=FREE, by=TESTER)
    assert refusal.value.code == "cell_is_final"

    DirtyCell.objects.create(  # whoever writes it past the service
        app=app, meter=meter, cell_start=datetime.combine(DAY, time(), SHANGHAI), reason="test", by="x",
        cell_end=datetime.combine(DAY + timedelta(days=1), time(), SHANGHAI), marked_at=FREE,
    )  # fmt: skip
    roll_up_all()
    assert DirtyCell.objects.count() == 1
    assert rows("SELECT cell_start, sum, count, revision FROM usage_usagerollup ORDER BY 1, 2") == said


def test_B10_late_usage_of_a_period_that_lost_days_changes_no_reading_and_is_listed(
    gone: Subscription,
) -> None:
    app, at = app_of(gone), IN_PERIOD + timedelta(days=9)
    first = Reading.objects.filter(meter__code="mau").earliest("period")
    period = cells_of(first)[0].period
    assert revise(subscription=gone, period=period, meters=["mau", "messages"], at=FREE)[0].value == 2

    send(event(app, at=at, type="mau", user="zoe"), at=FREE, backfill=True)
    roll_up_all()

    (users,) = revise(subscription=gone, period=period, meters=["mau"], at=FREE)
    assert (users.pk, users.value) == (first.pk, 2)  # not 1 or 3: ann and bob of the dropped day are unknown
    assert [(one.invariant, one.row) for one in offences()] == [("I2", gone.public_id)]
    run_night(EDGES[4] + GRACE)
    later = Invoice.objects.get(kind="cycle", period_start=EDGES[4])
    assert not later.lines.filter(kind="adjustment").exists()


def test_B10_a_period_agreed_afterwards_over_dropped_days_is_refused_and_not_counted_low() -> None:
    subscription, _start = begin()
    use(subscription)
    DroppedDay.objects.create(day=DAY, rows=3, bytes=1)
    period = Period(subscription.anchor, EDGE)

    with pytest.raises(DomainError, match=r"mau cannot be counted .* raw events of 2026-09-20") as refusal:
        freeze(subscription=subscription, period=period, meters=["mau", "messages"], at=FREE)
    assert refusal.value.code == "usage_cannot_be_counted"
    assert not Reading.objects.exists()

    (days,) = freeze(subscription=subscription, period=period, meters=["messages"], at=FREE)
    assert days.value == 60000  # whole days are told by their cells, which stay


def test_an_invoice_long_overdue_reaches_no_further_back_for_others_than_their_own() -> None:
    held, _start = begin()
    prompt, _start = begin()
    parked = ParkedCustomer.objects.create(customer=held.customer, reason="test", parked_at=START)
    bill(EDGES[4] + GRACE)
    use(prompt, value="900000")  # 100 days and more after its period was billed
    parked.released_at = EDGES[4]
    parked.save()
    BillingJob.objects.filter(state="parked").update(state="waiting", parked_reason="", finished_at=None)

    run_night(EDGES[5] + GRACE)

    assert Invoice.objects.filter(subscription=held, kind="cycle").count() == 6
    assert not [row for row in Invoice.objects.all() if row.lines.filter(kind="adjustment").exists()]
    assert [(one.invariant, one.row) for one in offences()] == [("I2", prompt.public_id)]
