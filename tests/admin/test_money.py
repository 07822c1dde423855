"""Money rows are read; the two acts there are go through the services and need a reason or a reference."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from billing.models import Invoice, LedgerTransaction, ParkedCustomer, Payment, StripeEvent
from tests.admin.conftest import shown
from tests.admin.world import fill, make_invoice
from tests.factories import NOW, make_subscription

pytestmark = pytest.mark.django_db


def page(invoice: Invoice) -> str:
    return reverse("admin:billing_invoice_change", args=[invoice.pk])


def pay(invoice: Invoice) -> str:
    return reverse("admin:billing_invoice_mark_paid", args=[invoice.pk])


def test_an_invoice_is_not_changed_by_a_form(staff: Client) -> None:
    invoice = make_invoice(1, make_subscription())

    assert staff.post(page(invoice), {"total": "1", "status": "paid"}).status_code == 403
    assert staff.post(reverse("admin:billing_invoice_delete", args=[invoice.pk])).status_code == 403
    assert staff.get(reverse("admin:billing_invoice_add")).status_code == 403
    invoice.refresh_from_db()
    assert (invoice.total, invoice.status) == (4600, "open")


def test_no_list_deletes_in_bulk(staff: Client) -> None:
    invoice = make_invoice(1, make_subscription())

    staff.post(
        reverse("admin:billing_invoice_changelist"),
        {"action": "delete_selected", "_selected_action": [invoice.pk], "post": "yes"},
    )

    assert Invoice.objects.filter(pk=invoice.pk).exists()


def test_amounts_are_shown_with_their_currency_and_why(staff: Client) -> None:
    text = shown(staff, page(make_invoice(1, make_subscription())))

    assert "USD 46.00" in text
    assert "USD 6.00" in text
    assert "How it comes about" in text


def test_a_bank_transfer_is_recorded_once(staff: Client) -> None:
    invoice = make_invoice(1, make_subscription())

    staff.post(pay(invoice), {"reference": "CMB-2026-1201"})
    staff.post(pay(invoice), {"reference": "CMB-2026-1201"})

    invoice.refresh_from_db()
    payment = Payment.objects.get()
    assert invoice.status == "paid"
    assert (payment.amount, payment.provider_id) == (4600, "CMB-2026-1201")
    assert payment.by.startswith("user:")
    assert LedgerTransaction.objects.filter(kind__contains="payment").count() == 1


def test_money_of_the_future_is_refused(staff: Client) -> None:
    invoice = make_invoice(1, make_subscription())

    answer = staff.post(pay(invoice), {"reference": "x", "paid_at": "2999-01-01T00:00"})

    assert "The date lies in the future" in answer.content.decode()
    assert not Payment.objects.exists()


def test_an_invoice_that_stripe_collects_is_not_marked_by_hand(staff: Client) -> None:
    invoice = make_invoice(1, make_subscription(), collection="stripe_charge")

    answer = staff.post(pay(invoice), {"reference": "x"})

    invoice.refresh_from_db()
    assert answer.status_code == 200
    assert invoice.status == "open"
    assert "Mark as paid" not in shown(staff, page(invoice))


def test_a_parked_customer_is_released_with_a_reason(staff: Client) -> None:
    customer = make_subscription().customer
    parked = ParkedCustomer.objects.create(customer=customer, reason="negative_invoice", parked_at=NOW)
    url = reverse("admin:billing_parkedcustomer_release", args=[parked.pk])

    staff.post(url, {"reason": ""})
    parked.refresh_from_db()
    assert parked.released_at is None

    staff.post(url, {"reason": "The credit was corrected."})
    parked.refresh_from_db()
    assert parked.released_by.startswith("user:")
    assert "The credit was corrected." in LogEntry.objects.get().get_change_message()


def test_the_first_page_names_what_waits(staff: Client) -> None:
    fill(1)

    text = shown(staff, reverse("admin:index"))

    assert "Billing of them waits for a person" in text
    assert "1 batch waits" in text


def test_E12_a_parked_message_is_replayed_with_a_reason(staff: Client) -> None:
    event = StripeEvent.objects.create(
        event_id="evt_1",
        type="invoice.paid",
        livemode=False,
        created=NOW,
        body="{}",
        state="parked",
        faults=8,
    )
    url = reverse("admin:billing_stripeevent_replay", args=[event.pk])

    assert url in shown(staff, reverse("admin:billing_stripeevent_change", args=[event.pk]))
    staff.post(url, {"reason": ""})
    event.refresh_from_db()
    assert event.state == "parked"

    staff.post(url, {"reason": "The invoice exists now."})
    event.refresh_from_db()
    assert (event.state, event.faults) == ("received", 0)
    assert "The invoice exists now." in LogEntry.objects.get().get_change_message()
    assert "Only a parked message" in shown(staff, url)
