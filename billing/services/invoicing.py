"""Issue invoices: lock, freeze, rate, save, number, post, plan what leaves; all in one commit.

A repeat returns the invoice that is there. Nothing is sent here: the planned operations commit
with the invoice, so either both exist or neither does.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Q

from billing.errors import CustomerParked
from billing.locks import lock_customers
from billing.models import Invoice, InvoiceKind, InvoiceStatus, ParkedCustomer
from billing.selectors_gather import billable
from billing.services.credits import CreditPool, draw_credits
from billing.services.drafting import Draft, Slot, drafted
from billing.services.late import add_late_usage, outdated
from billing.services.packs import PackStore
from billing.services.planning import plan_delivery
from billing.services.saving import save_drafts
from plans.actor import Actor
from plans.doorbell import ring_after_commit
from plans.history import changes
from subscriptions.models import Subscription
from subscriptions.services import renew


def issue_start(subscription: Subscription, *, at: datetime, by: Actor) -> Invoice:
    """Issue the first invoice of a subscription: what is paid in advance from its anchor."""
    with changes(by):
        fresh = held(subscription)
        return issue([Slot(fresh, InvoiceKind.START, fresh.anchor)], at=at, by=by)[0]


def issue_cycle(subscription: Subscription, edge: datetime, *, at: datetime, by: Actor) -> Invoice:
    """Issue the invoice of an edge: what is in arrears up to it, and what is paid in advance from it on."""
    with changes(by):
        lock_customers([subscription.customer_id])
        if not _existing([cycle_slot(held(subscription), edge)]):  # what is billed does not move any more
            renew([(subscription, edge)], by=by)
        return issue([cycle_slot(held(subscription), edge)], at=at, by=by)[0]


def cycle_slot(subscription: Subscription, edge: datetime) -> Slot:
    """Return the slot of an edge: any instant at which a period of some charge begins or ends."""
    return Slot(subscription, InvoiceKind.CYCLE, edge)


def issue(slots: Sequence[Slot], *, at: datetime, by: Actor) -> list[Invoice]:
    """Issue every slot's invoice, in the order given, in one commit; what exists is returned as it is.

    The slots' agreements were read while their customers were held. Raises CustomerParked, and
    whatever rating refuses: then nothing of the batch is stored.
    """
    with changes(by):
        customers = {slot.subscription.customer_id for slot in slots}
        lock_customers(customers)
        known = _existing(slots)
        _refuse_parked(slot.subscription.customer_id for slot in slots if slot.key not in known)
        credit, packs = CreditPool(customers, at=at), PackStore(customers, at=at)
        wanted = [slot for slot in slots if slot.key not in known]
        late = outdated(wanted)
        drafts = [_draft(slot, credit, packs, late.get(slot.subscription.pk, ()), at=at) for slot in wanted]
        for draft, invoice in zip(drafts, save_drafts(drafts, at=at, by=by), strict=True):
            known[draft.slot.key] = invoice
        plan_delivery([known[draft.slot.key] for draft in drafts])
        ring_after_commit("billing.deliver_operations")
    return [known[slot.key] for slot in slots]


def _draft(
    slot: Slot, credit: CreditPool, packs: PackStore, late: Sequence[Invoice], *, at: datetime
) -> Draft:
    customer = slot.subscription.customer_id
    draft = drafted(slot, packs=packs.of(customer), at=at)
    packs.take(customer, (draw for line in draft.lines for draw in line.draws))
    if slot.kind == InvoiceKind.CYCLE:
        add_late_usage(draft, late, packs, at=at)
    draw_credits(draft, credit)
    draft.lines += draft.late
    return draft


def _existing(slots: Iterable[Slot]) -> dict[tuple[int, str, datetime], Invoice]:
    """Return the live invoices of the slots, by key, in one query."""
    wanted = Q(pk__in=[])
    for slot in slots:
        wanted |= Q(subscription=slot.subscription, kind=slot.kind, period_start=slot.edge)
    rows = Invoice.objects.filter(wanted).exclude(status=InvoiceStatus.VOID)
    return {(row.subscription_id, row.kind, row.period_start): row for row in rows}


def _refuse_parked(customer_ids: Iterable[int]) -> None:
    parked = ParkedCustomer.objects.filter(customer__in=set(customer_ids), released_at__isnull=True).first()
    if parked is not None:
        raise CustomerParked(reason=parked.reason)


def held(subscription: Subscription) -> Subscription:
    """Hold the customer, then read the agreement: what was decided while we waited counts."""
    lock_customers([subscription.customer_id])
    return billable(Subscription.objects.filter(pk=subscription.pk)).get()
