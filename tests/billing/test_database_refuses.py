"""What the database itself refuses, whoever asks: raw SQL against every guard of the money tables."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from billing.models import Invoice, InvoiceLine, ParkedCustomer
from tests.billing.world import begin, make_plan
from tests.factories import make_customer, make_subscription

pytestmark = pytest.mark.django_db


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
