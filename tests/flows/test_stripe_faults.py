"""Faults on the way to Stripe (group D): whatever happens, one whole invoice stands there."""

from copy import copy
from datetime import timedelta

import pytest
from django.db import transaction

from billing import gateway, outbox
from billing.errors import GatewayRefused
from billing.gateway_values import Found
from billing.models import Invoice, StripeOperation
from billing.services.parking import release
from billing.services.planning import stripe_lines
from tests.billing.world import START, begin
from tests.factories import TESTER, make_customer
from tests.flows.conftest import Stripe
from tests.flows.test_stripe_path import add_card


def client_adds_a_line(invoice_id: str) -> None:
    """Somebody adds a line in the dashboard."""
    line = {"amount": 5, "description": "stray", "metadata": {"line_id": "stray"}}
    gateway.add_lines(invoice_id, [line], key="by-hand")


def again(stripe: Stripe) -> None:
    """Let the pauses be over, as a later round would find them."""
    for _ in range(6):
        StripeOperation.objects.update(retry_at=None)
        stripe.deliver(START)


def assert_one_whole_invoice(stripe: Stripe, invoice: Invoice) -> None:
    made = stripe.process.objects("invoice")
    assert [(one["number"], one["total"], one["status"]) for one in made] == [
        (invoice.number, invoice.total, "open")
    ]
    lines = stripe.process.objects("line_item")
    assert sum(line["amount"] for line in lines) == invoice.total
    assert stripe.process.count("customer") == 1


@pytest.mark.parametrize("path", ["invoices$", "add_lines", "finalize"])
def test_D04_what_stripe_made_before_the_line_dropped_is_adopted(stripe, path):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("drop_after", method="POST", path=path)

    outbox.deliver_ready()
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)
    assert StripeOperation.objects.filter(state="confirmed").count() == 4


@pytest.mark.parametrize("path", ["customers$", "invoices$", "add_lines", "finalize"])
def test_D05_a_stored_500_is_read_back_before_anything_else(stripe, path):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("500_after", method="POST", path=path)

    outbox.deliver_ready()
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)
    assert not StripeOperation.objects.filter(generation__gt=0).exists()


@pytest.mark.parametrize("path", ["invoices$", "add_lines", "finalize"])
def test_D05_a_500_that_applied_nothing_gets_a_new_generation(stripe, path):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("500_before", method="POST", path=path)

    outbox.deliver_ready()
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)
    assert StripeOperation.objects.filter(generation=1).count() == 1


def test_D08_a_busy_stripe_keeps_the_key(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("429", method="POST", path="invoices$")

    outbox.deliver_ready()
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)
    keys = {
        row["headers"]["idempotency-key"]
        for row in stripe.process.requests(method="POST", path="/v1/invoices")
    }
    assert len(keys) == 1


def test_D09_a_stored_429_gets_a_new_generation(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("429_stored", method="POST", path="add_lines")

    outbox.deliver_ready()
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)
    assert StripeOperation.objects.get(generation=1).kind == "invoice.add_lines"


def test_D07_a_day_later_the_key_is_dead_and_nothing_is_made_twice(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("drop_after", method="POST", path="invoices$")
    outbox.deliver_ready()

    stripe.at(START + timedelta(hours=25))
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)


