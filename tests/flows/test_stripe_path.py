"""From a subscription to money: what goes to Stripe, what comes back."""

from collections import Counter
from datetime import timedelta

from billing import gateway
from billing.books import offences
from billing.models import LedgerEntry, Payment, PaymentAttempt, PaymentMethod, StripeOperation
from billing.services.cards import finish_card_setup, start_card_setup
from tests.billing.world import START, begin, make_plan
from tests.factories import TESTER, make_customer
from tests.flows.conftest import Stripe

DAY = timedelta(days=1)
BACK = "http://testserver/payment-method/done/?session_id={CHECKOUT_SESSION_ID}"


def add_card(stripe: Stripe, customer, number: str = "4242424242424242", *, at=START) -> PaymentMethod | None:
    """Add a card through the hosted page and come back from it."""
    url = start_card_setup(customer, success_url=BACK, cancel_url=BACK, at=at, by=TESTER)
    session = url.rsplit("/", 1)[1]
    stripe.enter_card(url, number)
    return finish_card_setup(customer, session_id=session, at=at)


def test_an_ordinary_invoice_costs_three_writes_and_is_paid(stripe):
    customer = make_customer()
    stripe.at(START)
    add_card(stripe, customer)
    stripe.deliver(START)
    before = stripe.last_request()

    _subscription, invoice = begin(customer=customer, collection="stripe_charge")
    stripe.deliver(START)

    made = stripe.process.objects("invoice")
    assert [one["number"] for one in made] == [invoice.number]
    assert made[0]["total"] == invoice.total == 4000
    path = f"invoices/{made[0]['id']}"
    assert stripe.writes(before) == ["invoices", f"{path}/add_lines", f"{path}/finalize"]
    invoice.refresh_from_db()
    assert invoice.status == "paid"
    payment = Payment.objects.get()
    assert payment.amount == 4000
    assert payment.provider_id.startswith("ch_")
    assert sorted(LedgerEntry.objects.values_list("account", "amount")) == [
        ("cash", 4000), ("receivable", -4000), ("receivable", 4000), ("revenue", -4000),
    ]  # fmt: skip


def test_a_declined_card_leaves_the_invoice_open_and_a_new_card_pays_it(stripe):
    customer = make_customer()
    stripe.at(START)
    add_card(stripe, customer, "4000000000000341")
    _subscription, invoice = begin(customer=customer, collection="stripe_charge")

    stripe.deliver(START)

    invoice.refresh_from_db()
    assert invoice.status == "open"
    attempt = PaymentAttempt.objects.get()
    assert (attempt.outcome, attempt.code) == ("declined", "generic_decline")

    add_card(stripe, customer, at=START + DAY)
    stripe.deliver(START + DAY)

    invoice.refresh_from_db()
    assert invoice.status == "paid"
    assert Payment.objects.count() == 1
    assert PaymentMethod.objects.get(is_default=True).last4 == "4242"


def test_without_a_card_the_invoice_waits_for_one(stripe):
    customer = make_customer()
    stripe.at(START)
    _subscription, invoice = begin(customer=customer, collection="stripe_charge")

    stripe.deliver(START)

    assert PaymentAttempt.objects.get().code == "no_payment_method"
    add_card(stripe, customer)
    stripe.deliver(START)
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_a_card_that_wants_its_holder_is_said_so(stripe):
    customer = make_customer()
    stripe.at(START)
    url = start_card_setup(customer, success_url=BACK, cancel_url=BACK, at=START, by=TESTER)
    stripe.enter_card(url, "4000002760003184")
    setup = stripe.process.objects("setup_intent")[-1]
    stripe.enter_card(f"{stripe.process.url}/authenticate/{setup['id']}")
    finish_card_setup(customer, session_id=url.rsplit("/", 1)[1], at=START)

    begin(customer=customer, collection="stripe_charge")
    stripe.deliver(START)

    assert PaymentAttempt.objects.get().outcome == "requires_action"


def test_a_sent_invoice_waits_with_its_link(stripe):
    stripe.at(START)
    begin(collection="stripe_send")

    stripe.deliver(START)

    made = stripe.process.objects("invoice")[0]
    assert (made["status"], made["collection_method"]) == ("open", "send_invoice")
    assert "invoice.sent" in [event["type"] for event in stripe.events()]
    assert PaymentAttempt.objects.count() == 0


def test_an_offline_invoice_makes_no_call(stripe):
    begin(collection="offline")

    stripe.deliver(START)

    assert stripe.process.requests() == []
    assert StripeOperation.objects.count() == 0


def test_a_sum_too_small_to_charge_is_put_off_and_collected_with_the_next(stripe):
    """Stripe charges at least 0.50: 0.20 goes onto its balance, and the next 40.00 collects 40.20."""
    customer = make_customer()
    stripe.at(START)
    add_card(stripe, customer)
    stripe.deliver(START)
    small = make_plan(charges=[{"code": "tiny", "steps": [{"price": {"flat": "0.2"}}]}], figures=[])
    small.plan.family = "other"
    small.plan.save()
    _subscription, first = begin(customer=customer, version=small, collection="stripe_charge")
    stripe.deliver(START)
    _subscription, second = begin(customer=customer, collection="stripe_charge")

    stripe.deliver(START)

    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == ("paid", "paid")
    sums = Counter()
    for account, amount in LedgerEntry.objects.values_list("account", "amount"):
        sums[account] += amount
    assert {account: amount for account, amount in sums.items() if amount} == {"cash": 4020, "revenue": -4020}
    assert offences() == []


def test_paid_outside_stripe_is_recorded_as_such(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.deliver(START)
    stripe_id = stripe.process.objects("invoice")[0]["id"]
    gateway._client().v1.invoices.pay(stripe_id, {"paid_out_of_band": True})

    stripe.deliver(START)

    assert Payment.objects.get().provider_id == f"{stripe_id}:off_stripe"
    invoice.refresh_from_db()
    assert invoice.status == "paid"


def test_an_invoice_voided_in_the_dashboard_is_void_here(stripe):
    stripe.at(START)
    _subscription, invoice = begin(collection="stripe_send")
    stripe.deliver(START)
    gateway._client().v1.invoices.void_invoice(stripe.process.objects("invoice")[0]["id"])

    stripe.deliver(START)

    invoice.refresh_from_db()
    assert invoice.status == "void"


def test_the_lines_at_stripe_are_in_the_customers_language(stripe):
    stripe.at(START)
    begin(customer=make_customer(language="zh-hans"), collection="stripe_send")

    stripe.deliver(START)

    assert stripe.process.objects("line_item")[0]["description"].startswith("基础费用，2026年9月10日至")
    assert stripe.process.objects("customer")[0]["preferred_locales"] == ["zh"]
