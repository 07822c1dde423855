"""One night in the foreground: tick, roll-up, jobs, outbox, and the messages they cause.

A second run for the same instant finds nothing to do; one before the last completed night does nothing.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.functions import Now

from billing import gateway_sandbox as sandbox
from billing import outbox
from billing.models import BillingJob, BillingRun, Invoice, ParkedCustomer, StripeEvent
from billing.selectors_waiting import held_back
from billing.services import events, runs
from usage.expecting import overdue
from usage.services import roll_up_all, watch_all_quotas

PATIENCE = 60  # rounds without progress before what is left is reported as left
PAUSE_MILLISECONDS = 200
MOST_MISSING = 50  # overdue reports named one by one


@dataclass(slots=True)
class NightReport:
    """What one night did, what it held back, and what it had to leave."""

    at: datetime
    skipped: bool = False
    new_jobs: int = 0
    rolled_up: int = 0
    jobs: int = 0
    invoices: int = 0
    warnings: int = 0  # allowances that reached a share of their limit
    operations: int = 0
    events: int = 0
    parked: list[str] = field(default_factory=list)
    held: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)  # reports that are overdue, whether they hold or not
    left: list[str] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """False when the night found everything done."""
        return any((self.new_jobs, self.jobs, self.invoices, self.operations))


def _quietly(_text: str) -> None:
    """Tell nobody."""


def run_night(at: datetime, *, say: Callable[[str], None] = _quietly) -> NightReport:
    """Carry out everything that is due by `at` and wait for it; `say` hears of each step."""
    report = NightReport(at)
    later = BillingRun.objects.filter(kind=BillingRun.Kind.NIGHT, finished_at__isnull=False, due_at__gt=at)
    if later.exists():
        report.skipped = True
        say("A later night is done already; nothing to do.")
        return report
    night, _new = BillingRun.objects.get_or_create(kind=BillingRun.Kind.NIGHT, due_at=at)
    if sandbox.in_sandbox():
        sandbox.set_sandbox_clock(at)
    _bill(report, say)
    report.warnings = len(watch_all_quotas(at=at))
    _carry_out(report, say)
    _close(night, report)
    return report


def settle(at: datetime) -> NightReport:
    """Send what is planned and wait for what it causes, without billing anything."""
    report = NightReport(at)
    if sandbox.in_sandbox():
        sandbox.set_sandbox_clock(at)
    _carry_out(report, _quietly)
    report.left = _left(at)
    return report


def _bill(report: NightReport, say: Callable[[str], None]) -> None:
    before = Invoice.objects.count()
    report.new_jobs = runs.tick(report.at)
    _fold(report, say)
    for _round in range(PATIENCE):  # another worker may be folding what an invoice waits for
        while done := runs.run_jobs(report.at):
            report.jobs += done
            say(f"{report.jobs} jobs done.")
        if not _waiting(report.at).exists():
            break
        time.sleep(PAUSE_MILLISECONDS / 1000)
        _fold(report, say)
    report.invoices = Invoice.objects.count() - before


def _fold(report: NightReport, say: Callable[[str], None]) -> None:
    folded = roll_up_all()
    report.rolled_up += folded
    say(f"{report.new_jobs} jobs are due; {folded} batches rolled up.")


def _waiting(at: datetime) -> QuerySet[BillingJob]:
    return held_back(BillingJob.objects.filter(due_at__lte=at))


def _carry_out(report: NightReport, say: Callable[[str], None]) -> None:
    """Deliver, let the messages come in, judge them; again until all is quiet or nothing moves any more."""
    idle = 0
    while idle < PATIENCE:
        moved = outbox.deliver_ready(limit=200)
        report.operations += moved
        heard = _hear(report)
        if not moved and not heard:
            if _quiet():
                return
            idle += 1
            time.sleep(PAUSE_MILLISECONDS / 1000)
        else:
            idle = 0
            say(f"{report.operations} operations, {report.events} messages.")


def _hear(report: NightReport) -> int:
    if sandbox.in_sandbox():
        sandbox.drain_sandbox()
    heard = events.process_events(report.at)
    report.events += heard
    return heard


def _quiet() -> bool:
    return not outbox.pending().exists() and not events.waiting()


def _close(night: BillingRun, report: NightReport) -> None:
    report.parked = [
        f"customer {row.customer.public_id}: {row.reason}"
        for row in ParkedCustomer.objects.filter(released_at__isnull=True).select_related("customer")
    ]
    report.parked += [
        f"message {row}: {row.last_error}"
        for row in StripeEvent.objects.filter(state=StripeEvent.State.PARKED)
    ]
    report.held = [f"job {job} is {job.last_error}" for job in _held(report.at)]
    report.missing = _missing(report.at)
    report.left = _left(report.at)
    said = {name: value for name, value in asdict(report).items() if name != "at"}
    done = {} if report.left else {"finished_at": Now()}
    BillingRun.objects.filter(pk=night.pk).update(report=said, **done)
    ended = BillingRun.objects.filter(finished_at__isnull=True).exclude(kind=BillingRun.Kind.NIGHT)
    ended.exclude(jobs__state=BillingJob.State.WAITING).update(finished_at=Now())


def _missing(at: datetime) -> list[str]:
    found = [f"{one}, due {one.due_at.isoformat()}" for one in overdue(at)]
    more = len(found) - MOST_MISSING
    return found if more <= 0 else [*found[:MOST_MISSING], f"{more} more"]


def _held(at: datetime) -> QuerySet[BillingJob]:
    """Return what waits for reports, as it should: windows for availability, invoices for usage."""
    return BillingJob.objects.filter(state=BillingJob.State.WAITING, due_at__lte=at, held_until__gt=at)


def _left(at: datetime) -> list[str]:
    jobs = BillingJob.objects.filter(state=BillingJob.State.WAITING, due_at__lte=at)
    jobs = jobs.exclude(pk__in=_held(at).values("pk"))
    waiting = StripeEvent.objects.filter(state=StripeEvent.State.RECEIVED)
    held = set(_waiting(at).values_list("pk", flat=True))
    why = "its usage is not folded yet"
    return [
        *(f"job {job} is not done: {why if job.pk in held else job.last_error}" for job in jobs),
        *(f"operation {one} is {one.state}: {one.last_error}" for one in outbox.pending()),
        *(f"message {one} is not judged: {one.last_error}" for one in waiting),
    ]
