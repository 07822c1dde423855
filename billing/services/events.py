"""Signed messages: kept as they come, answered, and only then judged by fetching the object again."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce, Now

from billing import gateway
from billing.errors import GatewayBusy, GatewayUnclear, NotConfigured
from billing.gateway_values import SignedEvent, StripeInvoice
from billing.models import StripeEvent, StripeLink, StripeOperation
from billing.models.stripe import OperationKind
from billing.pauses import pause_after
from billing.services.cards import customer_of_link, finish_card_setup
from billing.services.payments import apply_stripe_invoice
from plans.actor import STRIPE, Actor
from plans.doorbell import ring_after_commit
from plans.errors import NotFound
from plans.history import changes
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
MOST_FAULTS = 8  # with their pauses about four minutes
LONGEST_WAIT = timedelta(hours=24)  # for an answer of Stripe, before a person has to look
OBJECT_LEASE = timedelta(minutes=1)


class Unsettled(Exception):  # noqa: N818 — inside this module: try again later
    """The object is in other hands, or not yet linked to a row of ours."""


PASSING = (GatewayUnclear, GatewayBusy, NotConfigured, Unsettled)  # nothing wrong with the message


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


def ready() -> QuerySet[StripeEvent]:
    """Return the messages that may be judged now."""
    waits = StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED)
    return waits.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=Now()))


def process_events(at: datetime, *, limit: int = 100) -> int:
    """Judge what has come in, one fetch per object; return how many messages are done."""
    groups: dict[str, list[Lease]] = {}
    for lease in claim(ready(), limit=limit):
        groups.setdefault(lease.row.object_id, []).append(lease)
    return sum(_process(object_id, group, at=at) for object_id, group in groups.items())


def replay(event: StripeEvent, *, by: Actor) -> bool:
    """Judge a parked message once more, with all its tries and its day ahead; False if it is not parked."""
    with changes(by):
        parked = StripeEvent.objects.filter(pk=event.pk, state=StripeEvent.State.PARKED)
        again = parked.update(
            state=StripeEvent.State.RECEIVED, faults=0, attempts=0, retry_at=None, replayed_at=Now()
        )
        if again:
            ring_after_commit("billing.process_webhooks")
    return bool(again)


def _process(object_id: str, group: Sequence[Lease], *, at: datetime) -> int:
    """Bring one object up to date and close its messages; a failure leaves them for another try."""
    try:
        known = _apply(object_id, group[-1].row, at=at)
    except PASSING as error:
        return _put_back(group, error)
    except Exception as error:
        # Whatever it is, the objects behind this one are not held up by it.
        log.exception("Stripe object %s cannot be brought up to date.", object_id)
        return _put_back(group, error, faults=1)
    state = StripeEvent.State.PROCESSED if known else StripeEvent.State.IGNORED
    return sum(finish(lease, state=state, processed_at=Now(), last_error="") for lease in group)


def _put_back(group: Sequence[Lease], error: Exception, *, faults: int = 0) -> int:
    """Leave messages for later; park those that broke us too often, or have waited too long. None is done."""
    for lease in group:
        event: StripeEvent = lease.row
        log.warning("Stripe event %s waits: %r", event.event_id, error)
        counted = event.faults + faults
        parked = counted >= MOST_FAULTS or _is_old(event)
        finish(
            lease,
            state=StripeEvent.State.PARKED if parked else StripeEvent.State.RECEIVED,
            faults=counted,
            retry_at=Now() + pause_after(event.attempts),
            last_error=repr(error)[:1000],
        )
    return 0


def _is_old(event: StripeEvent) -> bool:
    rows = StripeEvent.objects.alias(since=Coalesce("replayed_at", "received_at"))
    return rows.filter(pk=event.pk, since__lt=Now() - LONGEST_WAIT).exists()


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
    try:
        seen = gateway.invoice(stripe_id)
        if not apply_stripe_invoice(link.local_id, seen, link=held[0].row, at=at):
            raise Unsettled
    finally:
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
