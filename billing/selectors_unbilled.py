"""Usage that came after its invoice and that no later invoice will bill by itself: for people to settle."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.adjusting import grains_then, periods_of
from billing.models import BillingJob, Invoice, InvoiceKind, InvoiceStatus
from plans.timespan import Period
from subscriptions.models import Subscription
from usage.grain import Grain
from usage.models import Reading
from usage.selectors_late import changed_periods
from usage.services import changed_meters

MEMORY = timedelta(days=100)  # what ended longer ago is left to people; check_books lists it
MONTH = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Unbilled:
    """One agreement's period whose usage grew or shrank after its last invoice."""

    subscription: Subscription
    said: str
    period: Period


def unbilled(subscriptions: Collection[int] | None = None) -> Iterator[Unbilled]:
    """Yield what is left over, of some agreements or of all; what the next invoice takes up is not."""
    changed = changed_periods(subscriptions)
    for subscription in Subscription.objects.filter(pk__in=changed).order_by("pk"):
        issued = _issued(subscription)
        taken_up = issued[-1].period_start + MONTH - MEMORY if issued and _goes_on(subscription) else None
        for invoice in issued:
            for period in sorted(periods_of(invoice) & set(changed[subscription.pk])):
                if taken_up is not None and period.end > taken_up:
                    continue
                if meters := _changed(invoice, period):
                    said = f"usage of {', '.join(meters)} came after invoice {invoice.number}"
                    yield Unbilled(subscription, f"{said}, and no later one bills it", period)


def _changed(invoice: Invoice, period: Period) -> list[str]:
    """Return the meters that changed over one of an invoice's frozen periods, read as finely as then."""
    grains: dict[str, Grain] = {}
    for start, end, ids in invoice.inputs.get("readings", []):
        spans = Reading.objects.filter(pk__in=ids).values_list("period", flat=True).distinct()
        if any((span.lower, span.upper) == (period.start, period.end) for span in spans):
            window = Period(datetime.fromisoformat(start), datetime.fromisoformat(end))
            grains |= grains_then(invoice, window, period)
    return changed_meters(invoice.subscription, period, grains)


def _issued(subscription: Subscription) -> list[Invoice]:
    rows = Invoice.objects.filter(subscription=subscription, kind=InvoiceKind.CYCLE)
    rows = rows.select_related("customer", "subscription__customer").order_by("period_start")
    return list(rows.exclude(status__in=[InvoiceStatus.DRAFT, InvoiceStatus.VOID]))


def _goes_on(subscription: Subscription) -> bool:
    """True while a period invoice is still to come."""
    end: datetime | None = subscription.span.upper
    done = BillingJob.objects.filter(
        subscription=subscription, step=BillingJob.Step.CYCLE, state=BillingJob.State.DONE
    )
    return end is None or not done.filter(period_start__gte=end).exists()
