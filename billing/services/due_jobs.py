"""What has fallen due: period edges whose grace has passed, and availability windows that have ended."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Count,
    Exists,
    Expression,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now

from billing.models import BillingJob, BillingRun, InvoiceLine
from billing.selectors_edges import edges_of, reaching, with_edges
from billing.selectors_missing import gaps
from billing.selectors_sla import BASE, UNPAYABLE
from billing.services.due_windows import ended_windows
from plans.timespan import MICROSECOND, Period
from subscriptions.models import Subscription
from usage.models import AvailabilityReport, ExcludedWindow

SLA_MEMORY = timedelta(days=100)  # a corrected report is looked for this far back


def plan_jobs(at: datetime, *, grace: timedelta) -> int:
    """Store the jobs that are due by `at` and not there yet; return how many are new."""
    jobs = [*_cycles(at - grace, grace), *_windows(at, grace)]
    runs = _runs(jobs)
    for job in jobs:
        job.run = runs[job.step, _day(job.due_at)]
    before = BillingJob.objects.count()
    BillingJob.objects.bulk_create(jobs, ignore_conflicts=True, batch_size=1000)
    return BillingJob.objects.count() - before + _ask_again(at) + _freed(at)


def _freed(at: datetime) -> int:
    """Let the held invoices go on whose reports have come in, or may be estimated by now."""
    held = list(
        BillingJob.objects.filter(
            step=BillingJob.Step.CYCLE, state=BillingJob.State.WAITING, held_until__gt=at
        )
    )
    still = gaps(held, at=at) if held else {}
    freed = [job.pk for job in held if job.pk not in still]
    return BillingJob.objects.filter(pk__in=freed).update(held_until=None) if freed else 0


def ready_windows(at: datetime) -> QuerySet[BillingJob]:
    """Return the windows that may be judged now: the invoices that carry their fee are there."""
    until = Coalesce(OuterRef("period_end"), OuterRef("due_at"))
    return _ready(at).filter(~Exists(_cycles_before(until)), step=BillingJob.Step.SLA)


def ready_cycles(at: datetime) -> QuerySet[BillingJob]:
    """Return the periods that may be invoiced now: of each agreement the earliest.

    One at a time, so that after missed nights the windows between are judged, and their credits drawn.
    """
    return _ready(at).filter(~Exists(_cycles_before(OuterRef("period_start"))), step=BillingJob.Step.CYCLE)


def _cycles_before(instant: Expression | F) -> QuerySet[BillingJob]:
    return BillingJob.objects.filter(
        subscription=OuterRef("subscription"),
        step=BillingJob.Step.CYCLE,
        state=BillingJob.State.WAITING,
        period_start__lt=instant,
    )


def _ready(at: datetime) -> QuerySet[BillingJob]:
    """Return what is due and neither pauses after a failure nor waits for reports, of either kind."""
    rows = BillingJob.objects.filter(state=BillingJob.State.WAITING, due_at__lte=at)
    rested = Q(retry_at__isnull=True) | Q(retry_at__lte=Now())
    return rows.filter(rested, Q(held_until__isnull=True) | Q(held_until__lte=at))


def _cycles(until: datetime, grace: timedelta) -> Iterator[BillingJob]:
    """Yield a job for every edge up to `until` that has none; the last is the agreement's end."""
    last = Max("billing_jobs__period_start", filter=Q(billing_jobs__step=BillingJob.Step.CYCLE))
    rows = reaching(Subscription.objects.filter(span__startswith__lt=until), last, until)
    for subscription in with_edges(rows).order_by("pk").iterator(chunk_size=2000):
        reached: datetime = subscription.reached  # type: ignore[attr-defined]  # the annotation
        for edge in edges_of(subscription, reached, until):
            yield _job(subscription, BillingJob.Step.CYCLE, edge, due_at=edge + grace)


def _windows(at: datetime, grace: timedelta) -> Iterator[BillingJob]:
    """Yield a job for every window that has ended and in which an availability promise was held."""
    for subscription, window in ended_windows(at):
        due_at = max(window.end, _last_edge(subscription, window) + grace)
        job = _job(subscription, BillingJob.Step.SLA, window.start, due_at=due_at)
        job.period_end = window.end
        yield job


def _last_edge(subscription: Subscription, window: Period) -> datetime:
    """Return the last edge before a window's end; its invoice carries a part of the window's fee."""
    inside = edges_of(subscription, window.start, window.end - MICROSECOND)
    return inside[-1] if inside else window.start


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
    """Reopen the windows of which there is news: a report that was not seen yet, or another fee."""
    jobs = BillingJob.objects.filter(step=BillingJob.Step.SLA, due_at__gt=at - SLA_MEMORY)
    judged_or_held = Q(state=BillingJob.State.DONE) | Q(
        state=BillingJob.State.WAITING, held_until__isnull=False
    )
    told = _with_marks(jobs.filter(judged_or_held)).exclude(reports=F("seen_reports"), fee=F("seen_fee"))
    return BillingJob.objects.filter(pk__in=list(told.values_list("pk", flat=True))).update(
        state=BillingJob.State.WAITING, finished_at=None, attempts=0, retry_at=None, held_until=None
    )


def marks(job: BillingJob) -> dict[str, int]:
    """Return what a window would be looked at with now; take it first, so that later news opens it again."""
    row = _with_marks(BillingJob.objects.filter(pk=job.pk)).values("reports", "fee").get()
    return {"seen_reports": row["reports"], "seen_fee": row["fee"]}


def _with_marks(jobs: QuerySet[BillingJob]) -> QuerySet[Any]:
    """Add `reports` (how many reports and exclusions lie over the window, any revision) and `fee` (the sum
    of its base lines' keys).

    A count and not the newest key: two reports may be committed in the other order than numbered.
    """
    reports = AvailabilityReport.objects.filter(
        Q(app=OuterRef("subscription__app")) | Q(app__customer=OuterRef("every_app_of")),
        window__startswith__lt=OuterRef("until"),
        window__endswith__gt=OuterRef("period_start"),
    )
    lines = InvoiceLine.objects.filter(
        invoice__subscription=OuterRef("subscription"),
        tags__contains=[BASE],
        span__startswith__lt=OuterRef("until"),
        span__endswith__gt=OuterRef("period_start"),
    ).exclude(invoice__status__in=UNPAYABLE)
    return jobs.annotate(
        until=Coalesce("period_end", "due_at"),
        every_app_of=Case(When(subscription__app__isnull=True, then=F("customer_id"))),
        reports=_one(reports, Count("pk")) + _one(_stated(), Count("pk")),
        fee=_one(lines, Sum("pk")),
    )


def _stated() -> QuerySet[ExcludedWindow]:
    """Return all revisions of the statements that ever lay over the window: one moved away is news too."""

    def job(name: str) -> OuterRef:
        return OuterRef(OuterRef(name))

    over = ExcludedWindow.objects.filter(
        Q(app__isnull=True, customer__isnull=True)
        | Q(customer=job("customer"))
        | Q(app=job("subscription__app"))
        | Q(app__customer=job("every_app_of")),
        span__startswith__lt=job("until"),
        span__endswith__gt=job("period_start"),
    )
    return ExcludedWindow.objects.filter(reference__in=over.values("reference"))


def _one(rows: QuerySet[Any], figure: Aggregate) -> Coalesce:
    """Return one figure over all rows of a subquery, 0 where there are none."""
    grouped = rows.order_by().annotate(all=Value(1)).values("all").annotate(figure=figure)
    return Coalesce(Subquery(grouped.values("figure")), 0, output_field=BigIntegerField())
