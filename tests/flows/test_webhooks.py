"""Messages: forged, old, doubled, out of order, early; each has one effect or none."""

import random
import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from billing import gateway, outbox
from billing.models import Payment, StripeEvent, StripeLink
from billing.services.cards import start_card_setup
from billing.services.events import process_events
from config.sandbox.delivery import signature
from config.sandbox.state import dump
from tests.billing.world import START, begin
from tests.factories import TESTER, make_customer
from tests.flows.conftest import SECRET
from tests.flows.test_stripe_path import add_card


def paid_invoice(stripe):
    """An invoice that Stripe has collected and nobody has told us about yet."""
    customer = make_customer()
    stripe.at(START)
    add_card(stripe, customer)
    stripe.deliver(START)
    _subscription, invoice = begin(customer=customer, collection="stripe_charge")
    while outbox.deliver_ready():
        pass
    return invoice, [event for event in stripe.events() if event["id"] not in stripe.heard]


def test_E01_an_unsigned_or_forged_message_leaves_no_trace(stripe):
    _invoice, events = paid_invoice(stripe)
    before = StripeEvent.objects.count()

    assert stripe.post(events[0], secret="whsec_of_somebody_else") == 400
    assert stripe.client.post("/webhooks/stripe", b"{}", content_type="application/json").status_code == 400
    assert stripe.client.get("/webhooks/stripe").status_code == 405
    assert StripeEvent.objects.count() == before


@pytest.mark.parametrize("shift", [-301, 301])
def test_E03_an_old_or_future_stamp_is_refused(stripe, shift):
    _invoice, events = paid_invoice(stripe)

    assert stripe.post(events[0], stamp=int(time.time()) + shift) == 400


def test_E03_a_second_stamp_does_not_make_an_old_message_new(stripe):
    _invoice, events = paid_invoice(stripe)
    now = int(time.time())
    body = dump(events[0]).encode()
    old = signature(SECRET, body, now - 86400)

    answer = stripe.client.post(
        "/webhooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": f"{old},t={now}"},
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("seed", range(3))
def test_E05_any_order_and_number_of_messages_ends_the_same(stripe, seed):
    invoice, events = paid_invoice(stripe)
    shuffled = events * 2
    random.Random(seed).shuffle(shuffled)

    for event in shuffled:
        assert stripe.post(event) == 200
        process_events(START)

    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert Payment.objects.count() == 1
    assert not StripeEvent.objects.filter(state="received").exists()


def test_E04_the_same_message_from_many_sides_at_once_has_one_effect(stripe):
    invoice, events = paid_invoice(stripe)
    paid = next(event for event in events if event["type"] == "invoice.paid")
    barrier = threading.Barrier(6)

    def deliver() -> None:
        try:
            barrier.wait()
            assert stripe.post(paid) == 200
            process_events(START)
        finally:
            connection.close()

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stripe.deliver(START)

    assert StripeEvent.objects.filter(event_id=paid["id"]).count() == 1
    assert Payment.objects.count() == 1
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_E08_what_was_answered_is_judged_later_whoever_died(stripe):
    invoice, events = paid_invoice(stripe)
    for event in events:
        stripe.post(event)
    StripeEvent.objects.update(leased_until="2000-01-01T00:00:00Z", fence=7)

    process_events(START)

    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_E10_an_unknown_type_and_a_stranger_are_kept_and_ignored(stripe):
    _invoice, events = paid_invoice(stripe)
    foreign = {**events[-1], "id": "evt_unknown", "type": "radar.early_fraud_warning.created"}

    assert stripe.post(foreign) == 200

    assert StripeEvent.objects.get(event_id="evt_unknown").state == "ignored"


def test_E13_a_message_before_our_own_note_links_the_invoice(stripe):
    invoice, events = paid_invoice(stripe)
    StripeLink.objects.filter(kind="invoice").delete()

    for event in events:
        stripe.post(event)
    process_events(START)

    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert StripeLink.objects.filter(kind="invoice", local_id=invoice.pk).exists()


def test_E14_a_message_of_the_other_mode_is_refused(stripe):
    _invoice, events = paid_invoice(stripe)

    assert stripe.post({**events[0], "livemode": True}) == 400


def test_E15_two_secrets_are_valid_while_one_is_replaced(stripe, settings):
    _invoice, events = paid_invoice(stripe)
    settings.STRIPE_WEBHOOK_SECRET = f"whsec_new, {settings.STRIPE_WEBHOOK_SECRET}"

    assert stripe.post(events[0]) == 200


def test_the_body_is_not_believed(stripe):
    """A well-signed body that says 'paid' changes nothing while Stripe says open."""
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.deliver(START)
    finalized = next(event for event in stripe.events() if event["type"] == "invoice.finalized")
    lie = {**finalized, "id": "evt_lie", "type": "invoice.paid"}
    lie["data"]["object"]["status"] = "paid"

    assert stripe.post(lie) == 200
    process_events(START)

    invoice.refresh_from_db()
    assert invoice.status == "open"


def test_a_card_saved_on_the_page_arrives_by_message_too(stripe):
    customer = make_customer()
    stripe.at(START)
    _subscription, invoice = begin(customer=customer, collection="stripe_charge")
    stripe.deliver(START)
    url = start_card_setup(customer, success_url="http://x/", cancel_url="http://x/", at=START, by=TESTER)
    stripe.enter_card(url)

    stripe.deliver(START + timedelta(days=1))

    assert customer.payment_methods.get().last4 == "4242"
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_D14_an_invoice_that_differs_at_stripe_is_recorded_as_it_is_and_parked(stripe, monkeypatch):
    invoice, events = paid_invoice(stripe)
    fetch = gateway.invoice

    def smaller(stripe_id):
        seen = fetch(stripe_id)
        less = tuple(replace(one, amount=one.amount - 100) for one in seen.payments)
        return replace(seen, total=seen.total - 100, payments=less)

    monkeypatch.setattr(gateway, "invoice", smaller)
    for event in events:
        stripe.post(event)
    process_events(START)

    invoice.refresh_from_db()
    assert invoice.status == "open"
    assert Payment.objects.get().amount == invoice.total - 100
    assert invoice.customer.parkings.get().reason == "sums_differ"


def test_D14_an_invoice_in_another_currency_is_not_taken_for_ours(stripe, monkeypatch):
    invoice, events = paid_invoice(stripe)
    fetch = gateway.invoice
    monkeypatch.setattr(gateway, "invoice", lambda stripe_id: replace(fetch(stripe_id), currency="JPY"))
    for event in events:
        stripe.post(event)
    process_events(START)

    invoice.refresh_from_db()
    assert (invoice.status, Payment.objects.count()) == ("open", 0)
    assert invoice.customer.parkings.get().reason == "sums_differ"
