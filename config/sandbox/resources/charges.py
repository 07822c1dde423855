"""Charges: one per attempt to pay, made by payment intents."""

from copy import deepcopy

from config.sandbox.answers import page, shaped
from config.sandbox.cards import Card
from config.sandbox.errors import Json
from config.sandbox.events import emit
from config.sandbox.resources.common import refuse
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

# What is the same in every charge of a card.
BLANK: Json = {
    "object": "charge",
    "amount_refunded": 0,
    "application": None,
    "application_fee": None,
    "application_fee_amount": None,
    "balance_transaction": None,
    "calculated_statement_descriptor": "RATECARD SANDBOX",
    "disputed": False,
    "failure_balance_transaction": None,
    "fraud_details": {},
    "livemode": False,
    "on_behalf_of": None,
    "receipt_email": None,
    "receipt_number": None,
    "receipt_url": None,
    "refunded": False,
    "review": None,
    "shipping": None,
    "source_transfer": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "transfer_data": None,
    "transfer_group": None,
}


def charged(tx: Tx, intent: Json, method: Json, card: Card) -> Json:
    """Store the attempt to charge an intent's amount; it succeeded if the card charges."""
    paid = card.charges
    charge = {
        **deepcopy(BLANK),
        "id": new_id("ch"),
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "billing_details": method["billing_details"],
        "captured": paid,
        "created": tx.now,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "failure_code": None if paid else card.code,
        "failure_message": None if paid else card.message,
        "metadata": intent["metadata"],
        "outcome": _outcome(card),
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"card": _card(intent, method["card"]), "type": "card"},
        "status": "succeeded" if paid else "failed",
    }
    emit(tx, "charge.succeeded" if paid else "charge.failed", tx.put(charge))
    return charge


def _card(intent: Json, card: Json) -> Json:
    """Return a charge's view of the card."""
    names = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "wallet",
    )
    return {
        **{name: card[name] for name in names},
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "regulated_status": "unregulated",
        "three_d_secure": None,
    }


def _outcome(card: Card) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": "approved_by_network" if card.charges else "declined_by_network",
        "reason": None if card.charges else card.decline_code,
        "risk_level": "normal",
        "seller_message": "Payment complete."
        if card.charges
        else "The bank did not return any further details.",
        "type": "authorized" if card.charges else "issuer_declined",
    }


@handles("charge.retrieve")
def retrieve(tx: Tx, given: Json, charge_id: str) -> Json:
    return shaped(tx, tx.get("charge", charge_id))


@handles("charge.list")
def list_(tx: Tx, given: Json) -> Json:
    refuse(given, ["transfer_group"])
    return page(tx, "charge", given, "/v1/charges")
