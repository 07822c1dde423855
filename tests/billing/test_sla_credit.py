"""A breach becomes credit, credit becomes lines, and a correction moves only the difference."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.books import offences
from billing.models import BillingJob, Invoice, LedgerEntry, SlaAssessment, SlaCredit
from billing.selectors import credit_balance
from billing.services.invoicing import issue_cycle
from billing.services.runs import run_jobs, tick
from billing.services.sla import assess
from plans.actor import NIGHT
from plans.timespan import Period
from subscriptions.services import remove_option
from tests.billing.world import EDGE, START, TAX, TERMS, as_text, begin, make_plan, report_availability
from tests.factories import TESTER, make_customer
from tests.golden import golden

pytestmark = pytest.mark.django_db
GOLD = {"sla.gold": Decimal(1)}
SEPTEMBER = Period(datetime(2026, 8, 31, 16, tzinfo=UTC), datetime(2026, 9, 30, 16, tzinfo=UTC))
OCTOBER_1 = datetime(2026, 10, 1, tzinfo=UTC)
LATER = datetime(2026, 10, 5, tzinfo=UTC)
WHEN_DUE = datetime(2026, 10, 11, tzinfo=UTC)


def breached(good: str = "42900", **more):
    """A customer with a gold promise, and September reported for its app."""
    subscription, _start = begin(options=GOLD, **more)
    report_availability(subscription.customer.apps.get(), good)
    return subscription


def test_the_fee_is_the_base_by_the_share_of_the_month_it_covers():
    """Base 40.00 for 10 September to 9 October; 21 of its 30 days lie in September: 28.00."""
    row = assess(breached(), SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    assert (row.fee, row.amount, str(row.availability)) == (2800, 280, "99.30555555")
    assert credit_balance(row.customer, "USD") == 280


def test_a_discount_lowers_the_fee_by_its_part_on_the_base():
    """480.00 less 20 % for 365 days; 21 of them: 384.00 × 21 / 365 = 22.09, without the module."""
    options = {**GOLD, "module.moderation": Decimal(1)}
    subscription, _start = begin(options=options, term="annual")
    report_availability(subscription.customer.apps.get(), "42900")

    row = assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    assert row.fee == 2209


def test_a_promise_kept_earns_nothing():
    row = assess(breached("43199"), SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    assert row.amount == 0
    assert not SlaCredit.objects.exists()


def test_a_window_is_judged_once():
    subscription = breached()
    first = assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    again = assess(subscription, SEPTEMBER, at=LATER, by=NIGHT)

    assert again == first
    assert credit_balance(subscription.customer, "USD") == 280


def test_a_corrected_report_posts_only_the_difference():
    subscription = breached()
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    report_availability(subscription.customer.apps.get(), "42000", revision=2)

    row = assess(subscription, SEPTEMBER, at=LATER, by=NIGHT)

    assert (row.revision, row.amount) == (2, 700)
    assert list(SlaCredit.objects.values_list("amount", flat=True)) == [280, 420]
    assert credit_balance(subscription.customer, "USD") == 700


def test_a_correction_downwards_takes_back_what_is_left():
    subscription = breached("42000")
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    report_availability(subscription.customer.apps.get(), "42900", revision=2)

    assess(subscription, SEPTEMBER, at=LATER, by=NIGHT)

    assert credit_balance(subscription.customer, "USD") == 280
    invoice = issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)
    assert invoice.lines.get(kind="sla_credit").amount == -280


def test_what_was_drawn_is_not_taken_back():
    subscription = breached()
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)
    report_availability(subscription.customer.apps.get(), "43200", revision=2)

    row = assess(subscription, SEPTEMBER, at=WHEN_DUE, by=NIGHT)

    assert (row.revision, row.amount) == (2, 0)
    assert credit_balance(subscription.customer, "USD") == 0


def test_a_correction_down_and_up_again_pays_a_drawn_credit_once():
    subscription = breached()
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)

    for revision, good in ((2, "43200"), (3, "42900")):
        report_availability(subscription.customer.apps.get(), good, revision=revision)
        assess(subscription, SEPTEMBER, at=WHEN_DUE, by=NIGHT)

    assert list(SlaCredit.objects.values_list("amount", flat=True)) == [280]
    assert credit_balance(subscription.customer, "USD") == 0
    assert offences() == []


def test_I11_a_window_paid_twice_is_found_out():
    row = assess(breached(), SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    second = SlaAssessment.objects.create(**{**values, "id": None, "revision": 2})
    given = {field.attname: getattr(row.credit, field.attname) for field in row.credit._meta.concrete_fields}
    SlaCredit.objects.create(**{**given, "id": None, "assessment_id": second.pk, "revision": 2})

    assert "I11" in {one.invariant for one in offences()}


def test_the_next_invoice_draws_it_as_a_line_of_its_own():
    subscription = breached()
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    invoice = issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)

    assert as_text(invoice) == golden("cycle_with_sla_credit.txt", as_text(invoice))
    assert credit_balance(subscription.customer, "USD") == 0
    assert invoice.lines.get(kind="sla_credit").description["zh-Hans"].count("2026年9月") == 1


def test_credit_never_brings_an_invoice_below_zero_and_the_rest_stays():
    version = make_plan()
    subscription = breached("10000", version=version, term="annual", customer=None)
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)
    before = credit_balance(subscription.customer, "USD")

    invoice = issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)

    assert (invoice.total, invoice.status) == (0, "paid")
    assert credit_balance(subscription.customer, "USD") == before > 0


def test_a_tax_is_due_on_what_the_credit_leaves():
    subscription = breached(version=make_plan(charges=[*TERMS["charges"], TAX]))
    assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    invoice = issue_cycle(subscription, EDGE, at=WHEN_DUE, by=NIGHT)

    assert [line.amount for line in invoice.lines.order_by("position") if line.amount] == [4000, -280, 744]


def test_the_night_judges_before_it_bills():
    subscription = breached()
    tick(WHEN_DUE)

    while run_jobs(WHEN_DUE):
        pass

    steps = set(BillingJob.objects.values_list("step", "state"))
    assert steps == {("sla", "done"), ("cycle", "done")}
    assert subscription.invoices.get(kind="cycle").total == 4000 - 280


def test_a_late_correction_reopens_the_window():
    subscription = breached()
    tick(OCTOBER_1)
    run_jobs(OCTOBER_1)
    assert tick(OCTOBER_1) == 0
    report_availability(subscription.customer.apps.get(), "42000", revision=2)

    assert tick(LATER) == 1
    run_jobs(LATER)

    assert credit_balance(subscription.customer, "USD") == 700


def drain(at: datetime) -> int:
    """Tick and carry out; return how many windows and periods were new or open again."""
    new = tick(at)
    while run_jobs(at):
        pass
    return new


def test_after_missed_nights_each_window_has_its_fee_and_each_invoice_its_credit():
    """October is 9 days of the first month and 22 of the second; its credit is drawn on 10 November."""
    subscription = breached("43200")
    app = subscription.customer.apps.get()
    report_availability(app, "43000", "44640", month=(2026, 10))

    drain(datetime(2026, 11, 11, tzinfo=UTC))

    october = SlaAssessment.objects.get(window__startswith=SEPTEMBER.end)
    assert october.fee == 1200 + 2839  # 40.00 × 9 / 30 and 40.00 × 22 / 31
    drawn = [
        line.amount
        for line in subscription.invoices.get(period_start__gt=EDGE).lines.filter(kind="sla_credit")
    ]
    assert drawn == [-october.amount]


@pytest.mark.parametrize("nights", [1, 3])
def test_an_edge_on_a_month_s_last_day_is_invoiced_before_the_month_is_judged(nights):
    customer = make_customer(billing_zone="Asia/Shanghai")
    subscription = breached(customer=customer, at=datetime(2026, 8, 31, 3, tzinfo=UTC))

    for night in range(nights):
        drain(SEPTEMBER.end + timedelta(days=night))

    row = SlaAssessment.objects.get(subscription=subscription, window__startswith=SEPTEMBER.start)
    assert (row.revision, row.fee) == (1, 4000 * 29 // 30 + 130)


def test_an_older_revision_that_comes_late_is_looked_at_once():
    subscription = breached("43000")
    report_availability(subscription.customer.apps.get(), "42900", revision=3)
    drain(OCTOBER_1)

    report_availability(subscription.customer.apps.get(), "42000", revision=2)

    assert [drain(OCTOBER_1) for _ in range(3)] == [1, 0, 0]


def test_a_window_without_a_promise_at_its_end_is_looked_at_once():
    subscription = breached()
    remove_option(subscription, option="sla.gold", at=datetime(2026, 9, 20, tzinfo=UTC), by=TESTER)

    assert [drain(OCTOBER_1) for _ in range(3)] == [1, 0, 0]


def test_another_fee_opens_the_window_again():
    subscription = breached()
    drain(OCTOBER_1)

    Invoice.objects.filter(subscription=subscription).update(status="void")

    assert [drain(LATER) for _ in range(2)] == [1, 0]
    assert SlaAssessment.objects.get(revision=2).fee == 0
    assert credit_balance(subscription.customer, "USD") == 0


def test_I11_the_database_refuses_a_credit_above_the_fee():
    row = assess(breached(), SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values |= {"id": None, "revision": 9, "amount": row.fee + 1}
    with pytest.raises(Exception, match="sla_credit_capped_by_fee"):
        SlaAssessment.objects.create(**values)


def test_I6_credit_cannot_go_below_zero():
    customer = make_customer()
    from billing.models import Account
    from billing.services.ledger import Posting, post

    sides = {Account.CUSTOMER_CREDIT: 1, Account.REVENUE: -1}
    post([Posting("by-hand", "test", customer.pk, "USD", sides)], at=START, by=NIGHT)
    with pytest.raises(Exception, match="below zero"), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert LedgerEntry.objects.model
