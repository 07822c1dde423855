"""Issuing: once, whole, frozen, numbered without a gap."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import Invoice, InvoiceLine, LedgerEntry, NumberSeries, ParkedCustomer
from billing.parking import park
from billing.services.invoicing import issue_cycle, issue_start
from billing.services.payments import record_offline
from plans.actor import NIGHT
from plans.errors import DomainError
from subscriptions.services import cancel_at_period_end
from tests.billing.world import EDGE, START, TERMS, as_text, begin, make_plan
from tests.factories import TESTER, make_customer, make_subscription
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


# What the database itself refuses, whoever asks.


@transaction.atomic
def committed(sql: str, *params) -> None:
    """Run one statement and everything a commit would check."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@transaction.atomic
def forged(values) -> None:
    Invoice.objects.create(**values)
    committed("SELECT 1")


def refused(sql: str, *params) -> None:
    with pytest.raises(DatabaseError):
        committed(sql, *params)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE billing_invoice SET total = total + 1",
        "UPDATE billing_invoice SET currency = 'EUR'",
        "UPDATE billing_invoice SET status = 'draft', number = NULL",
        "UPDATE billing_invoice SET status = 'paid'",
        "DELETE FROM billing_invoice",
        "UPDATE billing_invoiceline SET amount = amount + 1",
        "DELETE FROM billing_invoiceline",
        "UPDATE billing_ledgerentry SET amount = 1",
        "DELETE FROM billing_ledgertransaction",
    ],
)
def test_D19_issued_rows_do_not_change(sql):
    begin()

    refused(sql)


def test_D19_no_line_is_added_to_an_issued_invoice():
    _subscription, invoice = begin()
    line = invoice.lines.first()
    values = {field.attname: getattr(line, field.attname) for field in line._meta.concrete_fields}

    with pytest.raises(DatabaseError), transaction.atomic():
        InvoiceLine.objects.create(**{**values, "id": None, "position": 99, "line_key": "more"})


def test_I1_an_invoice_that_is_not_the_sum_of_its_lines_is_refused():
    _subscription, invoice = begin()
    copy = Invoice.objects.get(pk=invoice.pk)
    values = {field.attname: getattr(copy, field.attname) for field in copy._meta.concrete_fields}
    values |= {"id": None, "public_id": "inv_forged", "number": "X-1", "sequence": 99, "kind": "change"}

    with pytest.raises(IntegrityError, match="not the sum of its lines"):
        forged(values)


def test_D01_a_second_live_invoice_of_a_period_is_refused():
    _subscription, invoice = begin()
    values = {field.attname: getattr(invoice, field.attname) for field in invoice._meta.concrete_fields}
    values |= {"id": None, "public_id": "inv_twin", "number": None, "sequence": None, "status": "draft"}

    with pytest.raises(IntegrityError, match="invoice_once_per_period"), transaction.atomic():
        Invoice.objects.create(**values)


def test_I6_entries_that_do_not_balance_are_refused():
    begin()

    refused(
        "INSERT INTO billing_ledgerentry (transaction_id, customer_id, currency, account, amount)"
        " SELECT id, customer_id, currency, 'cash', 5 FROM billing_ledgertransaction LIMIT 1"
    )


def test_I15_no_row_joins_two_customers():
    begin()
    other = make_customer()

    refused("UPDATE billing_invoice SET customer_id = %s", other.pk)
    refused(
        "INSERT INTO billing_ledgerentry (transaction_id, customer_id, currency, account, amount)"
        " SELECT id, %s, currency, 'cash', 5 FROM billing_ledgertransaction LIMIT 1",
        other.pk,
    )


def test_I17_a_quantity_that_is_no_number_is_refused():
    subscription = make_subscription(version=make_plan())
    columns = "public_id, kind, period_start, currency, collection, status, series, created_by, created_at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO billing_invoice ({columns}, customer_id, subscription_id, span, subtotal, total,"
            " content_hash) VALUES ('inv_x', 'change', now(), 'USD', 'offline', 'draft', '', 'x', now(),"
            " %s, %s, '[2026-01-01,2026-02-01)', 0, 0, '') RETURNING id",
            [subscription.customer_id, subscription.pk],
        )
        (invoice_id,) = cursor.fetchone()

    refused(
        "INSERT INTO billing_invoiceline (invoice_id, customer_id, position, line_key, kind, charge, label,"
        " description, tags, is_credit, is_tax, app_code, region, span, quantity, unit, exact_amount, amount,"
        " terms_hash, engine, derivation, reading_ids)"
        " VALUES (%s, %s, 1, 'k', 'charge', 'c', '{}', '{}', '{}', false, false,"
        " '', '', '[2026-01-01,2026-02-01)', 'NaN', '', 0, 0, '', '1', '{}', '{}')",
        invoice_id,
        subscription.customer_id,
    )
    assert not ParkedCustomer.objects.exists()
