"""The only road to Stripe: planned rows out, confirmed rows back.

Two runs, even at once, make one object. The key and the parameters were committed before the call,
and no transaction is open during it. What was sent without an answer is read back before anything else.
"""

import hashlib
import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from billing.errors import (
    CardDeclined,
    GatewayBusy,
    GatewayRefused,
    GatewayUnclear,
    NotConfigured,
    SumsDiffer,
)
from billing.gateway_values import Found
from billing.locks import lock_customers
from billing.models import PaymentMethod, StripeLink, StripeOperation
from billing.models.stripe import OperationKind, OperationState
from billing.outbox_calls import find, resolved, send
from billing.parking import park
from billing.pauses import pause_after
from plans.terms import canonical_json
from subscriptions.leases import Lease, claim, finish

log = logging.getLogger(__name__)

PENDING = [OperationState.PLANNED, OperationState.SENT, OperationState.UNKNOWN]
# A refusal of these leaves an invoice half made at Stripe: a person has to look.
PARKING = [
    OperationKind.CREATE_CUSTOMER,
    OperationKind.CREATE_INVOICE,
    OperationKind.ADD_LINES,
    OperationKind.FINALIZE,
]
LEASE = timedelta(minutes=2)  # longer than every call of one operation with its read-back
KEY_LIFE = timedelta(hours=23)  # Stripe forgets a key after 24


def ready() -> QuerySet[StripeOperation]:
    """Return the operations that may be sent now: not held up by a pause or by one that comes before."""
    waiting = StripeOperation.objects.filter(pk=OuterRef("after")).exclude(state=OperationState.CONFIRMED)
    rows = StripeOperation.objects.filter(state__in=PENDING).exclude(Exists(waiting))
    return rows.filter(Q(retry_at__isnull=True) | Q(retry_at__lte=Now()))


def pending() -> QuerySet[StripeOperation]:
    """Return every operation without an end; those behind a refused one have theirs with it."""
    refused = StripeOperation.objects.filter(state=OperationState.REFUSED, kind__in=PARKING)
    customers = refused.filter(kind=OperationKind.CREATE_CUSTOMER).values("customer")
    rows = StripeOperation.objects.filter(state__in=PENDING).exclude(customer__in=customers)
    rows = rows.exclude(after__isnull=False, after__state=OperationState.REFUSED)
    return rows.exclude(
        invoice__isnull=False, invoice__in=refused.filter(invoice__isnull=False).values("invoice")
    )


def deliver_ready(*, limit: int = 50) -> int:
    """Carry out what is ready, following each invoice from step to step; return how many calls ended well."""
    done = 0
    for lease in claim(ready(), limit=limit, lease=LEASE):
        done += deliver(lease)
        done += _follow(lease.row)
    return done


def deliver_one(operation: StripeOperation) -> StripeOperation:
    """Carry out one operation and what it waits for, now; return it fresh."""
    if operation.after_id is not None:
        before = StripeOperation.objects.get(pk=operation.after_id)
        if before.state != OperationState.CONFIRMED:
            deliver_one(before)
    for lease in claim(ready().filter(pk=operation.pk), limit=1, lease=LEASE):
        deliver(lease)
    return StripeOperation.objects.get(pk=operation.pk)


def _follow(operation: StripeOperation) -> int:
    """Carry out the next step at once where the last one ended well."""
    if not operation.invoice_id:
        return 0
    done = 0
    for lease in claim(ready().filter(after=operation), limit=1, lease=LEASE):
        done += deliver(lease)
        done += _follow(lease.row)
    return done


def deliver(lease: Lease) -> int:
    """Carry out one claimed operation; 1 if it is confirmed now."""
    operation: StripeOperation = lease.row
    try:
        found = _read_back(lease) if operation.sent_at is not None else None
        if found is None:
            found = _sent_or_done(lease)
    except (GatewayUnclear, GatewayBusy, NotConfigured) as error:
        _later(lease, error)
        return 0
    except (GatewayRefused, CardDeclined, SumsDiffer) as error:
        _refused(lease, error)
        return 0
    return _confirmed(lease, found) if found is not None else 0


def _sent_or_done(lease: Lease) -> Found | None:
    """Send; a refusal because it is done already (paid, finalised by hand) is as good as an answer."""
    try:
        return _sent(lease)
    except GatewayRefused:
        found = find(lease.row)
        if found is None:
            raise
        return found


def _read_back(lease: Lease) -> Found | None:
    """Look whether it happened. If not, and the key is dead or holds a failure, begin a new generation."""
    operation: StripeOperation = lease.row
    found = find(operation)
    if found is not None:
        return found
    expired = StripeOperation.objects.filter(pk=operation.pk, sent_at__lt=Now() - KEY_LIFE).exists()
    if operation.renew_key or expired:
        held = StripeOperation.objects.filter(pk=operation.pk, fence=lease.fence)
        held.update(generation=F("generation") + 1, renew_key=False, sent_hash="")
        operation.refresh_from_db()
    return None


