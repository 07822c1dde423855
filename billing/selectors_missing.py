"""Period jobs whose expected reports are missing: what they wait for, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.models import BillingJob
from billing.selectors_due import parts_at, windows_of
from billing.selectors_gather import billable
from plans.errors import DomainError
from plans.models import Meter
from subscriptions.models import Subscription
from usage.estimating import estimated
from usage.expecting import Missing, missing_of
from usage.models import ReportExpectation

LOOK_AGAIN = timedelta(hours=1)  # a held job is looked at again then; a tick that sees its reports frees it
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Gap:
    """The reports one invoice waits for, and when to look again."""

    missing: list[Missing]
    until: datetime

    @property
    def said(self) -> str:
        """What is missing, in words for staff."""
        told = [str(one) for one in self.missing[:SHOWN]]
        more = len(self.missing) - len(told)
        return ", ".join([*told, *([f"{more} more"] if more else [])])


def gaps(jobs: Iterable[BillingJob], *, at: datetime) -> dict[int, Gap]:
    """Return, by job, the reports that hold its invoice; nothing is asked where nothing is expected."""
    meters = set(ReportExpectation.objects.values_list("meter__code", flat=True))
    if not meters:
        return {}
    wanted = list(jobs)
    rows = billable(Subscription.objects.filter(pk__in={job.subscription_id for job in wanted}))
    known = {row.pk: row for row in rows}
    found = {}
    for job in wanted:
        if missing := _awaited(known[job.subscription_id], job.period_start, meters, at=at):
            dues = [one.due_at for one in missing if one.due_at > at]
            found[job.pk] = Gap(missing, min([at + LOOK_AGAIN, *dues]))
    return found


def _awaited(subscription: Subscription, edge: datetime, meters: set[str], *, at: datetime) -> list[Missing]:
    """Return what the invoice of an edge waits for: not there, and not to be estimated, or not yet."""
    try:
        windows = windows_of(subscription, parts_at(subscription, edge))
    except DomainError:  # billing itself says what is wrong, and parks
        return []
    found: list[Missing] = []
    for one in windows:
        counted = meters & set(one.meters)
        if counted and not one.is_earlier:
            found += missing_of(subscription, one.covered, counted)
    if not found:
        return []
    kinds = dict(Meter.objects.filter(pk__in={one.meter_id for one in found}).values_list("pk", "kind"))
    guessed = estimated([one for one in found if one.due_at <= at], kinds)
    return [one for one in found if one not in guessed]
