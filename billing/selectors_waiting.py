"""Period jobs that wait for usage: an invoice is never rated while a batch of its period is unfolded."""

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from billing.models import BillingJob
from subscriptions.models import App
from usage.models import IngestBatch
from usage.selectors import unfolded


def rateable(jobs: QuerySet[BillingJob]) -> QuerySet[BillingJob]:
    """Return the period jobs whose usage is folded; the others keep waiting, and no attempt counts."""
    return jobs.filter(~Exists(_unfolded()))


def held_back(jobs: QuerySet[BillingJob]) -> QuerySet[BillingJob]:
    """Return the period jobs that wait for a batch to be folded."""
    return jobs.filter(Exists(_unfolded()), step=BillingJob.Step.CYCLE, state=BillingJob.State.WAITING)


def _unfolded() -> QuerySet[IngestBatch]:
    """Return the pending batches with usage of before the job's edge, of the apps its agreement counts."""
    job = OuterRef(OuterRef("subscription"))
    every = Q(customer__subscriptions=job, customer__subscriptions__app=None)
    apps = App.objects.filter(Q(subscriptions=job) | every)
    edge = ExpressionWrapper(OuterRef("period_start"), output_field=DateTimeField())
    return unfolded(apps, edge)
