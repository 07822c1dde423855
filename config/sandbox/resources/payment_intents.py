"""Payment intents: one try or several to move one amount."""

from copy import deepcopy

from config.sandbox import cards
from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json, card_error
from config.sandbox.events import emit
from config.sandbox.money import check_chargeable, check_currency
from config.sandbox.resources import invoice_payments
from config.sandbox.resources.charges import charged
from config.sandbox.resources.common import merged_metadata, refuse, taken
from config.sandbox.resources.customers import require_owner
from config.sandbox.resources.payment_methods import attached, card_of, found
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

UNSUPPORTED = [
    "application_fee_amount", "amount_details", "amount_to_confirm", "confirmation_token", "customer_account",
    "hooks", "mandate", "mandate_data", "on_behalf_of", "payment_details", "payment_method_configuration",
    "payment_method_data", "radar_options", "shipping", "transfer_data", "transfer_group",
]  # fmt: skip
PLAIN = [
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
]
UNPAID = {"requires_payment_method", "requires_confirmation", "requires_action"}


# A new intent, but for its amount and customer.
BLANK: Json = {
    "object": "payment_intent",
    "allowed_payment_method_types": None,
    "amount_capturable": 0,
    "amount_details": {"tip": {}},
    "amount_received": 0,
    "application": None,
    "application_fee_amount": None,
    "automatic_payment_methods": None,
    "canceled_at": None,
    "cancellation_reason": None,
    "capture_method": "automatic",
    "confirmation_method": "automatic",
    "customer_account": None,
    "excluded_payment_method_types": None,
    "last_payment_error": None,
    "latest_charge": None,
    "livemode": False,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
    "payment_method_types": ["card"],
    "processing": None,
    "receipt_email": None,
    "review": None,
    "setup_future_usage": None,
    "shipping": None,
    "statement_descriptor": None,
    "statement_descriptor_suffix": None,
    "status": "requires_payment_method",
    "transfer_data": None,
    "transfer_group": None,
}


def made(tx: Tx, amount: int, currency: str, customer: str | None, *, description: str | None = None) -> Json:
    """Store an intent that waits for a payment method."""
    intent_id = new_id("pi")
    intent: Json = {
        **deepcopy(BLANK),
        "id": intent_id,
        "amount": amount,
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "created": tx.now,
        "currency": currency,
        "customer": customer,
        "description": description,
    }
    emit(tx, "payment_intent.created", tx.put(intent))
    return intent


def attempt(tx: Tx, intent: Json, method: Json, *, authenticated: bool = False) -> ApiError | None:
    """Charge the intent to a card. Return None if paid, else the refusal (already noted).

    A card that wants its holder leaves the intent at `requires_action`.
    """
    card = card_of(method)
    intent.update(payment_method=method["id"], next_action=None, last_payment_error=None)
    wanted = card.authentication == "always" or (
        card.authentication == "unless_set_up" and not method["_authenticated"]
    )
    if wanted and not authenticated:
        return _wait_for_person(tx, intent)
    charge = charged(tx, intent, method, card)
    intent["latest_charge"] = charge["id"]
    if not card.charges:
        return _declined(tx, intent, method, charge, card)
    intent.update(status="succeeded", amount_received=intent["amount"])
    if authenticated and intent["setup_future_usage"] == "off_session":
        tx.put({**method, "_authenticated": True})
    emit(tx, "payment_intent.succeeded", tx.put(intent))
    invoice_payments.settle(tx, intent)
    return None


def _wait_for_person(tx: Tx, intent: Json) -> ApiError:
    url = f"{tx.base_url}/authenticate/{intent['id']}"
    action = {"redirect_to_url": {"return_url": None, "url": url}, "type": "redirect_to_url"}
    intent.update(status="requires_action", next_action=action)
    emit(tx, "payment_intent.requires_action", tx.put(intent))
    message = "This payment requires additional user action before it can be completed successfully."
    return card_error("authentication_required", message, decline_code="authentication_required")


def _declined(tx: Tx, intent: Json, method: Json, charge: Json, card: cards.Card) -> ApiError:
    refusal = cards.decline(card, charge=charge["id"], payment_method=shaped(tx, method))
    intent.update(
        status="requires_payment_method", payment_method=None, last_payment_error=dict(refusal.fields)
    )
    emit(tx, "payment_intent.payment_failed", tx.put(intent))
    return refusal


