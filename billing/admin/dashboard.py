"""The first page: what is there, what waits, what last night did."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext

from billing.admin.shown import priced
from billing.models import BillingJob, BillingRun, Invoice, InvoiceStatus, ParkedCustomer, StripeOperation
from billing.models.stripe import OperationState
from plans.clock import now
from plans.templatetags.figures import moment, quantity
from subscriptions.models import Customer
from subscriptions.selectors import live_subscriptions
from usage.expecting import overdue
from usage.models import BatchState, IngestBatch, ReportExpectation

PENDING_TOO_LONG = timedelta(minutes=15)
NIGHT_TOO_OLD = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Card:
    """One figure with the list behind it; an alarm asks for a person."""

    title: str
    value: str
    url: str
    note: str = ""
    alarm: bool = False


def overview(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the figures to the first page, for staff who may see invoices."""
    context["title"] = gettext("Overview")
    if request.user.has_perm("billing.view_invoice"):
        at = now()
        context["cards"] = [
            _customers(),
            _subscriptions(at),
            _parked(),
            _batches(at),
            *_missing(at),
            _stripe(),
            _night(at),
        ]
        context["invoices"] = _invoices(at)
    return context


def _list(model: str, **query: Any) -> str:
    return reverse(f"admin:{model}_changelist", query=query or None)


def _customers() -> Card:
    return Card(gettext("Customers"), quantity(Customer.objects.count()), _list("subscriptions_customer"))


def _subscriptions(at: datetime) -> Card:
    found = live_subscriptions(at)
    ending = found.filter(span__endswith__isnull=False).count()
    note = ngettext("%(count)s is ending", "%(count)s are ending", ending) % {"count": ending}
    title = gettext("Live subscriptions")
    return Card(title, quantity(found.count()), _list("subscriptions_subscription"), note if ending else "")


def _parked() -> Card:
    count = ParkedCustomer.objects.filter(released_at__isnull=True).count()
    note = gettext("Billing of them waits for a person") if count else gettext("Nobody waits")
    url = _list("billing_parkedcustomer", released_at__isempty=1)
    return Card(gettext("Parked customers"), quantity(count), url, note, alarm=count > 0)


def _batches(at: datetime) -> Card:
    found = IngestBatch.objects.filter(state=BatchState.PENDING).aggregate(
        oldest=Min("received_at"), count=Count("id")
    )
    url, title = _list("usage_ingestbatch", state__exact=BatchState.PENDING), gettext("Oldest pending batch")
    if found["oldest"] is None:
        return Card(title, gettext("none"), url, gettext("All usage is folded into the figures"))
    waiting = ngettext("%(count)s batch waits", "%(count)s batches wait", found["count"])
    late = at - found["oldest"] > PENDING_TOO_LONG
    return Card(title, timesince(found["oldest"], at), url, waiting % {"count": found["count"]}, alarm=late)


def _missing(at: datetime) -> list[Card]:
    """Return what is owed and not reported, where anything is expected at all."""
    if not ReportExpectation.objects.exists():
        return []
    count, held = len(overdue(at)), BillingJob.objects.filter(
        step=BillingJob.Step.CYCLE, state=BillingJob.State.WAITING, held_until__gt=at
    ).count()  # fmt: skip
    note = ngettext("%(count)s invoice is held", "%(count)s invoices are held", held) % {"count": held}
    url, title = reverse("admin:usage_missing_reports"), gettext("Missing reports")
    return [Card(title, quantity(count), url, note if held else "", alarm=count > 0 or held > 0)]


def _stripe() -> Card:
    waiting = [OperationState.PLANNED, OperationState.SENT, OperationState.UNKNOWN]
    found = StripeOperation.objects.filter(state__in=[*waiting, OperationState.REFUSED]).values_list(
        "state", flat=True
    )
    states = list(found[:1000])
    bad = sum(state in (OperationState.UNKNOWN, OperationState.REFUSED) for state in states)
    note = ngettext("%(count)s needs a look", "%(count)s need a look", bad) % {"count": bad} if bad else ""
    url = _list("billing_stripeoperation", state__in=",".join(waiting))
    return Card(gettext("Unconfirmed at Stripe"), quantity(len(states)), url, note, alarm=bad > 0)


def _night(at: datetime) -> Card:
    last = BillingRun.objects.filter(kind=BillingRun.Kind.NIGHT).order_by("-due_at").first()
    url, title = _list("billing_billingrun", kind__exact=BillingRun.Kind.NIGHT), gettext("Last nightly run")
    if last is None:
        return Card(title, gettext("never"), url)
    note = gettext("finished") if last.finished_at else gettext("not finished")
    late = last.finished_at is None or at - last.due_at > NIGHT_TOO_OLD
    return Card(title, moment(last.due_at), url, note, alarm=late)


def _invoices(at: datetime) -> list[dict[str, Any]]:
    """Return this month's invoices (by UTC) per status and currency, as rows of the table."""
    first = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Invoice.objects.filter(issued_at__gte=first, issued_at__lte=at)
        .values("status", "currency")
        .annotate(count=Count("id"), sum=Sum("total"))
        .order_by("status", "currency")
    )
    return [
        {
            "status": InvoiceStatus(row["status"]).label,
            "count": quantity(row["count"]),
            "sum": priced(row["sum"], row["currency"]),
            "url": _list(
                "billing_invoice",
                status__exact=row["status"],
                currency__exact=row["currency"],
                issued_at__gte=first.isoformat(),
            ),
        }
        for row in rows
    ]
