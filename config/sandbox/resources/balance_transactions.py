"""The customer's balance: a ledger in which a negative balance is credit the customer has."""

from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json
from config.sandbox.events import emit
from config.sandbox.money import check_currency
from config.sandbox.resources.common import merged_metadata
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id


def post(
    tx: Tx, customer: Json, amount: int, currency: str, kind: str, *, invoice: str | None = None
) -> Json:
    """Move the balance by `amount` and write it into the ledger."""
    before = customer["balance"]
    customer["balance"] = before + amount
    emit(tx, "customer.updated", tx.put(customer), previous={"balance": before})
    return tx.put(
        {
            "id": new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": tx.now,
            "credit_note": None,
            "currency": currency,
            "customer": customer["id"],
            "customer_account": None,
            "description": None,
            "ending_balance": customer["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
    )


@handles("customer_balance_transaction.create")
def create(tx: Tx, given: Json, customer_id: str) -> Json:
    customer = tx.reference("customer", customer_id, "id")
    currency = check_currency(given["currency"])
    if customer["currency"] not in {None, currency}:
        message = f"The customer's balance is in {customer['currency']}; it cannot take {currency}."
        raise ApiError(message, param="currency")
    customer["currency"] = currency
    entry = post(tx, customer, given["amount"], currency, "adjustment")
    entry["description"] = given.get("description") or None
    entry["metadata"] = merged_metadata({}, given)
    return shaped(tx, tx.put(entry))


@handles("customer_balance_transaction.list")
def list_(tx: Tx, given: Json, customer_id: str) -> Json:
    tx.get("customer", customer_id)
    url = f"/v1/customers/{customer_id}/balance_transactions"
    return page(tx, "customer_balance_transaction", given, url, where={"customer": customer_id})


@handles("customer_balance_transaction.retrieve")
def retrieve(tx: Tx, given: Json, customer_id: str, entry_id: str) -> Json:
    tx.get("customer", customer_id)
    return shaped(tx, tx.get("customer_balance_transaction", entry_id))
