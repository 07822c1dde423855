"""Invoices, from draft to what became of them, through the real SDK."""

import pytest
import stripe

CARD_THAT_DECLINES = "pm_card_chargeCustomerFail"
CARD_THAT_ASKS = "pm_card_authenticationRequired"


def test_an_invoice_is_paid_by_itself_and_says_so(desk, sandbox, listener):
    customer = desk.customer()
    draft = desk.draft(customer, 10_000, -500, number="R-2026-1", metadata={"op_id": "op_1"})

    answer = desk.v1.invoices.finalize_invoice(draft.id, {"auto_advance": True})

    assert (answer.status, answer.total, answer.amount_due, answer.number) == ("open", 9500, 9500, "R-2026-1")
    paid = desk.v1.invoices.retrieve(draft.id, {"expand": ["payments.data.payment.payment_intent"]})
    assert (paid.status, paid.amount_paid, paid.amount_remaining) == ("paid", 9500, 0)
    [payment] = paid.payments.data
    assert payment.payment.payment_intent.status == "succeeded"
    assert sandbox.drain() == 0
    assert {"invoice.created", "invoice.finalized", "invoice.paid", "payment_intent.succeeded"} <= set(
        listener.types
    )
    [told] = [event for event in listener.events if event.type == "invoice.paid"]
    assert told.data.object.metadata.op_id == "op_1"


def test_the_product_needs_three_writes(desk, sandbox):
    customer = desk.customer()
    seen = sandbox.requests()[-1]["seq"]

    desk.v1.invoices.finalize_invoice(desk.draft(customer, 100).id, {"auto_advance": True})

    assert [r["method"] for r in sandbox.requests(since=seen)] == ["POST"] * 3


def test_a_card_that_declines_leaves_the_invoice_open(desk, sandbox, listener):
    invoice = desk.finalised(desk.customer(CARD_THAT_DECLINES), 1000)

    assert (invoice.status, invoice.attempt_count, invoice.amount_remaining) == ("open", 1, 1000)
    assert invoice.next_payment_attempt > invoice.created
    sandbox.drain()
    assert "invoice.payment_failed" in listener.types
    with pytest.raises(stripe.CardError) as refusal:
        desk.v1.invoices.pay(invoice.id)
    assert (refusal.value.http_status, refusal.value.code) == (402, "card_declined")
    assert desk.v1.invoices.retrieve(invoice.id).attempt_count == 2


def test_another_card_pays_what_the_first_did_not(desk):
    customer = desk.customer(CARD_THAT_DECLINES)
    invoice = desk.finalised(customer, 1000)
    good = desk.v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})

    assert desk.v1.invoices.pay(invoice.id, {"payment_method": good.id}).status == "paid"


def test_a_card_that_asks_for_its_holder_waits(desk, sandbox, listener):
    invoice = desk.finalised(desk.customer(CARD_THAT_ASKS), 1000)

    intent = desk.v1.payment_intents.retrieve(invoice.payments.data[0].payment.payment_intent)
    assert (invoice.status, intent.status) == ("open", "requires_action")
    assert intent.next_action.redirect_to_url.url.startswith(sandbox.url)
    sandbox.drain()
    assert "invoice.payment_action_required" in listener.types
    with pytest.raises(stripe.CardError) as refusal:
        desk.v1.invoices.pay(invoice.id)
    assert refusal.value.code == "invoice_payment_intent_requires_action"


def test_a_sent_invoice_waits_for_its_customer(desk, sandbox, listener):
    invoice = desk.finalised(desk.customer(), 1000, collection_method="send_invoice", days_until_due=14)

    assert (invoice.status, invoice.due_date) == (
        "open",
        invoice.status_transitions.finalized_at + 14 * 86400,
    )
    sandbox.drain()
    assert "invoice.sent" in listener.types
    paid = desk.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe, paid.amount_remaining) == ("paid", 1000, 0)
    payment = desk.v1.invoice_payments.list({"invoice": invoice.id}).data[0]
    assert desk.v1.payment_intents.retrieve(payment.payment.payment_intent).status == "canceled"


def test_nothing_collects_an_invoice_that_was_not_advanced(desk):
    draft = desk.draft(desk.customer(), 1000)

    invoice = desk.v1.invoices.finalize_invoice(draft.id)

    assert desk.v1.invoices.retrieve(invoice.id).status == "open"


@pytest.mark.parametrize(
    ("verb", "status"),
    [("void_invoice", "void"), ("mark_uncollectible", "uncollectible"), ("pay", "paid")],
)
def test_an_open_invoice_ends_once(desk, verb, status):
    invoice = desk.v1.invoices.finalize_invoice(desk.draft(desk.customer(), 1000).id)

    assert getattr(desk.v1.invoices, verb)(invoice.id).status == status
    with pytest.raises(stripe.InvalidRequestError):
        getattr(desk.v1.invoices, verb)(invoice.id)


def test_a_void_invoice_cannot_be_paid(desk):
    invoice = desk.v1.invoices.finalize_invoice(desk.draft(desk.customer(), 1000).id)
    desk.v1.invoices.void_invoice(invoice.id)

    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.pay(invoice.id)


def test_a_draft_is_neither_voided_nor_finalised_twice(desk):
    draft = desk.draft(desk.customer(), 1000)

    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.void_invoice(draft.id)
    desk.v1.invoices.finalize_invoice(draft.id)
    with pytest.raises(stripe.InvalidRequestError, match="already finalized"):
        desk.v1.invoices.finalize_invoice(draft.id)


