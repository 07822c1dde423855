"""The only module that knows Stripe. Answers become frozen values, failures our own named errors.

No call is made while a transaction is open: a slow answer would hold locks, and a rollback could
not take back what happened there.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, cast

import stripe
from django.conf import settings
from django.db import connection

from billing.errors import (
    BadSignature,
    CardDeclined,
    GatewayBusy,
    GatewayError,
    GatewayRefused,
    GatewayUnclear,
    NotConfigured,
)
from billing.gateway_events import event_of, instant_of, stamp_of
from billing.gateway_values import (
    CheckoutOutcome,
    Found,
    SignedEvent,
    StripeCard,
    StripeFailure,
    StripeInvoice,
    StripePayment,
)

TOLERANCE = timedelta(minutes=5)  # of a webhook's stamp, to either side
PAGE = 100
IN_FLIGHT = 409
# Ours on each side of Stripe's own expansions: which intent paid, and why one failed.
WITH_PAYMENTS = ["payments.data.payment.payment_intent"]


def is_live() -> bool:
    """Return whether our key moves real money."""
    return bool(settings.STRIPE_API_KEY.startswith(("sk_live_", "rk_live_")))


@functools.lru_cache(maxsize=4)
def _client_for(key: str, base: str, version: str, seconds: int) -> stripe.StripeClient:
    """Return one client for each address; all four addresses are set, so nothing can leak to another."""
    addresses = dict.fromkeys(("api", "files", "connect", "meter_events"), base) if base else None
    return stripe.StripeClient(
        key,
        stripe_version=version,
        base_addresses=cast("Any", addresses),
        max_network_retries=0,  # retries are ours: a row each, under one key
        http_client=stripe.RequestsClient(timeout=seconds),
    )


def _client() -> stripe.StripeClient:
    if connection.in_atomic_block:
        raise RuntimeError("A call to Stripe inside a transaction.")
    return _client_for(
        settings.STRIPE_API_KEY,
        settings.STRIPE_API_BASE,
        settings.STRIPE_API_VERSION,
        settings.STRIPE_TIMEOUT_SECONDS,
    )


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the SDK's errors into ours: unclear, busy, refused or declined."""
    try:
        yield
    except stripe.StripeError as error:
        raise _ours(error) from error


def _ours(error: stripe.StripeError) -> GatewayError:
    if isinstance(error, stripe.CardError):
        return CardDeclined(reason=error.code or "card_declined", message=error.user_message or "")
    if isinstance(error, stripe.RateLimitError):
        return _limited(error)
    if isinstance(error, stripe.APIConnectionError):
        return GatewayUnclear(reason="connection")
    if isinstance(error, stripe.AuthenticationError):
        return NotConfigured(reason="authentication")
    if isinstance(error, (stripe.InvalidRequestError, stripe.PermissionError)):
        return GatewayRefused(reason=error.code or "invalid_request", message=str(error))
    if error.http_status == IN_FLIGHT:
        return GatewayUnclear(reason="in_flight")
    if isinstance(error, stripe.IdempotencyError):
        return GatewayRefused(reason="idempotency_error", message=str(error))
    return GatewayUnclear(reason=f"http_{error.http_status}", stored=True)


def _limited(error: stripe.RateLimitError) -> GatewayError:
    """Tell the global limiter (nothing happened) from a lock inside Stripe (kept under the key)."""
    if getattr(error.error, "code", None) == "lock_timeout":
        return GatewayUnclear(reason="lock_timeout", stored=True)
    return GatewayBusy(reason="rate_limit")


def _options(key: str) -> Any:
    return {"idempotency_key": key}


# Writes. `params` are plain and were committed before; `key` is the operation's.


def create_customer(params: dict[str, Any], *, key: str) -> Found:
    """Make a customer."""
    with _translated():
        made = _client().v1.customers.create(cast("Any", params), _options(key))
    return Found(made.id, {"livemode": made.livemode})


def set_default_card(customer: str, card: str, *, key: str) -> Found:
    """Make a saved card the one that invoices are charged to."""
    params: Any = {"invoice_settings": {"default_payment_method": card}}
    with _translated():
        made = _client().v1.customers.update(customer, params, _options(key))
    return Found(made.id, {})


def create_checkout(params: dict[str, Any], *, key: str) -> Found:
    """Open a hosted page on which a person adds a card."""
    with _translated():
        made = _client().v1.checkout.sessions.create(cast("Any", params), _options(key))
    return Found(made.id, {"url": made.url or ""})


def create_invoice(params: dict[str, Any], *, key: str) -> Found:
    """Make an empty draft under our own number."""
    with _translated():
        made = _client().v1.invoices.create(cast("Any", params), _options(key))
    return Found(made.id, {"livemode": made.livemode})


def add_lines(invoice: str, lines: list[dict[str, Any]], *, key: str) -> Found:
    """Put all lines on a draft at once."""
    params: Any = {"lines": lines}
    with _translated():
        made = _client().v1.invoices.add_lines(invoice, params, _options(key))
    return Found(made.id, {"total": made.total})


def finalise(invoice: str, *, auto_advance: bool, key: str) -> Found:
    """Freeze the draft; with `auto_advance` Stripe collects or sends it."""
    with _translated():
        made = _client().v1.invoices.finalize_invoice(invoice, {"auto_advance": auto_advance}, _options(key))
    return Found(made.id, {"total": made.total, "url": made.hosted_invoice_url or ""})


