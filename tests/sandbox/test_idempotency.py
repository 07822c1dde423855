"""Idempotency keys and the errors that the product must tell apart, through the real SDK."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import stripe

from config.sandbox.clock import DAY

KEYED = {"idempotency_key": "op_1/1"}


def test_the_same_request_again_gets_the_same_answer(desk, sandbox):
    first = desk.v1.customers.create({"name": "Alpha"}, KEYED)
    again = desk.v1.customers.create({"name": "Alpha"}, KEYED)

    assert again.id == first.id
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert again.last_response.headers["Request-Id"] == first.last_response.headers["Request-Id"]
    assert sandbox.count("customer") == 1
    assert [r["replayed"] for r in sandbox.requests()] == [False, True]


def test_another_request_under_the_key_is_an_error(desk, sandbox):
    desk.v1.customers.create({"name": "Alpha"}, KEYED)

    with pytest.raises(stripe.IdempotencyError) as refusal:
        desk.v1.customers.create({"name": "Beta"}, KEYED)
    assert refusal.value.http_status == 400
    with pytest.raises(stripe.IdempotencyError):
        desk.v1.webhook_endpoints.create({"url": "https://a.example", "enabled_events": ["*"]}, KEYED)
    assert sandbox.count("customer") == 1


def test_a_malformed_request_does_not_use_up_its_key(desk):
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.customers.create({"nmae": "Alpha"}, KEYED)

    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).name == "Alpha"


def test_a_refusal_after_execution_began_is_stored(desk):
    with pytest.raises(stripe.InvalidRequestError) as first:
        desk.v1.invoices.create({"customer": "cus_none", "currency": "usd"}, KEYED)
    with pytest.raises(stripe.InvalidRequestError) as again:
        desk.v1.invoices.create({"customer": "cus_none", "currency": "usd"}, KEYED)

    assert again.value.headers["Idempotent-Replayed"] == "true"
    assert again.value.request_id == first.value.request_id


def test_a_declined_payment_is_stored_too(desk):
    customer = desk.customer("pm_card_chargeCustomerFail")
    invoice = desk.v1.invoices.finalize_invoice(desk.draft(customer, 1000).id)
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            desk.v1.invoices.pay(invoice.id, {}, KEYED)

    assert desk.v1.invoices.retrieve(invoice.id).attempt_count == 1


@pytest.mark.parametrize(("kind", "customers"), [("500_before", 0), ("500_after", 1)])
def test_a_500_is_stored_whether_it_was_applied_or_not(desk, sandbox, kind, customers):
    sandbox.fault(kind, method="POST", path="^/v1/customers$")

    for _ in range(3):
        with pytest.raises(stripe.APIError) as failure:
            desk.v1.customers.create({"name": "Alpha"}, KEYED)
        assert failure.value.http_status == 500
    assert sandbox.count("customer") == customers
    assert desk.v1.customers.create({"name": "Alpha"}, {"idempotency_key": "op_1/2"}).id


def test_a_lock_timeout_is_stored_and_the_limiter_is_not(desk, sandbox):
    sandbox.fault("429", path="/v1/customers")
    with pytest.raises(stripe.RateLimitError):
        desk.v1.customers.create({"name": "Alpha"}, KEYED)
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id

    sandbox.fault("429_stored", path="/v1/customers")
    for _ in range(2):
        with pytest.raises(stripe.RateLimitError) as refusal:
            desk.v1.customers.create({"name": "Beta"}, {"idempotency_key": "op_2/1"})
        assert refusal.value.error.code == "lock_timeout"  # .code is None: the SDK's way
    assert sandbox.count("customer") == 1


def test_two_at_once_under_one_key(desk, sandbox):
    sandbox.fault("hang_before", path="/v1/customers", seconds=20)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(desk.v1.customers.create, {"name": "Alpha"}, KEYED)
        _until(lambda: len(sandbox.requests()) == 1)
        with pytest.raises(stripe.APIError) as refusal:
            desk.v1.customers.create({"name": "Alpha"}, KEYED)
        sandbox.clear_faults()
        first = slow.result(timeout=5)

    assert (refusal.value.http_status, refusal.value.error.code) == (409, "idempotency_key_in_use")
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id == first.id


def _until(claim) -> None:
    for _ in range(200):
        if claim():
            return
        threading.Event().wait(0.02)
    raise AssertionError("It did not happen.")


def test_many_at_once_make_one_object(desk, sandbox):
    def attempt(_: int) -> str | int:
        try:
            return desk.v1.customers.create({"name": "Alpha"}, KEYED).id
        except stripe.APIError as refusal:
            return refusal.http_status

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(attempt, range(40)))

    assert len(answers - {409}) == 1
    assert sandbox.count("customer") == 1


def test_a_key_is_forgotten_after_a_virtual_day(desk, sandbox):
    now = sandbox.set_clock(1_800_000_000, frozen=True)
    first = desk.v1.customers.create({"name": "Alpha"}, KEYED)

    sandbox.set_clock(now + DAY - 1, frozen=True)
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id == first.id
    sandbox.set_clock(now + DAY, frozen=True)
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id != first.id


def test_a_key_has_at_most_255_characters(desk):
    assert desk.v1.customers.create({}, {"idempotency_key": "k" * 255}).id
    with pytest.raises(stripe.IdempotencyError):
        desk.v1.customers.create({}, {"idempotency_key": "k" * 256})


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({"bogus": 1}, "parameter_unknown", "bogus"),
        ({"lines": [{"amount": 1, "bogus": 1}]}, "parameter_unknown", "lines[0][bogus]"),
        ({}, "parameter_missing", "lines"),
        ({"lines": [{"amount": "ten"}]}, "parameter_invalid_integer", "lines[0][amount]"),
        ({"lines": [{"amount": "１２"}]}, "parameter_invalid_integer", "lines[0][amount]"),
        ({"lines": [{"amount": 1, "period": {"start": 1}}]}, "parameter_missing", "lines[0][period][end]"),
        ({"lines": "all"}, None, "lines"),
        ({"lines": [{"amount": 1, "metadata": {"k" * 41: "v"}}]}, None, f"lines[0][metadata][{'k' * 41}]"),
        ({"lines": [{"amount": 1, "tax_rates": ["txr_1"]}]}, "sandbox_unsupported", "tax_rates"),
    ],
)
def test_parameters_are_refused_by_name(desk, params, code, param):
    draft = desk.draft(desk.customer(None))

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.v1.invoices.add_lines(draft.id, params)
    assert (refusal.value.code, refusal.value.param) == (code, param)


def test_a_word_outside_the_list_is_refused(desk):
    with pytest.raises(stripe.InvalidRequestError, match="charge_automatically, or send_invoice") as refusal:
        desk.draft(desk.customer(None), collection_method="by_pigeon")
    assert refusal.value.param == "collection_method"


def test_what_the_sandbox_does_not_serve_is_a_404(client):
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refusal:
        client.v1.coupons.list()
    assert refusal.value.http_status == 404


def test_only_test_keys_and_the_one_version(sandbox):
    for headers in ({}, {"Authorization": "Bearer sk_live_1"}):
        with pytest.raises(HTTPError) as refusal:
            urlopen(Request(f"{sandbox.url}/v1/customers", headers=headers), timeout=5)
        assert refusal.value.code == 401
        refusal.value.close()
    old = {"Authorization": "Bearer sk_test_1", "Stripe-Version": "2020-08-27"}
    with pytest.raises(HTTPError) as refusal:
        urlopen(Request(f"{sandbox.url}/v1/customers", headers=old), timeout=5)
    assert refusal.value.code == 400
    refusal.value.close()


def test_expanding_what_cannot_be_expanded(desk):
    invoice = desk.draft(desk.customer(None))

    expanded = desk.v1.invoices.retrieve(invoice.id, {"expand": ["customer"]})
    assert expanded.customer.name == "Alpha Ltd"
    assert "payments" not in invoice
    listed = desk.v1.invoices.list({"expand": ["data.customer"]})
    assert listed.data[0].customer.id == invoice.customer
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.retrieve(invoice.id, {"expand": ["nonsense"]})
