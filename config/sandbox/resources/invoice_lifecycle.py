"""From draft to paid: finalising, collecting, trying again, the customer's balance."""

from config.sandbox import money
from config.sandbox.clock import DAY
from config.sandbox.errors import ApiError, Json, card_error
from config.sandbox.events import emit
from config.sandbox.resources import invoice_payments, payment_intents
from config.sandbox.resources.balance_transactions import post
from config.sandbox.resources.invoice_state import add_up, as_billed, become_paid
from config.sandbox.state import Tx

RETRY_DAYS = (3, 5, 7)  # after the first, second and third failed attempt
NO_METHOD = (
    "There is no `default_payment_method` set on this Customer or Invoice. Please set either field, or "
    "pass a `payment_method`, before paying."
)


def finalise(tx: Tx, invoice: Json, *, auto_advance: bool | None) -> None:
    """Turn a draft into an open invoice, or a paid one where nothing is left to charge."""
    if auto_advance is not None:
        invoice["auto_advance"] = auto_advance
    customer = tx.reference("customer", invoice["customer"], "customer")
    invoice.update(as_billed(customer))
    add_up(tx, invoice)
    due, left_over = _due(invoice)
    if due:
        money.check_chargeable(due, invoice["currency"])
    _number(tx, invoice, customer)
    moved = left_over - invoice["starting_balance"]
    invoice.update(
        status="open",
        amount_due=due,
        amount_remaining=due,
        ending_balance=left_over,
        automatically_finalizes_at=None,
        effective_at=invoice["effective_at"] or tx.now,
        hosted_invoice_url=f"{tx.base_url}/i/{invoice['id']}",
        webhooks_delivered_at=tx.now,
        _due=None,
        _moved_balance=moved,
    )
    if invoice["_days_until_due"] is not None:
        invoice["due_date"] = tx.now + invoice["_days_until_due"] * DAY
    invoice["status_transitions"]["finalized_at"] = tx.now
    if moved:
        post(tx, customer, moved, invoice["currency"], "applied_to_invoice", invoice=invoice["id"])
    _open_payment(tx, invoice)
    emit(tx, "invoice.finalized", tx.put(invoice))
    if due == 0:
        become_paid(tx, invoice, paid=0)


def _due(invoice: Json) -> tuple[int, int]:
    """Return what is charged now, and the balance that is left afterwards.

    Credit that exceeds the total stays credit; a sum below the smallest charge is owed
    with the next invoice.
    """
    owed = invoice["total"] + invoice["starting_balance"]
    if owed < money.minimum(invoice["currency"]):
        return 0, owed
    return owed, 0


def _number(tx: Tx, invoice: Json, customer: Json) -> None:
    """Give a number to an invoice that has none, and the customer its currency."""
    if invoice["number"] is None:
        invoice["number"] = f"{customer['invoice_prefix']}-{customer['next_invoice_sequence']:04d}"
        customer["next_invoice_sequence"] += 1
    customer["currency"] = customer["currency"] or invoice["currency"]
    tx.put(customer)


def _open_payment(tx: Tx, invoice: Json) -> None:
    if invoice["amount_due"]:
        text = f"Payment for invoice {invoice['number']}"
        intent = payment_intents.made(
            tx, invoice["amount_due"], invoice["currency"], invoice["customer"], description=text
        )
        invoice_payments.opened(tx, invoice, intent)


def advance(tx: Tx, invoice: Json) -> None:
    """Collect or send a just finalised invoice, if Stripe was told to."""
    if invoice["status"] != "open" or not invoice["auto_advance"]:
        return
    if invoice["collection_method"] == "send_invoice":
        emit(tx, "invoice.sent", invoice)
    else:
        collect(tx, invoice, None)


def collect(tx: Tx, invoice: Json, method: Json | None) -> ApiError | None:
    """Try to charge an open invoice. Return None if it is paid now, else the refusal.

    `method` None means the invoice's default, then the customer's.
    """
    payment = invoice_payments.default_of(tx, invoice["id"])
    if payment is None:
        raise ApiError("This invoice cannot be paid.")
    intent = tx.get("payment_intent", payment["payment"]["payment_intent"])
    method = method or _default_method(tx, invoice)
    invoice.update(attempted=True, attempt_count=invoice["attempt_count"] + 1)
    tx.put(invoice)
    if method is None:
        refusal: ApiError | None = ApiError(
            NO_METHOD, code="invoice_no_payment_method", param="payment_method"
        )
    else:
        refusal = payment_intents.attempt(tx, intent, method)
    if refusal is None:
        invoice.update(tx.get("invoice", invoice["id"]))
        return None
    return failed(tx, invoice, intent, refusal)


def failed(tx: Tx, invoice: Json, intent: Json, refusal: ApiError) -> ApiError:
    """Note an attempt that did not pay: when to try again, whom to tell."""
    waits = intent["status"] == "requires_action"
    tries = invoice["attempt_count"]
    retry = None
    if invoice["auto_advance"] and not waits and tries <= len(RETRY_DAYS):
        retry = tx.now + RETRY_DAYS[tries - 1] * DAY
    invoice.update(next_payment_attempt=retry, _due=retry)
    emit(tx, "invoice.payment_failed", tx.put(invoice))
    if waits:
        emit(tx, "invoice.payment_action_required", invoice)
        refusal = card_error("invoice_payment_intent_requires_action", str(refusal))
    refusal.keeps_work = True
    refusal.fields["payment_intent"] = intent
    return refusal


def _default_method(tx: Tx, invoice: Json) -> Json | None:
    customer = tx.get("customer", invoice["customer"])
    settings = customer.get("invoice_settings") or {}
    method_id = invoice["default_payment_method"] or settings.get("default_payment_method")
    return tx.peek(method_id) if method_id else None


def cancel_payment(tx: Tx, invoice: Json) -> None:
    """Cancel the intent of an invoice that will not be paid through it."""
    payment = invoice_payments.cancel(tx, invoice["id"])
    if payment is not None:
        intent = tx.get("payment_intent", payment["payment"]["payment_intent"])
        payment_intents.cancel_intent(tx, intent, "void_invoice")


def give_back_balance(tx: Tx, invoice: Json) -> None:
    """Undo what finalising took from, or put onto, the customer's balance."""
    moved = invoice.get("_moved_balance")
    customer = tx.get("customer", invoice["customer"])
    if moved and not customer.get("deleted"):
        post(tx, customer, -moved, invoice["currency"], "unapplied_from_invoice", invoice=invoice["id"])
