"""Reads of billing: lists of the portal and the API, balances, the bill that is growing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet, Sum

from billing.dues import advance_dues, arrears_dues, companions, meters_of
from billing.models import (
    Account,
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    LedgerEntry,
    PaymentAttempt,
    PaymentMethod,
    StripeLink,
    StripeOperation,
)
from billing.models.stripe import OperationKind, OperationState
from billing.previews import PreviewLine, preview_lines
from billing.rating import rate
from billing.selectors_gather import (
    Standpoint,
    billable,
    calendar_of,
    kinds_of,
    lively,
    meter_names,
    standpoint,
    version_at,
    within_agreement,
)
from billing.values import Due, Quantities
from plans.errors import NotFound
from plans.timespan import Period
from subscriptions.anchors import index_at
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


def operations_of(invoice: Invoice) -> QuerySet[StripeOperation]:
    """Return what was to happen at Stripe for the invoice, in order."""
    return invoice.operations.order_by("pk")


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


def upcoming_bill(subscription: Subscription, at: datetime) -> Upcoming | None:
    """Rate the period that `at` falls in with live values; None outside the agreement."""
    fresh = billable(Subscription.objects.filter(pk=subscription.pk)).get()
    version = version_at(fresh, at)
    if version is None:
        return None
    view = standpoint(fresh, version, at)
    k = index_at(fresh.anchor, zone_of(fresh.customer), at) + 1
    period = calendar_of(fresh).months(k - 1, 1)
    dues = _next_dues(fresh, view, k)
    rating = rate(view.terms, _so_far(fresh, view, dues), dues, view.context)
    due_at = period.end + timedelta(hours=settings.BILLING_GRACE_HOURS)
    return Upcoming(period, due_at, preview_lines(rating, meter_names(view.terms)), fresh.currency)


def _next_dues(subscription: Subscription, view: Standpoint, k: int) -> list[Due]:
    document, calendar = view.terms.document, calendar_of(subscription)
    dues = arrears_dues(document, calendar, k)
    end = subscription.span.upper
    if end is None or end > calendar.edge(k):
        dues += advance_dues(document, calendar, k)
    return [*dues, *companions(document, dues)]


def _so_far(subscription: Subscription, view: Standpoint, dues: Sequence[Due]) -> Quantities:
    found: dict[str, list] = {}  # type: ignore[type-arg]
    for period, meters in meters_of(view.terms.document, dues).items():
        covered = within_agreement(subscription, period)
        if covered is not None:
            values = live_values(subscription, covered, sorted(meters))
            for code, rows in lively(values, kinds_of(meters), zone_of(subscription.customer)).items():
                found.setdefault(code, []).extend(rows)
    return found
