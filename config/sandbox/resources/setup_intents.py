"""Setup intents: save a card for later without charging it."""

from copy import deepcopy

from config.sandbox import cards
from config.sandbox.answers import page, shaped
from config.sandbox.errors import ApiError, Json, card_error
from config.sandbox.events import emit
from config.sandbox.resources.common import merged_metadata, refuse, taken
from config.sandbox.resources.payment_intents import unexpected
from config.sandbox.resources.payment_methods import attached, card_of, found
from config.sandbox.routes import handles
from config.sandbox.state import Tx, new_id

UNSUPPORTED = [
    "attach_to_self", "confirmation_token", "customer_account", "flow_directions", "mandate_data",
    "on_behalf_of",
    "payment_method_configuration", "payment_method_data", "single_use",
]  # fmt: skip
OPEN = {"requires_payment_method", "requires_confirmation", "requires_action"}


# A new intent, but for its customer.
BLANK: Json = {
    "object": "setup_intent",
    "allowed_payment_method_types": None,
    "application": None,
    "automatic_payment_methods": None,
    "cancellation_reason": None,
    "customer_account": None,
    "description": None,
    "excluded_payment_method_types": None,
    "flow_directions": None,
    "last_setup_error": None,
    "latest_attempt": None,
    "livemode": False,
    "mandate": None,
    "metadata": {},
    "next_action": None,
    "on_behalf_of": None,
    "payment_method": None,
    "payment_method_configuration_details": None,
    "payment_method_options": {
        "card": {"mandate_options": None, "network": None, "request_three_d_secure": "automatic"}
    },
    "payment_method_types": ["card"],
    "single_use_mandate": None,
    "status": "requires_payment_method",
}


def made(tx: Tx, customer: str | None, *, usage: str = "off_session") -> Json:
    """Store an intent that waits for a card."""
    intent_id = new_id("seti")
    intent: Json = {
        **deepcopy(BLANK),
        "id": intent_id,
        "client_secret": f"{intent_id}_secret_{new_id('x')[2:]}",
        "created": tx.now,
        "customer": customer,
        "usage": usage,
    }
    emit(tx, "setup_intent.created", tx.put(intent))
    return intent


def attempt(tx: Tx, intent: Json, method: Json, *, authenticated: bool = False) -> ApiError | None:
    """Save the card. Return None if that worked, else the refusal (already noted)."""
    card = card_of(method)
    intent.update(payment_method=method["id"], next_action=None, last_setup_error=None)
    if card.authentication != "never" and not authenticated:
        url = f"{tx.base_url}/authenticate/{intent['id']}"
        action = {"redirect_to_url": {"return_url": None, "url": url}, "type": "redirect_to_url"}
        intent.update(status="requires_action", next_action=action)
        emit(tx, "setup_intent.requires_action", tx.put(intent))
        return card_error("authentication_required", "This card needs its holder's authentication.")
    if not card.saves:
        return _failed(tx, intent, cards.decline(card, payment_method=shaped(tx, method)))
    if authenticated:
        method = tx.put({**method, "_authenticated": True})
    if intent["customer"]:
        attached(tx, method["id"], intent["customer"])
    intent["status"] = "succeeded"
    emit(tx, "setup_intent.succeeded", tx.put(intent))
    return None


def _failed(tx: Tx, intent: Json, refusal: ApiError) -> ApiError:
    intent.update(
        status="requires_payment_method",
        payment_method=None,
        next_action=None,
        last_setup_error=dict(refusal.fields),
    )
    emit(tx, "setup_intent.setup_failed", tx.put(intent))
    return refusal


def authenticate(tx: Tx, intent: Json, *, passed: bool) -> ApiError | None:
    """Go on with an intent whose holder has proved, or failed to prove, who they are."""
    method = tx.get("payment_method", intent["payment_method"])
    if passed:
        return attempt(tx, intent, method, authenticated=True)
    message = (
        "We are unable to authenticate your payment method. Please choose a different one and try again."
    )
    return _failed(tx, intent, card_error("setup_intent_authentication_failure", message))


@handles("setup_intent.create")
def create(tx: Tx, given: Json) -> Json:
    refuse(given, UNSUPPORTED)
    if customer := given.get("customer"):
        tx.reference("customer", customer, "customer")
    intent = made(tx, customer, usage=given.get("usage", "off_session"))
    _apply(tx, intent, given)
    return _confirmed(tx, intent) if given.get("confirm") else shaped(tx, tx.put(intent))


def _apply(tx: Tx, intent: Json, given: Json) -> None:
    intent.update(taken(given, ["description"]))
    intent["metadata"] = merged_metadata(intent["metadata"], given)
    if method_id := given.get("payment_method"):
        intent.update(payment_method=found(tx, method_id)["id"], status="requires_confirmation")


def _confirmed(tx: Tx, intent: Json) -> Json:
    if intent["payment_method"] is None:
        message = "You cannot confirm this SetupIntent because it's missing a payment method."
        raise ApiError(message, code="setup_intent_unexpected_state")
    refusal = attempt(tx, intent, tx.get("payment_method", intent["payment_method"]))
    if refusal is not None and intent["status"] != "requires_action":
        refusal.keeps_work = True
        refusal.fields["setup_intent"] = shaped(tx, intent)
        raise refusal
    return shaped(tx, intent)


@handles("setup_intent.retrieve")
def retrieve(tx: Tx, given: Json, intent_id: str) -> Json:
    return shaped(tx, tx.get("setup_intent", intent_id))


@handles("setup_intent.update")
def update(tx: Tx, given: Json, intent_id: str) -> Json:
    refuse(given, [*UNSUPPORTED, "customer"])
    intent = tx.get("setup_intent", intent_id)
    if intent["status"] not in OPEN and set(given) - {"metadata", "description"}:
        raise unexpected("update", intent)
    _apply(tx, intent, given)
    return shaped(tx, tx.put(intent))


@handles("setup_intent.list")
def list_(tx: Tx, given: Json) -> Json:
    return page(tx, "setup_intent", given, "/v1/setup_intents")


@handles("setup_intent.confirm")
def confirm(tx: Tx, given: Json, intent_id: str) -> Json:
    refuse(given, UNSUPPORTED)
    intent = tx.get("setup_intent", intent_id)
    if intent["status"] not in OPEN:
        raise unexpected("confirm", intent)
    _apply(tx, intent, given)
    return _confirmed(tx, intent)


@handles("setup_intent.cancel")
def cancel(tx: Tx, given: Json, intent_id: str) -> Json:
    intent = tx.get("setup_intent", intent_id)
    if intent["status"] not in OPEN:
        raise unexpected("cancel", intent)
    intent.update(status="canceled", cancellation_reason=given.get("cancellation_reason"), next_action=None)
    emit(tx, "setup_intent.canceled", tx.put(intent))
    return shaped(tx, intent)
