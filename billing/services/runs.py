"""The night as rows: what is due becomes jobs; workers claim them, and one bad customer waits alone.

Every job is harmless twice: its effect has a unique key, and its end repeats the fence.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from billing.locks import lock_customers
from billing.models import BillingJob, ParkedCustomer
from billing.parking import park
from billing.pauses import pause_after
from billing.selectors_gather import billable
from billing.selectors_missing import gaps
from billing.selectors_waiting import rateable
from billing.services.due_jobs import marks, plan_jobs, ready_cycles, ready_windows
from billing.services.invoicing import cycle_slot, issue
from billing.services.sla import assess, awaited
from billing.services.sla_awards import lapse
from billing.services.sla_giving import expire_vouchers
from plans.actor import NIGHT
from plans.doorbell import ring_after_commit
from plans.errors import DomainError
from plans.timespan import Period
from subscriptions.leases import Lease, claim, finish
from subscriptions.models import Subscription
from subscriptions.services import renew

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)  # well above the longest batch
ALONE_AFTER = 3  # claims without an end: from then on a job runs alone, so that it harms no other
MOST_ATTEMPTS = 8  # the pauses between them add up to minutes
SLA_BATCH = 50
WORKER_DIED = "worker_died"


class LostLease(Exception):  # noqa: N818 — inside this module: another worker has taken over
    """Our fence is old: the batch must not be committed."""


def tick(at: datetime) -> int:
    """Turn what has fallen due by `at` into jobs; return how many are new. Twice is as good as once."""
    lapse(at)
    expire_vouchers(at)
    with transaction.atomic():
        made = plan_jobs(at, grace=timedelta(hours=settings.BILLING_GRACE_HOURS))
        if made:
            ring_after_commit("billing.run_jobs")
    return made


def run_jobs(at: datetime, *, limit: int = 500) -> int:
    """Carry out due jobs, assessments first, as invoices draw their credits; return how many moved on."""
    judged = _claim(ready_windows(at), limit=min(limit, SLA_BATCH))
    if judged:
        free = _billable_now(judged)
        return len(judged) - len(free) + sum(_alone(lease, at=at) for lease in free)
    leases = _claim(rateable(ready_cycles(at)), limit=limit)
    free = _billable_now(leases)
    whole = _reported(free, at=at)
    return len(leases) - len(whole) + _batch(whole, at=at)


def _reported(leases: Sequence[Lease], *, at: datetime) -> list[Lease]:
    """Hold the invoices whose expected reports are missing; return the others."""
    found = gaps((lease.row for lease in leases), at=at) if leases else {}
    for lease in leases:
        if gap := found.get(lease.row.pk):
            said = f"held: not reported: {gap.said}"[:1000]
            finish(lease, held_until=gap.until, last_error=said, attempts=0)
    return [lease for lease in leases if lease.row.pk not in found]


def _claim(rows: QuerySet[BillingJob], *, limit: int) -> list[Lease]:
    """Claim a batch; what workers have died with comes last and one at a time."""
    fresh = claim(rows.filter(attempts__lt=ALONE_AFTER), limit=limit, lease=LEASE)
    return fresh or claim(rows.filter(attempts__gte=ALONE_AFTER), limit=1, lease=LEASE)


def _billable_now(leases: Sequence[Lease]) -> list[Lease]:
    """Put aside the jobs of parked customers and those that no worker survives; return the others."""
    for lease in leases:
        if lease.row.attempts > MOST_ATTEMPTS:
            park(lease.row.customer_id, reason=WORKER_DIED, detail=f"job {lease.row}")
    parked = dict(
        ParkedCustomer.objects.filter(
            customer__in={lease.row.customer_id for lease in leases}, released_at__isnull=True
        ).values_list("customer_id", "reason")
    )
    free = []
    for lease in leases:
        if lease.row.customer_id in parked:
            _end(lease, BillingJob.State.PARKED, parked_reason=parked[lease.row.customer_id])
        else:
            free.append(lease)
    return free


def _batch(leases: Sequence[Lease], *, at: datetime) -> int:
    """Commit a batch together. If it fails, halve it until the culprit stands alone and is parked."""
    if not leases:
        return 0
    try:
        return _commit(leases, at=at)
    except (LostLease, OperationalError, InterfaceError) as error:
        _give_back(leases, error)
        return 0
    except Exception as error:  # anything one customer's data may cause; named on the job and the parking
        halves = _halves(leases)
        if len(halves) == 1:
            _stumbled(leases, error)
            return len(leases)
        return sum(_batch(half, at=at) for half in halves)


def _halves(leases: Sequence[Lease]) -> list[list[Lease]]:
    """Split a batch between customers, never inside one."""
    customers = sorted({lease.row.customer_id for lease in leases})
    first = set(customers[: len(customers) // 2])
    parts = (
        [lease for lease in leases if lease.row.customer_id in first],
        [lease for lease in leases if lease.row.customer_id not in first],
    )
    return [part for part in parts if part]


@transaction.atomic
def _commit(leases: Sequence[Lease], *, at: datetime) -> int:
    ordered = sorted(leases, key=lambda lease: (lease.row.period_start, lease.row.pk))
    lock_customers(lease.row.customer_id for lease in ordered)  # an agreement may end while we wait
    found = _agreements(ordered)
    if renew(((found[one.row.subscription_id], one.row.period_start) for one in ordered), by=NIGHT):
        found = _agreements(ordered)
    slots = [cycle_slot(found[lease.row.subscription_id], lease.row.period_start) for lease in ordered]
    for lease, invoice in zip(ordered, issue(slots, at=at, by=NIGHT), strict=True):
        _close(lease, invoice=invoice)
    return len(ordered)


def _agreements(leases: Sequence[Lease]) -> dict[int, Subscription]:
    """Return the agreements of some jobs with what rating asks of them, by key."""
    keys = {lease.row.subscription_id for lease in leases}
    return {row.pk: row for row in billable(Subscription.objects.filter(pk__in=keys))}


def _close(lease: Lease, **more: object) -> None:
    if not _end(lease, BillingJob.State.DONE, **more):
        raise LostLease


def _alone(lease: Lease, *, at: datetime) -> int:
    """Judge one window in its own commit, or hold it for the reports that are missing."""
    job: BillingJob = lease.row
    try:
        with transaction.atomic():
            lock_customers([job.customer_id])
            subscription = billable(Subscription.objects.filter(pk=job.subscription_id)).get()
            seen = marks(job)
            window = Period(job.period_start, job.period_end or job.due_at)
            if waits := awaited(subscription, window, at=at):
                _hold(lease, waits.missing, until=waits.until, **seen)
            else:
                assess(subscription, window, at=at, by=NIGHT)
                _close(lease, **seen)
    except (LostLease, OperationalError, InterfaceError) as error:
        _give_back([lease], error)
        return 0
    except Exception as error:  # see _batch
        _stumbled([lease], error)
    return 1


def _hold(lease: Lease, missing: Sequence[str], *, until: datetime, **seen: int) -> None:
    """Let a window wait; a tick that sees a new report lets it go on before that."""
    said = f"not reported for the whole window: {', '.join(missing)}"[:1000]
    if not finish(lease, held_until=until, last_error=said, attempts=0, **seen):
        raise LostLease


def _end(lease: Lease, state: str, **more: object) -> bool:
    return finish(lease, state=state, finished_at=Now(), held_until=None, last_error="", **more)


def _give_back(leases: Sequence[Lease], error: Exception) -> None:
    """The fault is not the jobs': it costs them a pause, and no attempt."""
    log.warning("a batch of %s jobs waits: %r", len(leases), error)
    for lease in leases:
        pause = Now() + pause_after(1)
        finish(lease, last_error=repr(error)[:1000], attempts=F("attempts") - 1, retry_at=pause)


def _stumbled(leases: Sequence[Lease], error: Exception) -> None:
    """One customer failed on its own: park it at once for a named refusal, else after tries with pauses."""
    log.error("customer %s cannot be billed", leases[0].row.customer_id, exc_info=error)
    final = isinstance(error, DomainError) or any(one.row.attempts >= MOST_ATTEMPTS for one in leases)
    reason = error.code if isinstance(error, DomainError) else type(error).__name__
    with transaction.atomic():
        if final:
            park(leases[0].row.customer_id, reason=reason, detail=str(error))
        for lease in leases:
            said: dict[str, object] = {"last_error": repr(error)[:1000]}
            if final:
                said |= {"state": BillingJob.State.PARKED, "parked_reason": reason[:64]}
            else:
                said["retry_at"] = Now() + pause_after(lease.row.attempts)
            finish(lease, **said)
