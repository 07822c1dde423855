"""What an invoice adds up to, and how it changes its status."""

from copy import deepcopy

from config.sandbox.answers import SHAPES, envelope, shaped
from config.sandbox.errors import Json
from config.sandbox.events import emit
from config.sandbox.state import Tx

SHOWN_LINES = 10


# An empty draft, but for what comes from its customer and the moment.
BLANK: Json = {
    "object": "invoice",
    "account_country": "US",
    "account_name": "Ratecard sandbox",
    "account_tax_ids": None,
    "amount_due": 0,
    "amount_overpaid": 0,
    "amount_paid": 0,
    "amount_paid_off_stripe": 0,
    "amount_remaining": 0,
    "amount_shipping": 0,
    "application": None,
    "attempt_count": 0,
    "attempted": False,
    "auto_advance": False,
    "automatic_tax": {
        "disabled_reason": None,
        "enabled": False,
        "liability": None,
        "provider": None,
        "status": None,
    },
    "automatically_finalizes_at": None,
    "billing_reason": "manual",
    "collection_method": "charge_automatically",
    "currency": None,
    "custom_fields": None,
    "customer_account": None,
    "default_payment_method": None,
    "default_source": None,
    "default_tax_rates": [],
    "description": None,
    "discounts": [],
    "due_date": None,
    "effective_at": None,
    "ending_balance": None,
    "from_invoice": None,
    "hosted_invoice_url": None,
    "invoice_pdf": None,
    "issuer": {"type": "self"},
    "last_finalization_error": None,
    "latest_revision": None,
    "livemode": False,
    "metadata": {},
    "next_payment_attempt": None,
    "number": None,
    "on_behalf_of": None,
    "parent": None,
    "payment_settings": {
        "default_mandate": None,
        "payment_method_options": None,
        "payment_method_types": None,
    },
    "post_payment_credit_notes_amount": 0,
    "pre_payment_credit_notes_amount": 0,
    "receipt_number": None,
    "rendering": None,
    "shipping_cost": None,
    "shipping_details": None,
    "starting_balance": 0,
    "statement_descriptor": None,
    "status": "draft",
    "status_details": None,
    "status_transitions": {
        "finalized_at": None,
        "marked_uncollectible_at": None,
        "paid_at": None,
        "voided_at": None,
    },
    "subtotal": 0,
    "subtotal_excluding_tax": 0,
    "test_clock": None,
    "total": 0,
    "total_discount_amounts": [],
    "total_excluding_tax": 0,
    "total_pretax_credit_amounts": [],
    "total_taxes": [],
    "webhooks_delivered_at": None,
    "_days_until_due": None,
    "_due": None,  # when time next moves it: finalisation of a draft, or another try to collect
}


def new_invoice(tx: Tx, invoice_id: str, customer: Json) -> Json:
    """Return an empty draft for a customer, with every field an answer has."""
    return {
        **deepcopy(BLANK),
        "id": invoice_id,
        "created": tx.now,
        "customer": customer["id"],
        **as_billed(customer),
        "footer": customer["invoice_settings"]["footer"],
        "period_end": tx.now,
        "period_start": tx.now,
    }


def as_billed(customer: Json) -> Json:
    """Return what an invoice copies from its customer until it is finalised."""
    return {
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "customer_tax_ids": [],
    }


def lines_of(tx: Tx, invoice_id: str) -> list[Json]:
    """Return the lines of an invoice in the order they were added."""
    return tx.find("line_item", invoice=invoice_id)


def _shape(tx: Tx, invoice: Json) -> Json:
    lines = lines_of(tx, invoice["id"])
    shown = [shaped(tx, line) for line in lines[:SHOWN_LINES]]
    url = f"/v1/invoices/{invoice['id']}/lines"
    return {
        **invoice,
        "lines": envelope(url, shown, more=len(lines) > SHOWN_LINES),
    }


SHAPES["invoice"] = _shape


def add_up(tx: Tx, invoice: Json) -> Json:
    """Set every sum of a draft from its lines and the customer's balance; store it."""
    total = sum(line["amount"] for line in lines_of(tx, invoice["id"]))
    for name in ("subtotal", "subtotal_excluding_tax", "total", "total_excluding_tax"):
        invoice[name] = total
    customer = tx.get("customer", invoice["customer"])
    invoice["starting_balance"] = customer.get("balance", 0) if _same_currency(customer, invoice) else 0
    due = max(total + invoice["starting_balance"], 0)
    invoice.update(amount_due=due, amount_remaining=due)
    return tx.put(invoice)


def _same_currency(customer: Json, invoice: Json) -> bool:
    return customer.get("currency") in {None, invoice["currency"]}


def become_paid(tx: Tx, invoice: Json, *, paid: int, off_stripe: bool = False) -> Json:
    """Mark an invoice as paid, by Stripe or outside of it; tell the world."""
    invoice["status_transitions"]["paid_at"] = tx.now
    invoice.update(
        status="paid",
        amount_paid=invoice["amount_paid"] + paid,
        amount_paid_off_stripe=paid if off_stripe else 0,
        amount_remaining=0,
        attempted=True,
        next_payment_attempt=None,
        _due=None,
    )
    emit(tx, "invoice.paid", tx.put(invoice))
    emit(tx, "invoice.payment_succeeded", invoice)
    return invoice
