"""Checkout sessions in setup mode: a hosted page on which a person adds a card."""

from copy import deepcopy

from config.sandbox.answers import page, shaped
from config.sandbox.clock import DAY
from config.sandbox.errors import ApiError, Json, required, unsupported
from config.sandbox.events import emit
from config.sandbox.money import check_currency
from config.sandbox.resources import setup_intents
from config.sandbox.resources.common import merged_metadata, refuse
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

SUPPORTED = {
    "allowed_payment_method_types", "cancel_url", "client_reference_id", "currency", "customer",
    "customer_email", "expires_at", "locale", "metadata", "mode", "setup_intent_data", "success_url",
    "ui_mode",
    "billing_address_collection", "customer_update", "payment_method_collection",
}  # fmt: skip


@handles("session.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, [name for name in given if name not in SUPPORTED])
    _check(tx, given)
    intent = setup_intents.made(tx, given.get("customer"))
    data = given.get("setup_intent_data") or {}
    refuse(data, ["on_behalf_of"])
    intent["metadata"] = merged_metadata({}, data)
    intent["description"] = data.get("description")
    tx.put(intent)
    return shaped(tx, tx.put(_made(tx, given, intent["id"])))


def _check(tx: Tx, given: Json) -> None:
    """Refuse what a setup session cannot be."""
    for name, only in (("mode", "setup"), ("ui_mode", "hosted_page")):
        if given.get(name, "hosted_page") != only:
            raise unsupported(name)
    if "success_url" not in given:
        raise required("success_url")
    _check_urls(given)
    if "currency" in given:
        check_currency(given["currency"])
    elif "allowed_payment_method_types" not in given:
        raise required("currency")
    if "customer" in given:
        tx.reference("customer", given["customer"], "customer")


def _check_urls(given: Json) -> None:
    for name in ("success_url", "cancel_url"):
        if not given.get(name, "https://").startswith(("http://", "https://")):
            raise ApiError("Not a valid URL", code="url_invalid", param=name)


# What every setup session has in common.
BLANK: Json = {
    "object": "checkout.session",
    "adaptive_pricing": None,
    "after_expiration": None,
    "allow_promotion_codes": None,
    "amount_subtotal": None,
    "amount_total": None,
    "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
    "billing_address_collection": None,
    "client_secret": None,
    "collected_information": None,
    "consent": None,
    "consent_collection": None,
    "currency_conversion": None,
    "custom_fields": [],
    "custom_text": {
        "after_submit": None,
        "shipping_address": None,
        "submit": None,
        "terms_of_service_acceptance": None,
    },
    "customer_account": None,
    "customer_details": None,
    "discounts": None,
    "invoice": None,
    "invoice_creation": None,
    "livemode": False,
    "mode": "setup",
    "origin_context": None,
    "payment_intent": None,
    "payment_link": None,
    "payment_method_collection": "always",
    "payment_method_configuration_details": None,
    "payment_method_options": {},
    "payment_method_types": ["card"],
    "payment_status": "no_payment_required",
    "permissions": None,
    "recovered_from": None,
    "saved_payment_method_options": None,
    "shipping_address_collection": None,
    "shipping_cost": None,
    "shipping_options": [],
    "status": "open",
    "submit_type": None,
    "subscription": None,
    "total_details": None,
    "ui_mode": "hosted_page",
    "wallet_options": None,
}


def _made(tx: Tx, given: Json, intent_id: str) -> Json:
    session_id = new_id("cs_test", 56)
    customer = tx.peek(given["customer"]) if "customer" in given else None
    email = given.get("customer_email") or (customer or {}).get("email")
    expires = given.get("expires_at", tx.now + DAY)
    return {
        **deepcopy(BLANK),
        "id": session_id,
        "allowed_payment_method_types": given.get("allowed_payment_method_types"),
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": tx.now,
        "currency": given.get("currency"),
        "customer": given.get("customer"),
        "customer_creation": None if customer else "if_required",
        "customer_email": email,
        "expires_at": expires,
        "locale": given.get("locale"),
        "metadata": merged_metadata({}, given),
        "setup_intent": intent_id,
        "success_url": given["success_url"],
        "url": f"{tx.base_url}/c/pay/{session_id}",
        "_due": expires,
    }


def complete(tx: Tx, session: Json) -> str:
    """Finish a session whose card is saved; return where the person goes now."""
    session.update(status="complete", url=None, _due=None)
    emit(tx, "checkout.session.completed", tx.put(session))
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


@handles("session.retrieve")
def retrieve(tx: Tx, given: Json, session_id: str) -> Json:
    return shaped(tx, tx.get("checkout.session", session_id))


@handles("session.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "checkout.session", given, "/v1/checkout/sessions")


@handles("session.expire")
def expire(tx: Tx, given: Json, session_id: str) -> Json:
    session = tx.get("checkout.session", session_id)
    if session["status"] != "open":
        raise ApiError(f"Only open Checkout Sessions can be expired. This one is {session['status']}.")
    return shaped(tx, _expired(tx, session))


def _expired(tx: Tx, session: Json) -> Json:
    session.update(status="expired", url=None, _due=None)
    emit(tx, "checkout.session.expired", tx.put(session))
    return session


def expire_due(tx: Tx) -> None:
    """Expire the sessions whose time is over."""
    for session in tx.due("checkout.session"):
        _expired(tx, session)
