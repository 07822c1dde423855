"""Which windows of availability promises have ended: from what was held, and the promises frozen with it."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Max, Prefetch, Q, QuerySet

from billing.models import BillingJob
from billing.selectors_edges import with_edges
from billing.selectors_sla import PREFIX
from billing.sla_windows import Stretch, windows
from plans.timespan import Period
from subscriptions.models import AddOn, Subscription
from subscriptions.selectors import zone_of

FIRST_KIND = "calendar_month"  # of versions that froze no promise


def ended_windows(at: datetime) -> Iterator[tuple[Subscription, Period]]:
    """Yield the windows that ended by `at` and have no job yet, of every agreement that held a promise."""
    for subscription in _holders(at).iterator(chunk_size=2000):
        last: datetime | None = subscription.last  # type: ignore[attr-defined]  # the annotation
        zone = zone_of(subscription.customer)
        for window in windows(stretches_of(subscription), subscription.anchor, zone, after=last, until=at):
            yield subscription, window


def _holders(at: datetime) -> QuerySet[Subscription]:
    last = Max("billing_jobs__period_end", filter=Q(billing_jobs__step=BillingJob.Step.SLA))
    held = AddOn.objects.filter(option__startswith=PREFIX)
    rows = Subscription.objects.filter(span__startswith__lt=at, pk__in=held.values("subscription"))
    promised = Prefetch("add_ons", held, to_attr="promised")
    return with_edges(rows).annotate(last=last).prefetch_related(promised).order_by("pk")


def stretches_of(subscription: Subscription) -> list[Stretch]:
    """Return when promises with which kind of window were held; needs what `_holders` fetches."""
    found: list[Stretch] = []
    end_of_all: datetime | None = subscription.span.upper
    for held in subscription.promised:  # type: ignore[attr-defined]  # the prefetch
        for phase in subscription.phases.all():
            start = max(held.span.lower, phase.span.lower, subscription.span.lower)
            ends = [end for end in (held.span.upper, phase.span.upper, end_of_all) if end is not None]
            end = min(ends, default=None)
            if end is None or start < end:
                promise = phase.plan_version.promises.get(held.option, {})
                found.append(Stretch(start, end, promise.get("window", FIRST_KIND)))
    return found
