"""Usage that comes late: before the freeze it is waited for; later, the next invoice has the difference."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from billing.books import offences
from billing.models import BillingJob, Invoice
from billing.services.nightly import run_night
from billing.services.runs import run_jobs, tick
from billing.verifying import faults_of
from subscriptions.models import Subscription
from subscriptions.services import cancel_at_period_end
from tests.billing.world import EDGE, START, TAX, TERMS, begin, make_plan
from tests.factories import TESTER
from tests.usage.world import event, send
from usage.models import UsageRollup
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
EDGES = [EDGE, datetime(2026, 11, 9, 16, tzinfo=UTC), datetime(2026, 12, 9, 16, tzinfo=UTC)]
FIRST, SECOND, THIRD = (edge + GRACE for edge in EDGES)
IN_PERIOD = EDGE - timedelta(days=3)


def use(subscription: Subscription, value: str, at: datetime = IN_PERIOD) -> None:
    app = subscription.customer.apps.get()
    send(event(app, at=at, type="messages", value=value), at=at, backfill=True)


def test_R02_an_invoice_waits_until_its_usage_is_folded():
    subscription, _start = begin()
    use(subscription, "100000")
    tick(FIRST)

    assert run_jobs(FIRST) == 0
    job = BillingJob.objects.get()
    assert (job.state, job.attempts, job.leased_until) == ("waiting", 0, None)

    roll_up_all()
    assert run_jobs(FIRST) == 1
    assert Invoice.objects.get(kind="cycle").lines.get(charge="messages").amount == 1500


def test_usage_of_the_next_period_and_of_strangers_holds_nobody_up():
    subscription, _start = begin()
    stranger, _start = begin()
    use(subscription, "5", at=EDGE + timedelta(days=1))
    tick(FIRST)
    use(stranger, "5")

    assert run_jobs(FIRST) == 1
    assert Invoice.objects.get(kind="cycle").subscription == subscription


def test_the_night_folds_and_bills_what_came_in():
    subscription, _start = begin()
    use(subscription, "100000")

    report = run_night(FIRST)

    assert (report.rolled_up, report.jobs, report.left) == (1, 1, [])
    assert Invoice.objects.get(kind="cycle").lines.get(charge="messages").amount == 1500


def cycle(edge: datetime) -> Invoice:
    return Invoice.objects.get(kind="cycle", period_start=edge)


def late_lines(invoice: Invoice) -> dict[str, int]:
    return dict(invoice.lines.filter(kind="adjustment").values_list("charge", "amount"))


def people(subscription: Subscription, *users: str, at: datetime = IN_PERIOD) -> None:
    app = subscription.customer.apps.get()
    send(*[event(app, at=at, type="mau", user=user) for user in users], at=at, backfill=True)


def test_R02_usage_after_the_freeze_is_a_line_of_the_next_invoice():
    subscription, _start = begin()
    run_night(FIRST)
    use(subscription, "100000")

    run_night(SECOND)

    second = cycle(EDGES[1])
    assert late_lines(second) == {"messages": 1500}
    line = second.lines.get(kind="adjustment")
    assert line.label["en"] == "Late usage: Messages"
    assert (line.adjusts, line.quantity, second.total) == (cycle(EDGE), 100000 - 50000, 4000 + 1500)
    assert [faults_of(row) for row in Invoice.objects.all()] == [[]] * 3
    assert offences() == []


def test_late_usage_is_billed_once():
    subscription, _start = begin()
    run_night(FIRST)
    use(subscription, "100000")
    run_night(SECOND)

    run_night(SECOND)
    run_night(THIRD)

    assert [late_lines(cycle(edge)) for edge in EDGES] == [{}, {"messages": 1500}, {}]


@pytest.mark.parametrize("tax", [False, True])
def test_both_invoices_together_are_what_one_would_have_been(tax):
    charges = [*TERMS["charges"], TAX] if tax else TERMS["charges"]
    version = make_plan(charges=charges)
    late, _start = begin(version=version)
    prompt, _start = begin(version=version)
    for subscription in (late, prompt):
        use(subscription, "61000")
        people(subscription, "ann", "bob", "cy", "di")
    use(prompt, "23456", at=IN_PERIOD - timedelta(days=4))
    people(prompt, "ed", "ann")
    run_night(FIRST)
    use(late, "23456", at=IN_PERIOD - timedelta(days=4))
    people(late, "ed", "ann")
    run_night(SECOND)
    use(late, "1")
    use(late, "40000", at=IN_PERIOD - timedelta(days=4))
    use(prompt, "40001")
    run_night(THIRD)

    totals = [
        sum(Invoice.objects.filter(subscription=one).values_list("total", flat=True))
        for one in (late, prompt)
    ]
    assert totals[0] == totals[1]
    assert [faults_of(row) for row in Invoice.objects.all()] == [[]] * 8
    assert offences() == []


def test_less_usage_is_given_back_but_never_below_zero():
    subscription, _start = begin()
    use(subscription, "1050000")
    run_night(FIRST)
    forget_messages(subscription)

    run_night(SECOND)
    assert late_lines(cycle(EDGES[1])) == {}  # 300.00 back on an invoice of 40.00 would be below zero
    use(subscription, "500000", at=EDGES[1] + timedelta(days=3))
    use(subscription, "700000", at=EDGES[1] + timedelta(days=4))
    run_night(THIRD)

    assert late_lines(cycle(EDGES[2])) == {"messages": -30000}
    assert [faults_of(row) for row in Invoice.objects.all()] == [[]] * 4


def forget_messages(subscription: Subscription) -> None:
    """Correct the period's cell to nothing, as a recompute after a correction does."""
    day = UsageRollup.objects.get(app__customer=subscription.customer, meter__code="messages")
    UsageRollup.objects.filter(pk=day.pk).update(sum=0, count=0, min=0, max=0, revision=day.revision + 1)


def test_A23_B08_T07_usage_after_the_last_invoice_is_listed():
    subscription, _start = begin()
    cancel_at_period_end(subscription, at=START, by=TESTER)
    run_night(FIRST)
    assert offences() == []
    use(subscription, "100000")

    run_night(FIRST + timedelta(days=1))

    assert [(one.invariant, one.row) for one in offences()] == [("I2", subscription.public_id)]


def test_money_moved_between_lines_shows_when_rated_again():
    subscription, _start = begin()
    use(subscription, "100000")
    run_night(FIRST)
    invoice = cycle(EDGE)
    moved = "UPDATE billing_invoiceline SET amount = amount + %s WHERE charge = %s AND invoice_id = %s"
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(moved, [1, "base", invoice.pk])
        cursor.execute(moved, [-1, "messages", invoice.pk])
        cursor.execute("SET session_replication_role = DEFAULT")

    assert any("rated again" in fault for fault in faults_of(invoice))


def test_R06_more_places_than_a_column_keeps_is_no_fault():
    third = {
        "code": "third", "tags": ["plan"], "of": {"over": ["10", "7"]},
        "steps": [{"price": {"each": "1"}}],
    }  # fmt: skip
    _subscription, invoice = begin(version=make_plan(charges=[*TERMS["charges"], third], round="none"))

    assert faults_of(Invoice.objects.get(pk=invoice.pk)) == []
