"""Invoice payments: which intent pays which invoice."""

from config.sandbox.answers import INCLUDABLE, envelope, page, shaped
from config.sandbox.errors import Json
from config.sandbox.events import emit
from config.sandbox.resources.invoice_state import become_paid
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id


def opened(tx: Tx, invoice: Json, intent: Json) -> Json:
    """Store the payment that is to settle an invoice."""
    return tx.put(
        {
            "id": new_id("inpay"),
            "object": "invoice_payment",
            "amount_paid": None,
            "amount_requested": intent["amount"],
            "created": tx.now,
            "currency": invoice["currency"],
            "invoice": invoice["id"],
            "is_default": True,
            "livemode": False,
            "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
            "status": "open",
            "status_transitions": {"canceled_at": None, "paid_at": None},
        }
    )


def default_of(tx: Tx, invoice_id: str) -> Json | None:
    """Return the payment that an invoice waits for or was paid by."""
    payments = tx.find("invoice_payment", invoice=invoice_id)
    return payments[-1] if payments else None


def settle(tx: Tx, intent: Json) -> None:
    """Mark as paid what a succeeded intent pays."""
    for payment in tx.find("invoice_payment", **{"payment.payment_intent": intent["id"]}):
        payment.update(status="paid", amount_paid=intent["amount"])
        payment["status_transitions"]["paid_at"] = tx.now
        emit(tx, "invoice_payment.paid", tx.put(payment))
        become_paid(tx, tx.get("invoice", payment["invoice"]), paid=intent["amount"])


def cancel(tx: Tx, invoice_id: str) -> Json | None:
    """Cancel the open payment of an invoice; return it."""
    payment = default_of(tx, invoice_id)
    if payment is None or payment["status"] != "open":
        return None
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = tx.now
    return tx.put(payment)


def _payments(tx: Tx, invoice: Json) -> Json:
    data = [shaped(tx, payment) for payment in tx.find("invoice_payment", invoice=invoice["id"])]
    return envelope("/v1/invoice_payments", data[:10], more=len(data) > 10)


def _confirmation_secret(tx: Tx, invoice: Json) -> Json | None:
    payment = default_of(tx, invoice["id"])
    intent = tx.peek(payment["payment"]["payment_intent"]) if payment else None
    return {"client_secret": intent["client_secret"], "type": "payment_intent"} if intent else None


INCLUDABLE["invoice", "payments"] = _payments
INCLUDABLE["invoice", "confirmation_secret"] = _confirmation_secret


@handles("invoice_payment.retrieve")
def retrieve(tx: Tx, given: Json, payment_id: str) -> Json:
    return shaped(tx, tx.get("invoice_payment", payment_id))


@handles("invoice_payment.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "invoice_payment", given, "/v1/invoice_payments")
