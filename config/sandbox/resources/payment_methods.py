"""Payment methods: cards only, by test number or by Stripe's test names (`pm_card_visa`)."""

from config.sandbox import cards
from config.sandbox.answers import page, shaped
from config.sandbox.cards import Card
from config.sandbox.errors import ApiError, Json, required, unsupported
from config.sandbox.events import changes, emit
from config.sandbox.resources.common import address, merged_metadata
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

FUTURE_YEAR = 2040


def made(
    tx: Tx, card: Card, *, billing: Json | None = None, month: int = 12, year: int = FUTURE_YEAR
) -> Json:
    """Store a card that belongs to nobody yet."""
    billing = billing or {}
    details: Json = {name: billing.get(name) or None for name in ("email", "name", "phone", "tax_id")}
    details["address"] = address(billing.get("address") or {})
    return tx.put(
        {
            "id": new_id("pm"),
            "object": "payment_method",
            "allow_redisplay": "unspecified",
            "billing_details": details,
            "card": _card(card, month, year),
            "created": tx.now,
            "customer": None,
            "customer_account": None,
            "livemode": False,
            "metadata": {},
            "type": "card",
            "_number": card.number,
            "_authenticated": False,  # saved with authentication, for later use without the person
        }
    )


def _card(card: Card, month: int, year: int) -> Json:
    return {
        "brand": card.brand,
        "checks": {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"},
        "country": "US",
        "display_brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": f"fp{card.number[-14:]}",
        "funding": "credit",
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }


def card_of(method: Json) -> Card:
    """Return the test card behind a payment method."""
    return cards.BY_NUMBER[method["_number"]]


def found(tx: Tx, method_id: str, param: str = "payment_method") -> Json:
    """Return the payment method of an id; a test name makes a new one, as with Stripe."""
    card = cards.by_name(method_id)
    return made(tx, card) if card else tx.reference("payment_method", method_id, param)


def attached(tx: Tx, method_id: str, customer_id: str) -> Json:
    """Attach a payment method to a customer; a bank that says no raises CardError."""
    method = found(tx, method_id)
    if method["customer"] not in {None, customer_id}:
        raise ApiError(
            "The payment method you provided has already been attached to a customer.", param="customer"
        )
    if not card_of(method).saves:
        raise cards.decline(card_of(method))
    if method["customer"] is None:
        method["customer"] = customer_id
        emit(tx, "payment_method.attached", tx.put(method))
    return method


@handles("payment_method.create")
def create(tx: Tx, given: Json) -> Json:
    if given.get("type", "card") != "card" or "payment_method" in given:
        raise unsupported("type" if "type" in given else "payment_method")
    card = given.get("card") or {}
    if "token" in card:
        named = cards.by_name(card["token"])
        if named is None:
            raise ApiError(f"No such token: '{card['token']}'", code="resource_missing", param="card[token]")
        method = made(tx, named, billing=given.get("billing_details"))
    else:
        _require_typed(card)
        month, year = card["exp_month"], card["exp_year"]
        number = cards.by_number(card["number"])
        method = made(tx, number, billing=given.get("billing_details"), month=month, year=year)
    method["metadata"] = merged_metadata({}, given)
    return shaped(tx, tx.put(method))


def _require_typed(card: Json) -> None:
    for name in ("number", "exp_month", "exp_year"):
        if name not in card:
            raise required(f"card[{name}]")


@handles("payment_method.retrieve")
def retrieve(tx: Tx, given: Json, method_id: str) -> Json:
    return shaped(tx, tx.get("payment_method", method_id))


@handles("customer_payment_method.retrieve")
def retrieve_of_customer(tx: Tx, given: Json, customer_id: str, method_id: str) -> Json:
    tx.get("customer", customer_id)
    method = tx.get("payment_method", method_id)
    if method["customer"] != customer_id:
        raise ApiError(f"No such payment_method: '{method_id}'", status=404, code="resource_missing")
    return shaped(tx, method)


@handles("payment_method.update")
def update(tx: Tx, given: Json, method_id: str) -> Json:
    before = tx.get("payment_method", method_id)
    method = tx.get("payment_method", method_id)
    if method["customer"] is None:
        message = "You must save this PaymentMethod to a customer before you can update it."
        raise ApiError(message)
    method["metadata"] = merged_metadata(method["metadata"], given)
    for name in ("exp_month", "exp_year"):
        method["card"][name] = (given.get("card") or {}).get(name, method["card"][name])
    emit(tx, "payment_method.updated", tx.put(method), previous=changes(before, method))
    return shaped(tx, method)


@handles("payment_method.list")
def list_(tx: Tx, given: Json) -> Json:
    if not given.get("customer"):
        return {"object": "list", "data": [], "has_more": False, "url": "/v1/payment_methods"}
    tx.reference("customer", given["customer"], "customer")
    return page(tx, "payment_method", given, "/v1/payment_methods")


@handles("customer_payment_method.list")
def list_of_customer(tx: Tx, given: Json, customer_id: str) -> Json:
    tx.get("customer", customer_id)
    url = f"/v1/customers/{customer_id}/payment_methods"
    return page(tx, "payment_method", given, url, where={"customer": customer_id})


@handles("payment_method.attach")
def attach(tx: Tx, given: Json, method_id: str) -> Json:
    if not given.get("customer"):
        raise required("customer")
    tx.reference("customer", given["customer"], "customer")
    return shaped(tx, attached(tx, method_id, given["customer"]))


@handles("payment_method.detach")
def detach(tx: Tx, given: Json, method_id: str) -> Json:
    method = tx.get("payment_method", method_id)
    if method["customer"] is None:
        message = "The payment method you provided is not attached to a customer so detachment is impossible."
        raise ApiError(message)
    customer = tx.peek(method["customer"])
    if customer and customer["invoice_settings"]["default_payment_method"] == method_id:
        customer["invoice_settings"]["default_payment_method"] = None
        tx.put(customer)
    before = method["customer"]
    emit(tx, "payment_method.detached", tx.put({**method, "customer": None}), previous={"customer": before})
    return shaped(tx, {**method, "customer": None})