def test_a_finalised_invoice_takes_no_lines_and_no_new_number(desk):
    invoice = desk.v1.invoices.finalize_invoice(desk.draft(desk.customer(), 1000).id)

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 1}]})
    assert refusal.value.code == "invoice_not_editable"
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.update(invoice.id, {"number": "R-2"})
    assert desk.v1.invoices.update(invoice.id, {"metadata": {"a": "b"}}).metadata.a == "b"
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.delete(invoice.id)


def test_a_number_is_used_once(desk):
    customer = desk.customer()
    desk.draft(customer, number="R-7")

    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.draft(customer, number="R-7")
    assert refusal.value.param == "number"


def test_a_draft_can_be_deleted(desk):
    draft = desk.draft(desk.customer(), 1000)

    assert desk.v1.invoices.delete(draft.id).deleted
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        desk.v1.invoices.retrieve(draft.id)
    assert refusal.value.http_status == 404


def test_at_most_250_lines(desk):
    draft = desk.draft(desk.customer(), *[1] * 250)

    assert (draft.total, draft.lines.has_more, len(draft.lines.data)) == (250, True, 10)
    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.add_lines(draft.id, {"lines": [{"amount": 1}]})
    lines = list(desk.v1.invoices.line_items.list(draft.id, {"limit": 100}).auto_paging_iter())
    assert [line.description for line in lines] == [f"Line {n}" for n in range(1, 251)]


def test_lines_come_whole_or_not_at_all(desk):
    draft = desk.draft(desk.customer())

    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.add_lines(
            draft.id, {"lines": [{"amount": 1}, {"amount": 2, "period": {"start": 9, "end": 3}}]}
        )
    assert desk.v1.invoices.retrieve(draft.id).lines.data == []


def test_a_line_keeps_its_period_description_and_metadata(desk):
    draft = desk.draft(desk.customer())
    line = {
        "amount": 12_345,
        "description": "Messages, 2 blocks",
        "period": {"start": 1_790_000_000, "end": 1_792_000_000},
        "metadata": {"line_id": "il_7"},
    }

    [kept] = desk.v1.invoices.add_lines(draft.id, {"lines": [line]}).lines.data

    assert (kept.amount, kept.description, kept.metadata.line_id) == (12_345, "Messages, 2 blocks", "il_7")
    assert (kept.period.start, kept.period.end) == (1_790_000_000, 1_792_000_000)


def test_less_than_nothing_becomes_credit_for_the_next_invoice(desk):
    customer = desk.customer()
    first = desk.finalised(customer, 1000, -1500)

    assert (first.status, first.total, first.amount_due, first.ending_balance) == ("paid", -500, 0, -500)
    assert desk.v1.customers.retrieve(customer.id).balance == -500
    second = desk.finalised(customer, 2000)
    assert (second.starting_balance, second.amount_due, second.amount_paid) == (-500, 1500, 1500)
    assert desk.v1.customers.retrieve(customer.id).balance == 0


def test_less_than_the_smallest_charge_is_owed_with_the_next_invoice(desk):
    customer = desk.customer()
    first = desk.finalised(customer, 49)

    assert (first.status, first.amount_due, first.ending_balance) == ("paid", 0, 49)
    assert desk.finalised(customer, 51).amount_paid == 100


def test_voiding_gives_the_credit_back(desk):
    customer = desk.customer(None)
    desk.v1.customers.balance_transactions.create(customer.id, {"amount": -300, "currency": "usd"})
    invoice = desk.v1.invoices.finalize_invoice(desk.draft(customer, 1000).id)
    assert (invoice.amount_due, desk.v1.customers.retrieve(customer.id).balance) == (700, 0)

    desk.v1.invoices.void_invoice(invoice.id)

    assert desk.v1.customers.retrieve(customer.id).balance == -300


@pytest.mark.parametrize(("currency", "amount"), [("jpy", 5000), ("kwd", 12_340), ("cny", 99_999_999)])
def test_currencies_have_their_own_minor_units(desk, currency, amount):
    invoice = desk.finalised(desk.customer(), amount, currency=currency)

    assert (invoice.status, invoice.amount_paid, invoice.currency) == ("paid", amount, currency)


@pytest.mark.parametrize(("currency", "amount"), [("kwd", 12_345), ("usd", 100_000_000)])
def test_an_amount_no_bank_would_take_is_refused_at_finalising(desk, currency, amount):
    draft = desk.draft(desk.customer(), amount, currency=currency)

    with pytest.raises(stripe.InvalidRequestError):
        desk.v1.invoices.finalize_invoice(draft.id)
    assert desk.v1.invoices.retrieve(draft.id).status == "draft"


def test_stray_items_stay_out_unless_asked_in(desk):
    customer = desk.customer()
    stray = desk.v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "usd"})

    assert desk.draft(customer, 100, pending_invoice_items_behavior="exclude").total == 100
    assert desk.draft(customer, 100, pending_invoice_items_behavior="include").total == 800
    assert desk.v1.invoice_items.retrieve(stray.id).invoice is not None


def test_lists_filter_and_page(desk):
    alpha, beta = desk.customer(), desk.customer()
    made = [desk.draft(alpha, 100, metadata={"op_id": f"op_{n}"}).id for n in range(25)]
    desk.finalised(beta, 100)

    found = list(desk.v1.invoices.list({"customer": alpha.id, "limit": 10}).auto_paging_iter())

    assert [invoice.id for invoice in found] == made[::-1]
    assert [i.customer for i in desk.v1.invoices.list({"status": "paid"}).data] == [beta.id]
    middle = desk.v1.invoices.list({"customer": alpha.id, "ending_before": made[0], "limit": 3})
    assert [invoice.id for invoice in middle.data] == [made[3], made[2], made[1]]
    assert desk.v1.invoices.list({"created": {"gt": found[0].created + 60}}).data == []
