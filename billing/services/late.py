"""Usage that came after its invoice: the difference, as lines of the next period invoice.

What is due is always "rated again, less what is billed", so a second look finds nothing to add.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from billing.adjusting import counted_adjustments, differences, grains_then, packs_then, periods_of
from billing.models import Invoice, InvoiceKind, InvoiceStatus
from billing.rated_from import frozen_of, stored_packs, stored_readings
from billing.selectors_unbilled import MEMORY
from billing.services.drafting import Draft, DraftLine, Slot
from billing.services.packs import PackStore
from plans.timespan import Period
from usage.models import Reading
from usage.selectors_late import changed_periods
from usage.services import revise

Outdated = Mapping[int, Sequence[Invoice]]  # subscription -> its invoices that late usage touches


class _BelowZero(Exception):  # noqa: N818 — inside this module: undoes the readings of one invoice
    """More is given back than the draft comes to: the next invoice tries again."""


def outdated(slots: Iterable[Slot]) -> Outdated:
    """Return the issued period invoices whose usage has changed since; one query when none has."""
    edges = {slot.subscription.pk: slot.edge for slot in slots if slot.kind == InvoiceKind.CYCLE}
    if not edges:
        return {}
    changed = changed_periods(edges.keys(), since=min(edges.values()) - MEMORY, again=True)
    found: dict[int, list[Invoice]] = {}
    for invoice in _issued(changed):
        since = edges[invoice.subscription_id] - MEMORY  # its own: another's may reach back further
        touched = {one for one in changed[invoice.subscription_id] if one.end > since}
        if periods_of(invoice) & touched:
            found.setdefault(invoice.subscription_id, []).append(invoice)
    return found


def _issued(subscriptions: Iterable[int]) -> Iterable[Invoice]:
    rows = Invoice.objects.filter(subscription__in=list(subscriptions), kind=InvoiceKind.CYCLE)
    live = rows.exclude(status__in=[InvoiceStatus.DRAFT, InvoiceStatus.VOID]).exclude(inputs={})
    return live.select_related("customer", "subscription__customer").order_by("period_start")


def add_late_usage(draft: Draft, invoices: Iterable[Invoice], packs: PackStore, *, at: datetime) -> None:
    """Put on the draft what late usage changes about earlier invoices, never below a total of 0."""
    for invoice in invoices:
        if invoice.period_start >= draft.slot.edge:
            continue
        try:
            with transaction.atomic():
                lines = _add(draft, invoice, packs, at=at)
        except _BelowZero:
            continue
        packs.take(invoice.customer_id, (draw for line in lines for draw in line.draws))


def _add(draft: Draft, invoice: Invoice, packs: PackStore, *, at: datetime) -> list[DraftLine]:
    frozen = _frozen_again(invoice, at=at)
    counted = counted_adjustments(invoice)
    left = packs_then(invoice, counted, packs.of(invoice.customer_id))
    lines: list[DraftLine] = differences(invoice, frozen, counted, left)
    if draft.total + sum(line.amount for line in [*draft.late, *lines]) < 0:
        raise _BelowZero
    if lines:
        draft.late += lines
        draft.corrected.append(
            {
                "invoice": invoice.public_id,
                "counted": counted,
                "readings": stored_readings(frozen),
                **({"packs": stored_packs(left)} if left else {}),
            }
        )
    return lines


def _frozen_again(invoice: Invoice, *, at: datetime) -> dict[Period, list[Reading]]:
    """Return the latest readings behind each period of an invoice."""
    found = {}
    for due, rows in frozen_of(invoice.inputs["readings"]).items():
        meters = {row.meter.code for row in rows}
        spans = {Period(row.period.lower, row.period.upper) for row in rows}
        found[due] = [
            reading
            for span in sorted(spans)
            for reading in revise(
                subscription=invoice.subscription,
                period=span,
                meters=meters,
                at=at,
                grains=grains_then(invoice, due, span),
            )
        ]
    return found
