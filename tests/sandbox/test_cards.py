"""Adding a card on the hosted page, paying on an invoice's page, the bank's question."""

import re

import pytest
import requests
import stripe

PAYS, DECLINES, ASKS_ONCE, ASKS_ALWAYS = (
    "4242424242424242",
    "4000000000000341",
    "4000002500003155",
    "4000002760003184",
)


@pytest.fixture
def browser():
    with requests.Session() as session:
        session.headers["Accept-Language"] = "en-GB,en;q=0.9"
        yield session


@pytest.fixture
def setup(desk, listener):
    """A customer without a card, and a session to add one."""
    customer = desk.customer(None)
    session = desk.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": f"{listener.url}?done={{CHECKOUT_SESSION_ID}}",
            "cancel_url": f"{listener.url}?cancelled",
            "setup_intent_data": {"metadata": {"customer": "cus_own"}},
        }
    )
    return customer, session


def choose(browser, page, card="", number=""):
    """Choose a card and send the form, without following where it leads."""
    return browser.post(page, data={"card": card, "number": number}, allow_redirects=False, timeout=5)


def test_a_card_is_added_and_the_person_comes_back(desk, sandbox, listener, browser, setup):
    customer, session = setup
    assert "Alpha Ltd" in browser.get(session.url, timeout=5).text

    answer = choose(browser, session.url, PAYS)

    assert (answer.status_code, answer.headers["Location"]) == (303, f"{listener.url}?done={session.id}")
    done = desk.v1.checkout.sessions.retrieve(session.id, {"expand": ["setup_intent.payment_method"]})
    assert (done.status, done.setup_intent.status, done.url) == ("complete", "succeeded", None)
    assert done.setup_intent.payment_method.customer == customer.id
    assert done.setup_intent.metadata.customer == "cus_own"
    assert sandbox.drain() == 0
    assert listener.types[-3:] == [
        "payment_method.attached",
        "setup_intent.succeeded",
        "checkout.session.completed",
    ]
    # As with Stripe, choosing the default is up to the product.
    assert desk.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert "already used" in browser.get(f"{sandbox.url}/c/pay/{session.id}", timeout=5).text


@pytest.mark.parametrize("number", ["4000000000000002", "4242424242424241", "4111111111111111", "abc", ""])
def test_a_card_that_cannot_be_saved_is_said_so_on_the_page(desk, browser, setup, number):
    customer, session = setup

    answer = choose(browser, session.url, number=number)

    if answer.status_code == 303:
        answer = browser.get(session.url, timeout=5)
    assert re.search(r'class="note bad"[^>]*>[^<]+', answer.text)
    assert desk.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert desk.v1.customers.payment_methods.list(customer.id).data == []


@pytest.mark.parametrize("outcome", ["pass", "fail"])
def test_a_card_that_asks_for_its_holder_is_saved_after_the_bank(
    desk, sandbox, listener, browser, setup, outcome
):
    customer, session = setup
    bank = choose(browser, session.url, ASKS_ONCE).headers["Location"]
    assert "confirm that it is you" in browser.get(sandbox.url + bank, timeout=5).text

    back = browser.post(sandbox.url + bank, data={"outcome": outcome}, allow_redirects=False, timeout=5)

    saved = desk.v1.customers.payment_methods.list(customer.id).data
    if outcome == "fail":
        assert (back.headers["Location"], saved) == (f"/c/pay/{session.id}", [])
        return
    assert back.headers["Location"].startswith(listener.url)
    invoice = desk.draft(customer, 1000, default_payment_method=saved[0].id)
    desk.v1.invoices.finalize_invoice(invoice.id, {"auto_advance": True})
    assert (
        desk.v1.invoices.retrieve(invoice.id).status == "paid"
    )  # saved with authentication: not asked again


def test_a_card_saved_without_its_holder_asks_when_charged(desk):
    invoice = desk.finalised(desk.customer("pm_card_authenticationRequiredOnSetup"), 1000)

    assert invoice.status == "open"