def _sent(lease: Lease) -> Found | None:
    """Commit that we are about to send, then send. None: somebody else holds the operation now."""
    operation: StripeOperation = lease.row
    params = resolved(operation)
    fingerprint = hashlib.sha256(canonical_json(params)).hexdigest()
    if operation.sent_hash and operation.sent_hash != fingerprint:
        raise GatewayRefused(reason="parameters_changed")  # one key never carries two requests
    held = StripeOperation.objects.filter(pk=operation.pk, fence=lease.fence)
    marked = held.update(
        state=OperationState.SENT,
        sent_at=Now(),
        sent_hash=fingerprint,
        leased_until=Now() + LEASE,
    )
    return send(operation, params, key=operation.idempotency_key) if marked else None


def _later(lease: Lease, error: GatewayUnclear | GatewayBusy | NotConfigured) -> None:
    """Keep the operation for another try, with a pause that grows and is spread."""
    operation: StripeOperation = lease.row
    log.warning("Stripe operation %s: %s", operation.public_id, error)
    unclear = isinstance(error, GatewayUnclear)
    finish(
        lease,
        state=OperationState.UNKNOWN if unclear else OperationState.PLANNED,
        renew_key=operation.renew_key or (isinstance(error, GatewayUnclear) and error.stored),
        retry_at=Now() + pause_after(operation.attempts),
        last_error=f"{error.code}: {error.params.get('reason', '')}",
    )


def _refused(lease: Lease, error: GatewayRefused | CardDeclined | SumsDiffer) -> None:
    """End the operation as refused: a person, or another card, has to come first."""
    log.error("Stripe refused operation %s: %s", lease.row.public_id, error)
    said = getattr(error, "message", "")
    reason = str(error.params.get("reason", error.code))
    text = ": ".join(part for part in (reason, said) if part)[:1000]
    with transaction.atomic():
        lock_customers([lease.row.customer_id])
        if not finish(lease, state=OperationState.REFUSED, last_error=text):
            return
        if lease.row.kind in PARKING:
            park(lease.row.customer_id, reason=reason, detail=f"{lease.row}: {text}")
        elif lease.row.kind == OperationKind.SET_CARD:
            _drop_card(lease.row, text)


def _drop_card(operation: StripeOperation, text: str) -> None:
    """Show no card as the one in use that Stripe did not take; the one it has stays, or comes back."""
    taken = StripeOperation.objects.filter(
        kind=OperationKind.SET_CARD, customer=operation.customer_id, state=OperationState.CONFIRMED
    ).order_by("-confirmed_at")
    cards = PaymentMethod.objects.filter(customer=operation.customer_id)
    if cards.filter(stripe_id=operation.params["card"], is_default=True).update(is_default=False):
        before = taken.values_list("params__card", flat=True).first()
        cards.filter(stripe_id=before).update(is_default=True)
    behind = StripeOperation.objects.filter(after=operation, state__in=PENDING)
    behind.update(state=OperationState.REFUSED, last_error=text)


@transaction.atomic
def _confirmed(lease: Lease, found: Found) -> int:
    """Note what is at Stripe now; nothing if our fence is old."""
    operation: StripeOperation = lease.row
    done = finish(
        lease,
        state=OperationState.CONFIRMED,
        stripe_id=found.stripe_id,
        result=found.facts,
        confirmed_at=Now(),
        last_error="",
    )
    if done:
        _link(operation, found)
        if operation.kind == OperationKind.FINALIZE:
            _compare_total(operation, found)
    return int(done)


def _compare_total(operation: StripeOperation, found: Found) -> None:
    """Park the customer if what Stripe has finalised is not what we issued: there is no way back there."""
    theirs, ours = found.facts.get("total"), operation.params["expected_total"]
    if theirs != ours:
        error = SumsDiffer(theirs=theirs, ours=ours)
        log.error("Stripe finalised another sum under operation %s: %s", operation.public_id, error)
        park(operation.customer_id, reason=error.code, detail=f"{operation}: {error}")


def _link(operation: StripeOperation, found: Found) -> None:
    """Keep which object of Stripe is which row of ours."""
    live = bool(found.facts.get("livemode", False))
    if operation.kind == OperationKind.CREATE_CUSTOMER:
        _store_link(StripeLink.Kind.CUSTOMER, operation.customer_id, found.stripe_id, live=live)
    elif operation.kind == OperationKind.CREATE_INVOICE and operation.invoice_id:
        _store_link(StripeLink.Kind.INVOICE, operation.invoice_id, found.stripe_id, live=live)
    elif operation.kind == OperationKind.FINALIZE and operation.invoice_id and found.facts.get("url"):
        StripeLink.objects.filter(kind=StripeLink.Kind.INVOICE, local_id=operation.invoice_id).update(
            url=found.facts["url"]
        )


def _store_link(kind: str, local_id: int, stripe_id: str, *, live: bool) -> None:
    StripeLink.objects.get_or_create(
        kind=kind, local_id=local_id, defaults={"stripe_id": stripe_id, "livemode": live}
    )
