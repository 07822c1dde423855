"""Issuing: once, whole, frozen, numbered without a gap."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.models import Invoice, LedgerEntry, NumberSeries
from billing.parking import park
from billing.services.invoicing import issue_cycle, issue_start
from billing.services.payments import record_offline
from billing.verifying import faults_of
from plans.actor import NIGHT
from plans.errors import DomainError
from subscriptions.services import cancel_at_period_end, change_seats, remove_option
from tests.billing.world import EDGE, START, TAX, TERMS, as_text, begin, make_plan
from tests.factories import TESTER, make_customer
from tests.golden import golden

pytestmark = pytest.mark.django_db
NIGHT_1 = EDGE + timedelta(hours=26)


def test_subscribing_issues_the_first_base():
    _subscription, invoice = begin()

    assert as_text(invoice) == golden("start_monthly.txt", as_text(invoice))


def test_an_annual_start_is_twelve_months_and_the_discount_on_its_own_line():
    _subscription, invoice = begin(term="annual", options={"module.moderation": Decimal(1)})

    assert as_text(invoice) == golden("start_annual.txt", as_text(invoice))


def test_an_annual_cycle_has_usage_only():
    subscription, _start = begin(term="annual")

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert [line.charge for line in invoice.lines.order_by("position")] == ["users", "messages"]
    assert (invoice.total, invoice.status) == (0, "paid")


def test_the_year_after_is_billed_at_its_edge():
    subscription, _start = begin(term="annual")
    edge = datetime(2027, 9, 9, 16, tzinfo=UTC)

    invoice = issue_cycle(subscription, edge, at=edge + timedelta(days=1), by=NIGHT)

    assert [line.amount for line in invoice.lines.order_by("position")] == [48000, 0, 0, -9600]


def test_the_last_cycle_has_usage_only():
    subscription, _start = begin()
    cancel_at_period_end(subscription, at=START, by=TESTER)

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert [line.charge for line in invoice.lines.order_by("position")] == ["users", "messages"]


def test_a_period_is_invoiced_once():
    subscription, start = begin()
    first = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    again = issue_cycle(subscription, EDGE, at=NIGHT_1 + timedelta(days=1), by=NIGHT)

    assert again == first
    assert issue_start(subscription, at=NIGHT_1, by=NIGHT) == start
    assert Invoice.objects.count() == 2


def test_D17_the_version_of_the_period_prices_it():
    version = make_plan()
    subscription, _start = begin(version=version)
    make_plan(charges=[{**TERMS["charges"][0], "steps": [{"price": {"flat": "999"}}]}, *TERMS["charges"][1:]])

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert invoice.lines.get(charge="base").amount == 4000
    assert invoice.lines.get(charge="base").terms_hash == version.terms_hash


def test_numbers_have_no_gap_when_an_issue_fails():
    begin()
    bands = [{"below": "1", "each": "1"}, {"ask": "true"}]
    unpriced = make_plan(charges=[{"code": "ask", "steps": [{"price": {"mode": "volume", "bands": bands}}]}])
    with pytest.raises(DomainError):
        begin(version=unpriced)

    begin()

    assert sorted(Invoice.objects.values_list("sequence", flat=True)) == [1, 2]
    assert NumberSeries.objects.get().last == 2


def test_lines_below_the_minor_unit_add_up_to_the_rounded_total():
    """Three lines of 0.333 make 0.999: 1.00 in all, the third cent to the first of them."""
    thirds = [
        {"code": f"third-{n}", "tags": ["plan"], "steps": [{"price": {"flat": "0.333"}}]} for n in range(3)
    ]
    _subscription, invoice = begin(version=make_plan(charges=thirds, round="none", figures=[]))

    assert invoice.total == 100
    assert [line.amount for line in invoice.lines.order_by("position")] == [34, 33, 33]


def test_a_parked_customer_is_not_billed():
    customer = make_customer()
    park(customer.pk, reason="looked_odd", detail="")

    with pytest.raises(DomainError) as refusal:
        begin(customer=customer)

    assert refusal.value.code == "customer_parked"


def test_lines_below_zero_are_refused():
    gift = {"code": "gift", "credit": "true", "steps": [{"price": {"flat": "5"}}]}
    version = make_plan(charges=[gift], figures=[])

    with pytest.raises(DomainError) as refusal:
        begin(version=version)

    assert refusal.value.code == "negative_invoice"


def test_an_offline_invoice_is_paid_against_a_reference_once():
    _subscription, invoice = begin()
    paid = START + timedelta(days=3)
    with pytest.raises(DomainError) as refusal:
        record_offline(invoice, reference="BANK-1", amount=1, paid_at=paid, by=TESTER)
    assert refusal.value.code == "amount_differs"

    first = record_offline(invoice, reference="BANK-1", amount=4000, paid_at=paid, by=TESTER)
    again = record_offline(invoice, reference="BANK-1", amount=4000, paid_at=paid, by=TESTER)

    assert first == again
    invoice.refresh_from_db()
    assert (invoice.status, invoice.paid_at) == ("paid", paid)
    assert sum(LedgerEntry.objects.filter(account="receivable").values_list("amount", flat=True)) == 0


def test_a_reference_is_one_payment_of_one_invoice():
    _subscription, invoice = begin()
    _subscription, other = begin()
    paid = START + timedelta(days=3)
    record_offline(invoice, reference="BANK-1", amount=4000, paid_at=paid, by=TESTER)

    with pytest.raises(DomainError) as elsewhere:
        record_offline(other, reference="BANK-1", amount=4000, paid_at=paid, by=TESTER)
    with pytest.raises(DomainError) as less:
        record_offline(invoice, reference="BANK-1", amount=3999, paid_at=paid, by=TESTER)

    assert (elsewhere.value.code, less.value.code) == ("reference_taken", "amount_differs")
    assert invoice.number in str(elsewhere.value)


def test_what_changes_at_the_edge_splits_the_past_from_the_future():
    """The module ends with September's period: its usage is settled, its next fee is not due."""
    scan = {
        "code": "scans", "tags": ["usage"], "held": ["module.moderation"], "of": "seats", "when": "arrears",
        "steps": [{"price": {"each": "1"}}],
    }  # fmt: skip
    version = make_plan(charges=[*TERMS["charges"], scan, TAX])
    subscription, _start = begin(version=version, options={"module.moderation": Decimal(1)})
    change_seats(subscription, delta=5, at=START, by=TESTER)
    remove_option(subscription, option="module.moderation", at=EDGE, by=TESTER)

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    amounts = {line.charge: line.amount for line in invoice.lines.all() if line.amount}
    assert amounts == {"scans": 500, "base": 4000, "vat": 900}
    assert faults_of(invoice) == []


def test_two_plan_versions_in_one_period_are_not_guessed_at():
    subscription, _start = begin()
    middle = START + timedelta(days=10)
    phase = subscription.phases.get()
    phase.span = (phase.span.lower, middle)
    phase.save()
    subscription.phases.create(plan_version=make_plan(), span=(middle, None))

    with pytest.raises(DomainError) as refusal:
        issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert refusal.value.code == "several_phases"


def test_a_version_that_begins_at_the_edge_prices_the_future_only():
    subscription, _start = begin()
    phase = subscription.phases.get()
    phase.span = (phase.span.lower, EDGE)
    phase.save()
    dearer = make_plan(
        charges=[{**TERMS["charges"][0], "steps": [{"price": {"flat": "99"}}]}, *TERMS["charges"][1:]]
    )
    subscription.phases.create(plan_version=dearer, span=(EDGE, None))

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    hashes = {line.charge: line.terms_hash for line in invoice.lines.all()}
    assert invoice.lines.get(charge="base").amount == 9900
    assert hashes["base"] == dearer.terms_hash != hashes["messages"]