def test_D14_a_draft_whose_sum_differs_is_not_finalised(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    outbox.deliver_ready(limit=1)
    operation = StripeOperation.objects.get(kind="invoice.add_lines")
    lease = outbox.claim(StripeOperation.objects.filter(kind="invoice.create"), limit=1)[0]
    outbox.deliver(lease)
    draft = stripe.process.objects("invoice")[0]
    client_adds_a_line(draft["id"])

    outbox.deliver_ready()

    operation.refresh_from_db()
    assert stripe.process.objects("invoice")[0]["status"] == "draft"
    assert StripeOperation.objects.get(kind="invoice.finalize").state == "refused"
    assert invoice.customer.parkings.get().reason == "sums_differ"


def test_D14_a_sum_that_changed_on_the_way_parks_the_customer(stripe, monkeypatch):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    finalise = gateway.finalise

    def another_sum(*args, **kwargs):
        found = finalise(*args, **kwargs)
        return Found(found.stripe_id, {**found.facts, "total": found.facts["total"] + 5})

    monkeypatch.setattr(gateway, "finalise", another_sum)

    while outbox.deliver_ready():
        pass

    assert StripeOperation.objects.get(kind="invoice.finalize").state == "confirmed"
    assert invoice.customer.parkings.get().reason == "sums_differ"


def test_a_card_that_stripe_does_not_take_is_not_shown_as_the_one_in_use(stripe, monkeypatch):
    customer = make_customer()
    stripe.at(START)
    first = add_card(stripe, customer, "4000000000000341")
    _subscription, invoice = begin(customer=customer, collection="stripe_charge")
    stripe.deliver(START)

    def refused(*_args, **_kwargs):
        raise GatewayRefused(reason="resource_missing", message="No such PaymentMethod")

    monkeypatch.setattr(gateway, "set_default_card", refused)
    add_card(stripe, customer)
    stripe.deliver(START)

    assert customer.payment_methods.get(is_default=True) == first
    assert StripeOperation.objects.get(kind="invoice.pay").state == "refused"
    assert not outbox.pending().exists()
    assert invoice.customer.parkings.count() == 0


def test_D10_parameters_that_changed_under_a_key_are_not_sent(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("drop_before", method="POST", path="invoices$")
    outbox.deliver_ready()
    outbox.deliver_ready()
    StripeOperation.objects.filter(kind="invoice.create").update(sent_hash="0" * 64)

    again(stripe)

    assert stripe.process.count("invoice") == 0
    assert invoice.customer.parkings.get().reason == "parameters_changed"


def test_D22_a_number_that_is_taken_at_stripe_parks_and_can_be_released(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    outbox.deliver_ready()
    customer_at_stripe = stripe.process.objects("customer")[0]["id"]
    other = gateway.create_invoice(
        {"customer": customer_at_stripe, "currency": "usd", "number": invoice.number}, key="by-hand"
    )

    again(stripe)
    parked = invoice.customer.parkings.get()
    assert parked.reason == "invalid_request"
    assert not outbox.pending().exists()

    gateway._client().v1.invoices.delete(other.stripe_id)
    release(parked, at=START, by=TESTER)
    again(stripe)

    assert_one_whole_invoice(stripe, invoice)


def test_D15_more_than_250_lines_are_grouped_by_charge(stripe):
    """Two charges of 150 apps each: two lines, each the sum of its own."""
    _subscription, invoice = begin()
    line = invoice.lines.get(charge="base")
    many = [copy(line) for _ in range(300)]
    for n, one in enumerate(many):
        one.pk, one.charge, one.amount = n, ("users", "messages")[n % 2], n

    grouped = stripe_lines(many, "en")

    assert [one["amount"] for one in grouped] == [sum(range(1, 300, 2)), sum(range(2, 300, 2))]
    assert len(stripe_lines(many[:251], "en")) == 250


def test_D28_a_call_inside_a_transaction_is_refused(stripe):
    with pytest.raises(RuntimeError, match="inside a transaction"), transaction.atomic():
        gateway.default_card("cus_1")


def test_D13_a_stray_pending_item_is_not_swept_in(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    outbox.deliver_ready()
    customer = stripe.process.objects("customer")[0]["id"]
    gateway._client().v1.invoice_items.create({"customer": customer, "amount": 999, "currency": "usd"})

    again(stripe)

    assert_one_whole_invoice(stripe, invoice)


def test_D16_stripe_does_not_finalise_a_draft_before_us(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.process.fault("drop_before", method="POST", path="add_lines")
    outbox.deliver_ready()
    outbox.deliver_ready()

    stripe.at(START + timedelta(hours=3))

    assert stripe.process.objects("invoice")[0]["status"] == "draft"
    again(stripe)
    assert_one_whole_invoice(stripe, invoice)


def test_D12_every_write_carries_our_own_key(stripe):
    stripe.at(START)
    begin(collection="stripe_send")
    stripe.deliver(START)

    sent = {row["headers"]["idempotency-key"] for row in stripe.process.requests(method="POST")}

    assert sent == {one.idempotency_key for one in StripeOperation.objects.all()}
