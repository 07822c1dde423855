"""Customers."""

from config.sandbox.answers import page, shaped
from config.sandbox.cards import by_name
from config.sandbox.errors import ApiError, Json
from config.sandbox.events import changes, emit
from config.sandbox.resources.common import address, merged_metadata, refuse, taken
from config.sandbox.resources.payment_methods import attached
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

PLAIN = [
    "business_name",
    "description",
    "email",
    "individual_name",
    "name",
    "phone",
    "preferred_locales",
    "tax_exempt",
]
UNSUPPORTED = ["cash_balance", "source", "tax", "tax_id_data", "test_clock", "default_source"]


@handles("customer.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, UNSUPPORTED)
    customer: Json = {
        "id": new_id("cus", 14),
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": tx.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": None,
        "invoice_prefix": given.get("invoice_prefix") or new_id("x", 8)[2:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": None,
        "next_invoice_sequence": given.get("next_invoice_sequence", 1),
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }
    tx.put(customer)
    if method := given.get("payment_method"):
        attached(tx, method, customer["id"])
    _apply(tx, customer, given)
    emit(tx, "customer.created", tx.put(customer))
    return shaped(tx, customer)


def _apply(tx: Tx, customer: Json, given: Json) -> None:
    """Write the given parameters into the customer."""
    customer.update(taken(given, PLAIN))
    customer["metadata"] = merged_metadata(customer["metadata"], given)
    for name in ("balance", "invoice_prefix", "next_invoice_sequence"):
        customer[name] = given.get(name, customer[name])
    if "address" in given:
        customer["address"] = address(given["address"])
    if "shipping" in given:
        customer["shipping"] = _shipping(given["shipping"])
    if "invoice_settings" in given:
        _apply_invoice_settings(tx, customer, given["invoice_settings"])


def _shipping(given: Json | str) -> Json | None:
    if not isinstance(given, dict):
        return None
    shipping = {
        "address": address(given["address"]),
        "name": given["name"],
        "phone": given.get("phone") or None,
    }
    return {**shipping, "carrier": None, "tracking_number": None}


def _apply_invoice_settings(tx: Tx, customer: Json, given: Json) -> None:
    settings = customer["invoice_settings"]
    settings.update(taken(given, settings))
    name = "default_payment_method"
    if method_id := given.get(name):
        param = f"invoice_settings[{name}]"
        if by_name(method_id):
            method = attached(tx, method_id, customer["id"])
        else:
            method = tx.reference("payment_method", method_id, param)
        require_owner(method, customer["id"], param)
        settings[name] = method["id"]


def require_owner(method: Json, customer_id: str | None, param: str) -> None:
    """Refuse a payment method that is not attached to this customer."""
    if method["customer"] != customer_id:
        message = (
            f"The customer does not have a payment method with the ID {method['id']}. The payment method "
            "must be attached to the customer."
        )
        raise ApiError(message, code="resource_missing", param=param)


@handles("customer.retrieve")
def retrieve(tx: Tx, given: Json, customer_id: str) -> Json:
    return shaped(tx, tx.get("customer", customer_id))


@handles("customer.update")
def update(tx: Tx, given: Json, customer_id: str) -> Json:
    refuse(given, UNSUPPORTED)
    before = tx.reference("customer", customer_id, "id")
    customer = tx.reference("customer", customer_id, "id")
    _apply(tx, customer, given)
    emit(tx, "customer.updated", tx.put(customer), previous=changes(before, customer))
    return shaped(tx, customer)


@handles("customer.list")
def list_(tx: Tx, given: Json) -> Json:
    refuse(given, ["test_clock"])
    return page(tx, "customer", given, "/v1/customers")


@handles("customer.delete")
def delete(tx: Tx, given: Json, customer_id: str) -> Json:
    customer = tx.get("customer", customer_id)
    if customer.get("deleted"):
        return customer
    for method in tx.find("payment_method", customer=customer_id):
        tx.put({**method, "customer": None})
    emit(tx, "customer.deleted", customer)
    return tx.put({"id": customer_id, "object": "customer", "deleted": True})