def pay(invoice: str, card: str, *, key: str) -> Found:
    """Charge an open invoice to a saved card now."""
    with _translated():
        made = _client().v1.invoices.pay(invoice, {"payment_method": card}, _options(key))
    return Found(made.id, {"status": made.status})


# Reads.


def find_customer(email: str, op_id: str) -> Found | None:
    """Return the customer that an operation made, by List: Search does not see fresh writes."""
    with _translated():
        rows = _client().v1.customers.list({"email": email, "limit": PAGE}).auto_paging_iter()
        return _made_by(rows, op_id, lambda row: {"livemode": row.livemode})


def find_invoice(customer: str, op_id: str) -> Found | None:
    """Return the invoice that an operation made for a customer."""
    with _translated():
        rows = _client().v1.invoices.list({"customer": customer, "limit": PAGE}).auto_paging_iter()
        return _made_by(rows, op_id, lambda row: {"livemode": row.livemode})


def _made_by(rows: Iterable[Any], op_id: str, facts: Callable[[Any], dict[str, Any]]) -> Found | None:
    for row in rows:
        if "op_id" in row.metadata and row.metadata["op_id"] == op_id:
            return Found(row.id, facts(row))
    return None


def line_ids(invoice: str) -> set[str]:
    """Return our line ids that stand on an invoice already."""
    with _translated():
        rows = _client().v1.invoices.line_items.list(invoice, {"limit": PAGE}).auto_paging_iter()
        return {row.metadata["line_id"] for row in rows if "line_id" in row.metadata}


def default_card(customer: str) -> str | None:
    """Return the id of the card a customer's invoices are charged to."""
    with _translated():
        row = _client().v1.customers.retrieve(customer)
    chosen = getattr(row.invoice_settings, "default_payment_method", None)
    return chosen if isinstance(chosen, str) or chosen is None else str(chosen.id)


def invoice(stripe_id: str) -> StripeInvoice:
    """Return an invoice as it stands now, with its payments."""
    with _translated():
        row = _client().v1.invoices.retrieve(stripe_id, {"expand": WITH_PAYMENTS})
    intents = [one.payment.payment_intent for one in row.payments.data] if row.payments else []
    paid_at = row.status_transitions.paid_at
    return StripeInvoice(
        id=row.id,
        status=row.status or "",
        total=row.total,
        currency=row.currency.upper(),
        number=row.number or "",
        metadata=row.metadata.to_dict() if row.metadata else {},
        livemode=row.livemode,
        hosted_url=row.hosted_invoice_url or "",
        attempt_count=row.attempt_count,
        paid_at=instant_of(paid_at) if paid_at else None,
        off_stripe=row.amount_paid_off_stripe or 0,
        payments=tuple(_payment(one, row) for one in intents if _succeeded(one)),
        failure=_failure(row, intents),
    )


def _succeeded(intent: Any) -> bool:
    return intent is not None and not isinstance(intent, str) and intent.status == "succeeded"


def _payment(intent: Any, row: Any) -> StripePayment:
    charge = intent.latest_charge
    name = charge if isinstance(charge, str) else getattr(charge, "id", intent.id)
    at = row.status_transitions.paid_at or intent.created
    return StripePayment(name, intent.amount_received, instant_of(at))


def _failure(row: Any, intents: Iterable[Any]) -> StripeFailure | None:
    """Return why an open invoice is not paid, None if nobody has tried."""
    if row.status != "open" or not row.attempt_count:
        return None
    for intent in intents:
        if intent is None or isinstance(intent, str):
            continue
        if intent.status == "requires_action":
            return StripeFailure(intent.id, "requires_action", "authentication_required", "")
        if intent.last_payment_error is not None:
            error = intent.last_payment_error
            code = getattr(error, "decline_code", None) or error.code or "card_declined"
            return StripeFailure(intent.id, "declined", code, error.message or "")
    return StripeFailure(row.id, "failed", "no_payment_method", "")


def checkout(session: str) -> CheckoutOutcome:
    """Return how far a hosted add-a-card page has come, and the card it saved."""
    params: Any = {"expand": ["setup_intent.payment_method"]}
    with _translated():
        row = _client().v1.checkout.sessions.retrieve(session, params)
    intent: Any = row.setup_intent
    method = getattr(intent, "payment_method", None)
    card = _card(method) if method is not None and not isinstance(method, str) else None
    customer = row.customer if isinstance(row.customer, str) else getattr(row.customer, "id", "")
    return CheckoutOutcome(customer or "", row.status == "complete", card)


def _card(method: Any) -> StripeCard:
    card = method.card
    return StripeCard(method.id, card.brand, card.last4, card.exp_month, card.exp_year)


# Webhooks.


def verified(raw: bytes, signature: str, secrets: Iterable[str], *, now: datetime) -> SignedEvent:
    """Return the event of a signed body; BadSignature if nobody we know signed it, or not about now.

    The SDK refuses old stamps but takes future ones, so our window looks both ways.
    """
    if abs(now - stamp_of(signature)) > TOLERANCE:
        raise BadSignature
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(raw.decode(), signature, secret, None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        return event_of(raw)
    raise BadSignature
