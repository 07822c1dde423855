"""Reads of billing: lists of the portal and the API, balances, the bill that is growing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum

from billing.drawing import packs_after
from billing.dues import span_of
from billing.models import (
    Account,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LedgerEntry,
    PaymentAttempt,
    PaymentMethod,
    StripeLink,
)
from billing.models.stripe import OperationKind, OperationState
from billing.previews import PreviewLine, preview_lines
from billing.rating import rate
from billing.selectors_due import Part, parts_at, windows_of
from billing.selectors_edges import next_edge
from billing.selectors_gather import billable, kinds_of, lively, meter_names, version_at
from billing.selectors_packs import packs_held
from billing.values import Draw, Line, Observation, Quantities
from plans.errors import NotFound
from plans.timespan import Period
from subscriptions.models import Customer, Subscription
from subscriptions.models.agreements import Collection
from subscriptions.selectors import zone_of
from usage.selectors import live_values


def invoices_of(customer: Customer) -> QuerySet[Invoice]:
    """Return a customer's issued invoices, newest first."""
    return Invoice.objects.filter(customer=customer).exclude(status=InvoiceStatus.DRAFT)


def invoice_of(customer: Customer, public_id: str) -> Invoice:
    """Return one invoice of the customer; NotFound for a stranger's."""
    found = (
        invoices_of(customer).select_related("customer", "subscription").filter(public_id=public_id).first()
    )
    if found is None:
        raise NotFound
    return found


def invoice_lines(invoice: Invoice) -> list[InvoiceLine]:
    """Return the lines in their order."""
    return list(invoice.lines.order_by("position"))


def hosted_url(invoice: Invoice) -> str | None:
    """Return Stripe's page of the invoice, None where it has none."""
    link = StripeLink.objects.filter(kind=StripeLink.Kind.INVOICE, local_id=invoice.pk).first()
    return link.url if link and link.url else None


def last_attempt(invoice: Invoice) -> PaymentAttempt | None:
    """Return the last try to collect that failed."""
    return invoice.attempts.first()


def card_of(customer: Customer) -> PaymentMethod | None:
    """Return the card that invoices are charged to."""
    return PaymentMethod.objects.filter(customer=customer, is_default=True).first()


def credit_balance(customer: Customer, currency: str) -> int:
    """Return the credit that the next invoices may draw, in minor units."""
    rows = LedgerEntry.objects.filter(customer=customer, currency=currency, account=Account.CUSTOMER_CREDIT)
    return -(rows.aggregate(sum=Sum("amount"))["sum"] or 0)


def open_balance(customer: Customer) -> dict[str, int]:
    """Return what is to be paid, in minor units by currency."""
    rows = Invoice.objects.filter(
        customer=customer, status__in=[InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE]
    )
    sums = rows.order_by().values_list("currency").annotate(sum=Sum("total"))
    return {currency: int(total) for currency, total in sums}


def delivered(invoice: Invoice) -> bool:
    """Return whether it has reached its payer: finalised at Stripe, or issued where Stripe has no part."""
    if invoice.collection == Collection.OFFLINE or invoice.total == 0:
        return invoice.status != InvoiceStatus.DRAFT
    done = invoice.operations.filter(kind=OperationKind.FINALIZE, state=OperationState.CONFIRMED)
    return done.exists()


@dataclass(frozen=True, slots=True)
class Upcoming:
    """The next cycle invoice as it would be with the usage so far."""

    period: Period
    falls_due_at: datetime
    lines: tuple[PreviewLine, ...]
    currency: str
    is_estimate: bool = True

    @property
    def total(self) -> int:
        """Minor units, before credits."""
        return sum(line.amount for line in self.lines)


@dataclass(frozen=True, slots=True)
class NextParts:
    """What the next bill of an agreement is rated from, before any usage is looked at."""

    subscription: Subscription
    edge: datetime
    parts: list[Part]

    def upcoming(self, lines: tuple[PreviewLine, ...]) -> Upcoming:
        """Return the bill that some lines make."""
        dues = [due for part in self.parts for due in part.dues]
        past = [due for due in dues if due.covered.end <= self.edge]
        due_at = self.edge + timedelta(hours=settings.BILLING_GRACE_HOURS)
        return Upcoming(span_of(past or dues), due_at, lines, self.subscription.currency)


def next_parts(subscription: Subscription, at: datetime) -> NextParts | None:
    """Return what falls due next; None outside the agreement."""
    fresh = billable(Subscription.objects.filter(pk=subscription.pk)).get()
    edge = next_edge(fresh, at) if version_at(fresh, at) is not None else None
    if edge is None:
        return None
    packs = packs_held([fresh.customer_id], at=at).get(fresh.customer_id)
    return NextParts(fresh, edge, parts_at(fresh, edge, packs))


def upcoming_bill(subscription: Subscription, at: datetime) -> Upcoming | None:
    """Rate what falls due next with live values; None outside the agreement."""
    found = next_parts(subscription, at)
    if found is None:
        return None
    return found.upcoming(estimated(found.parts, _so_far(found.subscription, found.parts, at)))


def estimated(parts: Sequence[Part], quantities: Quantities) -> tuple[PreviewLine, ...]:
    """Rate the parts in turn, each seeing the lines before it, as the invoice will."""
    found: list[PreviewLine] = []
    seen: list[Line] = []
    draws: list[Draw] = []
    for part in parts:
        packs = packs_after(part.view.context.packs, draws)
        context = replace(part.view.context, spent=tuple(seen), packs=packs)
        rating = rate(part.view.terms, quantities, part.dues, context)
        seen += rating.lines
        draws += rating.draws
        found += preview_lines(rating, meter_names(part.view.terms))
    return tuple(found)


def _so_far(subscription: Subscription, parts: Sequence[Part], at: datetime) -> Quantities:
    """Return the live values of every window; one of several windows of a meter counts for itself alone."""
    zone = zone_of(subscription.customer)
    windows = windows_of(subscription, parts)
    counted = Counter(code for one in windows for code in one.meters)
    found: dict[str, list[Observation]] = {}
    for one in windows:
        kinds = kinds_of(one.meters)
        for code in one.meters:
            only = one.period if counted[code] > 1 else None
            values = live_values(subscription, one.covered, [code], one.grains, estimated_at=at)
            found.setdefault(code, []).extend(lively(values, kinds, zone, only).get(code, ()))
    return found