def test_an_invoice_is_paid_on_its_page(desk, sandbox, browser):
    customer = desk.customer(DECLINES and "pm_card_chargeCustomerFail")
    invoice = desk.finalised(customer, 123_456, -1)
    page = browser.get(invoice.hosted_invoice_url, timeout=5).text
    assert "$1,234.55" in page
    assert "Your card was declined." in page
    assert "Pay $1,234.55" in page

    choose(browser, invoice.hosted_invoice_url, customer.invoice_settings.default_payment_method)
    assert "Your card was declined." in browser.get(invoice.hosted_invoice_url, timeout=5).text
    choose(browser, invoice.hosted_invoice_url, PAYS)

    assert desk.v1.invoices.retrieve(invoice.id).status == "paid"
    assert "Thank you" in browser.get(invoice.hosted_invoice_url, timeout=5).text
    choose(browser, invoice.hosted_invoice_url, PAYS)  # a second click
    assert len(desk.v1.charges.list({"customer": customer.id}).data) == 3


@pytest.mark.parametrize(("outcome", "status"), [("pass", "paid"), ("fail", "open")])
def test_a_payment_waits_for_the_bank(desk, sandbox, listener, browser, outcome, status):
    invoice = desk.finalised(desk.customer(None), 1000)
    bank = choose(browser, invoice.hosted_invoice_url, ASKS_ALWAYS).headers["Location"]
    assert "waits for the card holder" in browser.get(invoice.hosted_invoice_url, timeout=5).text

    browser.post(sandbox.url + bank, data={"outcome": outcome}, timeout=5)

    assert desk.v1.invoices.retrieve(invoice.id).status == status
    assert "already done" in browser.get(sandbox.url + bank, timeout=5).text
    sandbox.drain()
    assert ("invoice.paid" if outcome == "pass" else "invoice.payment_failed") == [
        t for t in listener.types if t.startswith("invoice.pa") and t != "invoice.payment_succeeded"
    ][-1]


def test_intents_of_our_own(desk):
    customer = desk.customer(None)
    saved = desk.v1.setup_intents.create(
        {"customer": customer.id, "payment_method": "pm_card_visa", "confirm": True}
    )
    assert saved.status == "succeeded"

    intent = desk.v1.payment_intents.create({"amount": 500, "currency": "eur", "customer": customer.id})
    assert intent.status == "requires_payment_method"
    paid = desk.v1.payment_intents.confirm(intent.id, {"payment_method": saved.payment_method})
    assert (paid.status, paid.amount_received) == ("succeeded", 500)
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.payment_intents.cancel(paid.id)
    with pytest.raises(stripe.CardError) as refusal:
        desk.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "payment_method": "pm_card_chargeCustomerFail",
                "confirm": True,
            }
        )
    assert refusal.value.error.payment_intent.status == "requires_payment_method"


def test_somebody_else_s_card_is_refused(desk):
    other = desk.customer().invoice_settings.default_payment_method
    customer = desk.customer(None)

    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": other}})
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.pay(
            desk.v1.invoices.finalize_invoice(desk.draft(customer, 900).id).id, {"payment_method": other}
        )


def test_a_card_leaves_with_its_customer(desk):
    customer = desk.customer()
    method = customer.invoice_settings.default_payment_method

    desk.v1.payment_methods.detach(method)

    assert desk.v1.customers.retrieve(customer.id).invoice_settings.default_payment_method is None
    assert desk.v1.customers.delete(customer.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        desk.draft(customer)


def test_a_session_expires_after_a_virtual_day(desk, sandbox, setup):
    _, session = setup

    sandbox.set_clock(advance=86_401)

    assert desk.v1.checkout.sessions.retrieve(session.id).status == "expired"


@pytest.mark.parametrize(
    ("params", "param"),
    [
        ({"mode": "payment", "success_url": "https://a.example"}, "mode"),
        ({"mode": "setup", "currency": "usd"}, "success_url"),
        ({"mode": "setup", "success_url": "https://a.example"}, "currency"),
        ({"mode": "setup", "currency": "usd", "success_url": "javascript:alert(1)"}, "success_url"),
    ],
)
def test_sessions_that_cannot_be(desk, params, param):
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.v1.checkout.sessions.create(params)
    assert refusal.value.param == param