def authenticate(tx: Tx, intent: Json, *, passed: bool) -> ApiError | None:
    """Go on with an intent whose holder has proved, or failed to prove, who they are."""
    method = tx.get("payment_method", intent["payment_method"])
    if passed:
        return attempt(tx, intent, method, authenticated=True)
    refusal = card_error(
        "payment_intent_authentication_failure",
        "We are unable to authenticate your payment method. Please choose a different one and try again.",
        payment_method=shaped(tx, method),
    )
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_payment_error=dict(refusal.fields),
    )
    emit(tx, "payment_intent.payment_failed", tx.put(intent))
    return refusal


def cancel_intent(tx: Tx, intent: Json, reason: str | None) -> Json:
    """Cancel an unpaid intent."""
    intent.update(status="canceled", canceled_at=tx.now, cancellation_reason=reason, next_action=None)
    emit(tx, "payment_intent.canceled", tx.put(intent))
    return intent


@handles("payment_intent.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, UNSUPPORTED)
    if given.get("capture_method") == "manual":
        refuse(given, ["capture_method"])
    currency = check_currency(given["currency"])
    check_chargeable(given["amount"], currency)
    if customer := given.get("customer"):
        tx.reference("customer", customer, "customer")
    intent = made(tx, given["amount"], currency, customer)
    _apply(tx, intent, given)
    tx.put(intent)
    return _confirmed(tx, intent, given) if given.get("confirm") else shaped(tx, intent)


def _apply(tx: Tx, intent: Json, given: Json) -> None:
    intent.update(taken(given, PLAIN))
    intent["metadata"] = merged_metadata(intent["metadata"], given)
    if method_id := given.get("payment_method"):
        method = found(tx, method_id)
        if method["customer"] is not None:
            require_owner(method, intent["customer"], "payment_method")
        intent.update(payment_method=method["id"], status="requires_confirmation")


def _confirmed(tx: Tx, intent: Json, given: Json) -> Json:
    if intent["payment_method"] is None:
        message = (
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either "
            "update the PaymentIntent with a payment method and then confirm it again, or confirm it again "
            "directly with a payment method."
        )
        raise ApiError(message, code="payment_intent_unexpected_state")
    method = tx.get("payment_method", intent["payment_method"])
    if intent["setup_future_usage"] and intent["customer"]:
        method = attached(tx, method["id"], intent["customer"])
    refusal = attempt(tx, intent, method)
    waits = intent["status"] == "requires_action"
    if refusal and (not waits or given.get("error_on_requires_action") or given.get("off_session")):
        refusal.keeps_work = True
        refusal.fields["payment_intent"] = shaped(tx, intent)
        raise refusal
    return shaped(tx, intent)


@handles("payment_intent.retrieve")
def retrieve(tx: Tx, given: Json, intent_id: str) -> Json:
    return shaped(tx, tx.get("payment_intent", intent_id))


@handles("payment_intent.update")
def update(tx: Tx, given: Json, intent_id: str) -> Json:
    refuse(given, [*UNSUPPORTED, "amount", "currency", "customer"])
    before = tx.get("payment_intent", intent_id)
    intent = tx.get("payment_intent", intent_id)
    if intent["status"] not in UNPAID and set(given) - {"metadata", "description"}:
        raise unexpected("update", intent)
    _apply(tx, intent, given)
    if before != intent:
        tx.put(intent)
    return shaped(tx, intent)


def unexpected(verb: str, intent: Json) -> ApiError:
    """Return the refusal of a verb that does not fit the intent's status."""
    noun = "SetupIntent" if intent["object"] == "setup_intent" else "PaymentIntent"
    code = f"{intent['object']}_unexpected_state"
    return ApiError(
        f"You cannot {verb} this {noun} because it has a status of {intent['status']}.", code=code
    )


@handles("payment_intent.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "payment_intent", given, "/v1/payment_intents")


@handles("payment_intent.confirm")
def confirm(tx: Tx, given: Json, intent_id: str) -> Json:
    refuse(given, UNSUPPORTED)
    intent = tx.get("payment_intent", intent_id)
    if intent["status"] not in UNPAID:
        raise unexpected("confirm", intent)
    _apply(tx, intent, given)
    return _confirmed(tx, intent, given)


@handles("payment_intent.cancel")
def cancel(tx: Tx, given: Json, intent_id: str) -> Json:
    intent = tx.get("payment_intent", intent_id)
    if intent["status"] not in UNPAID:
        raise unexpected("cancel", intent)
    if tx.count("invoice_payment", **{"payment.payment_intent": intent_id}):
        raise ApiError(
            "You cannot cancel this PaymentIntent because it was created by an invoice. Void that instead.",
            code="payment_intent_unexpected_state",
        )
    return shaped(tx, cancel_intent(tx, intent, given.get("cancellation_reason")))
