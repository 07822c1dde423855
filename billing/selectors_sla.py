"""Everything one judgement of a window is made from, read together."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from billing import sla
from billing.derivation import from_tree
from billing.models import InvoiceLine, InvoiceStatus, LineKind, SlaCondition
from billing.selectors_gather import Standpoint, last_instant, standpoint, version_at, within_agreement
from plans.ratio import plain
from plans.selectors_promises import sla_promise_of
from plans.sla_terms import Excluded, SlaPromise, is_excluded
from plans.terms import canonical_json, to_tree
from plans.timespan import Period, local_days
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.models import AvailabilityReport, ExcludedWindow
from usage.selectors import availability_reports
from usage.selectors_exclusions import exclusions

PREFIX = "sla."
BASE = "plan"  # the tag of a base fee
UNPAYABLE = [InvoiceStatus.VOID, InvoiceStatus.DRAFT]


@dataclass(frozen=True, slots=True)
class Case:
    """One window of one promise, with what was reported, excluded and paid."""

    subscription: Subscription
    window: Period
    code: str
    promise: SlaPromise
    view: Standpoint
    apps: Sequence[str]
    reports: Sequence[AvailabilityReport]
    away: Sequence[ExcludedWindow]  # those that the promise lets out
    fee: int

    @property
    def measured(self) -> list[sla.Measured]:
        """The reports as values."""
        return [_measured(report) for report in self.reports]

    @property
    def measure(self) -> sla.Measure:
        """How the promise counts."""
        spans = tuple(
            sla.Away(Period(row.span.lower, row.span.upper), row.app.code if row.app else "", row.region)
            for row in self.away
        )
        return sla.Measure(spans, self.promise.smallest_outage)

    @property
    def days(self) -> int:
        """Calendar days that the window touches."""
        return sum(1 for _day in local_days(self.window, zone_of(self.subscription.customer)))

    @property
    def fingerprint(self) -> str:
        """Equal for equal inputs: the same reports, exclusions, apps, labels and fee are not judged twice."""
        seen = sorted([row.pk, row.revision] for row in self.reports)
        said: list[Any] = [
            self.view.terms.hash,
            self.code,
            plain(Decimal(self.promise.target)),
            self.fee,
            seen,
        ]
        said.append(list(self.apps))
        more = {
            "promise": {name: value for name, value in to_tree(self.promise).items() if name != "target"},
            "away": sorted(row.pk for row in self.away),
            "labels": dict(self.view.context.labels),
        }
        return hashlib.sha256(canonical_json([*said, more])).hexdigest()


def case_of(subscription: Subscription, window: Period) -> Case | None:
    """Return what a judgement of the window is made from; None where no promise was held at its end."""
    covered = within_agreement(subscription, window)
    version = version_at(subscription, last_instant(covered)) if covered else None
    if covered is None or version is None:
        return None
    view = standpoint(subscription, version, last_instant(covered))
    option = next((name for name in view.context.options if name.startswith(PREFIX)), None)
    code = option.removeprefix(PREFIX) if option else ""
    promise = sla_promise_of(version, code) if option else None
    if promise is None:
        return None
    return Case(
        subscription=subscription,
        window=covered,
        code=code,
        promise=promise,
        view=_labelled(view, subscription, last_instant(covered)),
        **_facts(subscription, covered, promise),
    )


def _facts(subscription: Subscription, covered: Period, promise: SlaPromise) -> dict[str, Any]:
    ids = list(scope_apps(subscription).values_list("pk", flat=True))
    reports = availability_reports(ids, covered)
    away = exclusions(ids, subscription.customer_id, covered) if promise.exclusions else []
    return {
        "apps": _apps(subscription, covered, reports),
        "reports": reports,
        "away": [row for row in away if is_excluded(promise.exclusions, _put_forward(row))],
        "fee": sla.fee_of(_paid(subscription, covered), covered),
    }


def _put_forward(row: ExcludedWindow) -> Excluded:
    return Excluded(row.kind, row.span.lower, row.notice_at, row.peak_share)


def _labelled(view: Standpoint, subscription: Subscription, at: datetime) -> Standpoint:
    """Add the conditions that staff recorded, such as a review that was done."""
    known = SlaCondition.objects.filter(subscription=subscription, since__lte=at)
    rows = known.filter(Q(until__isnull=True) | Q(until__gt=at)).order_by("since", "pk")
    labels = {**view.context.labels, **{row.label: row.value for row in rows}}
    return Standpoint(view.terms, replace(view.context, labels=labels))


def _apps(subscription: Subscription, window: Period, reports: Sequence[AvailabilityReport]) -> list[str]:
    """Return the codes of the apps that share the fee: those reported, and those that were there."""
    there = scope_apps(subscription).filter(created_at__lt=window.end)
    there = there.exclude(archived_at__lte=window.start)
    return sorted({*there.values_list("code", flat=True), *(report.app.code for report in reports)})


def _paid(subscription: Subscription, window: Period) -> list[sla.Paid]:
    """Return the base lines over the window, and the discounts that stand beside them."""
    lines: QuerySet[InvoiceLine] = InvoiceLine.objects.filter(
        invoice__subscription=subscription, kind=LineKind.CHARGE, is_tax=False,
        span__overlap=(window.start, window.end),
    ).exclude(invoice__status__in=UNPAYABLE)  # fmt: skip
    base = [line for line in lines if BASE in line.tags and not line.is_credit]
    keys: dict[tuple[int, object], set[str]] = {}
    for line in base:
        keys.setdefault((line.invoice_id, line.span), set()).add(line.line_key)
    paid = [sla.Paid(line.service_period, line.amount) for line in base]
    for line in lines:
        if line.is_credit and (beside := keys.get((line.invoice_id, line.span))):
            part = sla.on_base(line.amount, from_tree(line.derivation), beside)
            paid.append(sla.Paid(line.service_period, part))
    return paid


def _measured(report: AvailabilityReport) -> sla.Measured:
    window = Period(report.window.lower, report.window.upper)
    failed = tuple(Period(*map(datetime.fromisoformat, pair)) for pair in report.failed)
    good, total = Decimal(report.good), Decimal(report.total)
    return sla.Measured(report.app.code, report.region, window, report.unit, good, total, failed)
