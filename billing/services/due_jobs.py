"""What has fallen due: period edges whose grace has passed, and availability windows that have ended."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from django.db.models import Case, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce, Now

from billing.models import BillingJob, BillingRun, SlaAssessment
from plans.timespan import Period, local_months
from subscriptions.anchors import edge_at, index_at
from subscriptions.models import Subscription
from subscriptions.selectors import zone_of
from usage.models import AvailabilityReport

SLA_MEMORY = timedelta(days=100)  # a corrected report is looked for this far back


def plan_jobs(at: datetime, *, grace: timedelta) -> int:
    """Store the jobs that are due by `at` and not there yet; return how many are new."""
    jobs = [*_cycles(at - grace, grace), *_windows(at)]
    runs = _runs(jobs)
    for job in jobs:
        job.run = runs[job.step, _day(job.due_at)]
    before = BillingJob.objects.count()
    BillingJob.objects.bulk_create(jobs, ignore_conflicts=True, batch_size=1000)
    return BillingJob.objects.count() - before + _ask_again(at)


def ready_windows(at: datetime) -> QuerySet[BillingJob]:
    """Return the windows that may be judged now."""
    return _ready(at).filter(step=BillingJob.Step.SLA)


def ready_cycles(at: datetime) -> QuerySet[BillingJob]:
    """Return the periods that may be invoiced now."""
    return _ready(at).filter(step=BillingJob.Step.CYCLE)


def _ready(at: datetime) -> QuerySet[BillingJob]:
    """Return what is due and neither pauses after a failure nor waits for reports."""
    rows = BillingJob.objects.filter(state=BillingJob.State.WAITING, due_at__lte=at)
    rested = Q(retry_at__isnull=True) | Q(retry_at__lte=Now())
    return rows.filter(rested, Q(held_until__isnull=True) | Q(held_until__lte=at))


def _cycles(until: datetime, grace: timedelta) -> Iterator[BillingJob]:
    """Yield a job for every edge up to `until` that has none; the last is the agreement's end."""
    last = Max("billing_jobs__period_start", filter=Q(billing_jobs__step=BillingJob.Step.CYCLE))
    rows = Subscription.objects.filter(span__startswith__lt=until).select_related("customer")
    open_ = rows.annotate(last=last).filter(
        Q(last__isnull=True) | Q(span__endswith__isnull=True) | Q(last__lt=F("span__endswith"))
    )
    for subscription in open_.order_by("pk").iterator(chunk_size=2000):
        for edge in _edges(subscription, subscription.last or subscription.anchor, until):
            yield _job(subscription, BillingJob.Step.CYCLE, edge, due_at=edge + grace)


def _edges(subscription: Subscription, after: datetime, until: datetime) -> Iterator[datetime]:
    zone, end = zone_of(subscription.customer), subscription.span.upper
    k = index_at(subscription.anchor, zone, after) + 1
    edge = edge_at(subscription.anchor, zone, k)
    while edge <= until and (end is None or edge <= end):
        yield edge
        k += 1
        edge = edge_at(subscription.anchor, zone, k)


def _windows(at: datetime) -> Iterator[BillingJob]:
    """Yield a job for every calendar month that has ended and in which an availability promise was held."""
    last = Max("billing_jobs__period_end", filter=Q(billing_jobs__step=BillingJob.Step.SLA))
    rows = Subscription.objects.filter(
        span__startswith__lt=at, add_ons__option__startswith="sla."
    ).select_related("customer")
    for subscription in rows.annotate(last=last).order_by("pk").distinct():
        for month in _months(subscription, subscription.last, at):
            job = _job(subscription, BillingJob.Step.SLA, month.start, due_at=month.end)
            job.period_end = month.end
            yield job


def _months(subscription: Subscription, after: datetime | None, at: datetime) -> Iterator[Period]:
    span = subscription.span
    first = max(after or span.lower, span.lower)
    end = min(at, span.upper) if span.upper else at
    if first >= end:
        return
    for month in local_months(Period(first, end), zone_of(subscription.customer)):
        if month.end <= at:
            yield month


def _job(subscription: Subscription, step: str, start: datetime, *, due_at: datetime) -> BillingJob:
    return BillingJob(
        customer_id=subscription.customer_id,
        subscription=subscription,
        step=step,
        period_start=start,
        due_at=due_at,
    )


def _runs(jobs: Iterable[BillingJob]) -> dict[tuple[str, datetime], BillingRun]:
    """Return the run of each step and day, made where it is missing."""
    wanted = sorted({(job.step, _day(job.due_at)) for job in jobs})
    BillingRun.objects.bulk_create(
        (BillingRun(kind=kind, due_at=day) for kind, day in wanted), ignore_conflicts=True
    )
    rows = BillingRun.objects.filter(due_at__in={day for _, day in wanted})
    return {(row.kind, row.due_at): row for row in rows}


def _day(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _ask_again(at: datetime) -> int:
    """Reopen the windows for which a newer availability report has come than their judgement knew."""
    return _outdated(at).update(state=BillingJob.State.WAITING, finished_at=None, attempts=0, retry_at=None)


def _outdated(at: datetime) -> QuerySet[BillingJob]:
    known = SlaAssessment.objects.filter(
        subscription=OuterRef("subscription"),
        window__startswith__gte=OuterRef("period_start"),
        window__startswith__lt=OuterRef("period_end"),
    ).order_by("-revision")
    jobs = BillingJob.objects.filter(
        step=BillingJob.Step.SLA, state=BillingJob.State.DONE, due_at__gt=at - SLA_MEMORY
    ).annotate(
        known=Coalesce(Subquery(known.values("last_report")[:1]), 0),
        every_app_of=Case(When(subscription__app__isnull=True, then=F("customer_id"))),
    )
    newer = AvailabilityReport.objects.filter(
        Q(app=OuterRef("subscription__app")) | Q(app__customer=OuterRef("every_app_of")),
        pk__gt=OuterRef("known"),
        window__startswith__lt=OuterRef("period_end"),
        window__endswith__gt=OuterRef("period_start"),
    )
    found = jobs.filter(Exists(newer)).values_list("pk", flat=True)
    return BillingJob.objects.filter(pk__in=list(found))
