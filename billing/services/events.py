"""Signed messages: kept as they come, answered, and only then judged by fetching the object again."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models.functions import Now

from billing import gateway
from billing.errors import GatewayBusy, GatewayRefused, GatewayUnclear, NotConfigured
from billing.gateway_values import SignedEvent, StripeInvoice
from billing.models import StripeEvent, StripeLink, StripeOperation
from billing.models.stripe import OperationKind
from billing.services.cards import customer_of_link, finish_card_setup
from billing.services.payments import apply_stripe_invoice
from plans.actor import STRIPE
from plans.doorbell import ring_after_commit
from plans.errors import NotFound
from subscriptions.leases import Lease, claim, finish

log = logging.getLogger(__name__)

# Types that may change something of ours. All others are kept and marked as ignored.
INVOICE_TYPES = frozenset(
    {
        "invoice.finalized", "invoice.paid", "invoice.payment_failed", "invoice.payment_action_required",
        "invoice.voided", "invoice.marked_uncollectible",
    }
)  # fmt: skip
CHECKOUT_TYPES = frozenset({"checkout.session.completed"})
MOST_ATTEMPTS = 10
OBJECT_LEASE = timedelta(minutes=1)


class Unsettled(Exception):  # noqa: N818 — inside this module: try again later
    """The object is in other hands, or not yet linked to a row of ours."""


def store(event: SignedEvent) -> bool:
    """Keep a message; False if it was there before. One row per event id, whoever comes first."""
    _row, new = StripeEvent.objects.get_or_create(
        event_id=event.id,
        defaults={
            "type": event.type,
            "object_id": event.object_id,
            "livemode": event.livemode,
            "api_version": event.api_version,
            "created": event.created,
            "body": event.body,
            "state": StripeEvent.State.RECEIVED if _known(event.type) else StripeEvent.State.IGNORED,
        },
    )
    if new:
        ring_after_commit("billing.process_webhooks")
    return new


def _known(type_: str) -> bool:
    return type_ in INVOICE_TYPES or type_ in CHECKOUT_TYPES


def waiting() -> int:
    """Return how many messages have not been judged."""
    return StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED).count()


def process_events(at: datetime, *, limit: int = 100) -> int:
    """Judge what has come in, one fetch per object; return how many messages are done."""
    leases = claim(StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED), limit=limit)
    groups: dict[str, list[Lease]] = {}
    for lease in leases:
        groups.setdefault(lease.row.object_id, []).append(lease)
    return sum(_process(object_id, group, at=at) for object_id, group in groups.items())


def _process(object_id: str, group: Sequence[Lease], *, at: datetime) -> int:
    """Bring one object up to date and close its messages; a failure leaves them for another try."""
    try:
        known = _apply(object_id, group[-1].row, at=at)
    except (GatewayUnclear, GatewayBusy, NotConfigured, GatewayRefused, Unsettled) as error:
        for lease in group:
            _put_back(lease, error)
        return 0
    state = StripeEvent.State.PROCESSED if known else StripeEvent.State.IGNORED
    return sum(finish(lease, state=state, processed_at=Now(), last_error="") for lease in group)


def _put_back(lease: Lease, error: Exception) -> None:
    event: StripeEvent = lease.row
    log.warning("Stripe event %s waits: %r", event.event_id, error)
    poison = event.attempts >= MOST_ATTEMPTS
    state = StripeEvent.State.PARKED if poison else StripeEvent.State.RECEIVED
    finish(lease, state=state, last_error=repr(error)[:1000])


def _apply(object_id: str, event: StripeEvent, *, at: datetime) -> bool:
    if event.type in CHECKOUT_TYPES:
        return _apply_checkout(object_id, at=at)
    return _apply_invoice(object_id, at=at)


def _apply_checkout(session_id: str, *, at: datetime) -> bool:
    customer = customer_of_link(gateway.checkout(session_id).customer)
    if customer is None:
        return False
    try:
        finish_card_setup(customer, session_id=session_id, at=at, by=STRIPE)
    except NotFound:
        return False
    return True


def _apply_invoice(stripe_id: str, *, at: datetime) -> bool:
    """Fetch under the object's lease and apply; False if the invoice is not one of ours."""
    link = StripeLink.objects.filter(kind=StripeLink.Kind.INVOICE, stripe_id=stripe_id).first()
    if link is None:
        link = _adopted(gateway.invoice(stripe_id))
    if link is None:
        return False
    held = claim(StripeLink.objects.filter(pk=link.pk), limit=1, lease=OBJECT_LEASE)
    if not held:
        raise Unsettled
    seen = gateway.invoice(stripe_id)
    if not apply_stripe_invoice(link.local_id, seen, link=held[0].row, at=at):
        raise Unsettled
    finish(held[0])
    return True


def _adopted(seen: StripeInvoice) -> StripeLink | None:
    """Link an invoice that came before we had noted its id, by our operation's id in its metadata."""
    op_id = seen.metadata.get("op_id", "")
    made_by = StripeOperation.objects.filter(public_id=op_id, kind=OperationKind.CREATE_INVOICE).first()
    if made_by is None or made_by.invoice_id is None:
        return None
    link, _new = StripeLink.objects.get_or_create(
        kind=StripeLink.Kind.INVOICE,
        local_id=made_by.invoice_id,
        defaults={"stripe_id": seen.id, "livemode": seen.livemode},
    )
    return link
