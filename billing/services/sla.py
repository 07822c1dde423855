"""Judge one calendar month of one availability promise, and put the credit into the ledger.

A corrected report makes the next revision, and only the difference is posted.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span
from django.db.models import Sum
from django.db.models.functions import Coalesce

from billing import sla
from billing.derivation import from_tree, plain, to_tree
from billing.locks import lock_customers
from billing.models import (
    Account,
    CreditDraw,
    InvoiceLine,
    InvoiceStatus,
    LineKind,
    SlaAssessment,
    SlaCredit,
)
from billing.rating import rate_figure
from billing.selectors_gather import (
    Standpoint,
    billable,
    last_instant,
    standpoint,
    version_at,
    within_agreement,
)
from billing.services.credits import remaining
from billing.services.ledger import Posting, post
from plans.actor import Actor
from plans.history import changes
from plans.models import SlaTier
from plans.money import from_minor, to_multiple
from plans.terms import canonical_json
from plans.timespan import Period
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps
from usage.models import AvailabilityReport
from usage.selectors import availability_reports

PREFIX = "sla."
BASE = "plan"  # the tag of a base fee
UNPAYABLE = [InvoiceStatus.VOID, InvoiceStatus.DRAFT]


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything one judgement is made from."""

    subscription: Subscription
    window: Period
    tier: SlaTier
    view: Standpoint
    apps: Sequence[str]
    reports: Sequence[AvailabilityReport]
    fee: int

    @property
    def measured(self) -> list[sla.Measured]:
        """The reports as values."""
        return [_measured(report) for report in self.reports]

    @property
    def fingerprint(self) -> str:
        """Equal for equal inputs: the same reports, apps and fee are not judged twice."""
        seen = sorted([row.pk, row.revision] for row in self.reports)
        said = [
            self.view.terms.hash,
            self.tier.code,
            plain(self.tier.target),
            self.fee,
            seen,
            list(self.apps),
        ]
        return hashlib.sha256(canonical_json(said)).hexdigest()


def assess(subscription: Subscription, window: Period, *, at: datetime, by: Actor) -> SlaAssessment | None:
    """Judge a window; a repeat with the same reports returns the same row.

    None where no availability promise was held in it, or nothing was reported. What is not reported
    by now counts as good; `awaited` says whether to wait for it.
    """
    with changes(by):
        lock_customers([subscription.customer_id])
        fresh = billable(Subscription.objects.filter(pk=subscription.pk)).get()
        case = _case(fresh, window)
        if case is None or not case.reports:
            return None
        last = _last(case)
        if last is not None and last.inputs_hash == case.fingerprint:
            return last
        return _judged(case, last, at=at, by=by)


def awaited(subscription: Subscription, window: Period, *, at: datetime) -> list[str]:
    """Return the apps and regions whose reports a judgement still waits for; none after the claim window."""
    case = _case(subscription, window) if at < window.end + sla.CLAIM else None
    return sla.unreported(case.measured, case.window, case.apps) if case else []


def _case(subscription: Subscription, window: Period) -> _Case | None:
    covered = within_agreement(subscription, window)
    version = version_at(subscription, last_instant(covered)) if covered else None
    if covered is None or version is None:
        return None
    view = standpoint(subscription, version, last_instant(covered))
    option = next((name for name in view.context.options if name.startswith(PREFIX)), None)
    tier = SlaTier.objects.filter(code=option.removeprefix(PREFIX)).first() if option else None
    if tier is None:
        return None
    reports = availability_reports(list(scope_apps(subscription).values_list("pk", flat=True)), covered)
    apps = _apps(subscription, covered, reports)
    fee = sla.fee_of(_paid(subscription, covered), covered)
    return _Case(subscription, covered, tier, view, apps, reports, fee)


def _apps(subscription: Subscription, window: Period, reports: Sequence[AvailabilityReport]) -> list[str]:
    """Return the codes of the apps that share the fee: those reported, and those that were there."""
    there = scope_apps(subscription).filter(created_at__lt=window.end)
    there = there.exclude(archived_at__lte=window.start)
    return sorted({*there.values_list("code", flat=True), *(report.app.code for report in reports)})


def _paid(subscription: Subscription, window: Period) -> list[sla.Paid]:
    """Return the base lines over the window, and the discounts that stand beside them."""
    lines = InvoiceLine.objects.filter(
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


def _last(case: _Case) -> SlaAssessment | None:
    rows = SlaAssessment.objects.filter(
        subscription=case.subscription, sla_code=case.tier.code, window__startswith=case.window.start
    )
    return rows.order_by("-revision").first()


def _judged(case: _Case, last: SlaAssessment | None, *, at: datetime, by: Actor) -> SlaAssessment:
    verdicts = _verdicts(case)
    worst = min(one.part.availability for one in verdicts)
    subscription = case.subscription
    row = SlaAssessment.objects.create(
        customer=subscription.customer,
        subscription=subscription,
        sla_code=case.tier.code,
        window=Span(case.window.start, case.window.end),
        revision=last.revision + 1 if last else 1,
        availability=to_multiple(worst, sla.SHOWN, "floor"),
        target=case.tier.target,
        fee=case.fee,
        amount=sum(one.amount for one in verdicts),
        currency=subscription.currency,
        parts=[_said(one) for one in verdicts],
        inputs_hash=case.fingerprint,
        terms_hash=case.view.terms.hash,
        last_report=max(report.pk for report in case.reports),
        assessed_at=at,
    )
    _credit(row, before=_given(row), at=at, by=by)
    return row


def _given(row: SlaAssessment) -> int:
    """Return what earlier judgements of the window gave and did not get back, in minor units."""
    earlier = SlaCredit.objects.filter(
        subscription=row.subscription_id, sla_code=row.sla_code, window__startswith=row.window.lower
    )
    return int(earlier.aggregate(sum=Coalesce(Sum("amount"), 0))["sum"])


def _verdicts(case: _Case) -> list[sla.Judged]:
    """Rate the tier's figure for every app and region; what it gives is capped by the fee."""
    measured = sla.parts(case.measured, case.window, case.apps)
    code = sla.figure_of(case.view.terms.document, f"{PREFIX}{case.tier.code}")
    found = []
    for part, fee in zip(measured, sla.shares(case.fee, measured), strict=True):
        exact_fee = from_minor(fee, case.subscription.currency)
        context = sla.facts_of(case.view.context, part, exact_fee)
        due = sla.question(case.window, code or "")
        found.append(sla.capped(part, fee, rate_figure(case.view.terms, code or "", {}, due, context)))
    return found


def _measured(report: AvailabilityReport) -> sla.Measured:
    window = Period(report.window.lower, report.window.upper)
    failed = tuple(Period(*map(datetime.fromisoformat, pair)) for pair in report.failed)
    good, total = Decimal(report.good), Decimal(report.total)
    return sla.Measured(report.app.code, report.region, window, report.unit, good, total, failed)


def _said(one: sla.Judged) -> dict[str, Any]:
    return {
        "app": one.part.app,
        "region": one.part.region,
        "unit": one.part.unit,
        "good": plain(to_multiple(one.part.good, sla.SHOWN)),
        "total": plain(to_multiple(one.part.total, sla.SHOWN)),
        "availability": plain(to_multiple(one.part.availability, sla.SHOWN, "floor")),
        "fee": one.fee,
        "amount": one.amount,
        "derivation": to_tree(one.derivation),
    }


def _credit(row: SlaAssessment, *, before: int, at: datetime, by: Actor) -> None:
    """Post the difference to what was given before; what is drawn already cannot be taken back."""
    difference = row.amount - before
    if difference < 0:
        difference = -_taken_back(row, -difference)
    if not difference:
        return
    SlaCredit.objects.create(
        assessment=row,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        sla_code=row.sla_code,
        window=row.window,
        revision=row.revision,
        amount=difference,
        currency=row.currency,
        earned_at=at,
    )
    sides = {Account.SLA_EXPENSE: difference, Account.CUSTOMER_CREDIT: -difference}
    key = f"sla:{row.pk}"
    post([Posting(key, "sla_credit", row.customer_id, row.currency, sides)], at=at, by=by)


def _taken_back(row: SlaAssessment, wanted: int) -> int:
    """Draw a correction from what is left of the window's earlier credits; return how much that was."""
    taken = 0
    earlier = SlaCredit.objects.filter(
        subscription=row.subscription_id,
        sla_code=row.sla_code,
        window__startswith=row.window.lower,
        amount__gt=0,
    )
    for credit in earlier.order_by("-revision"):
        part = min(remaining(credit), wanted - taken)
        if part > 0:
            CreditDraw.objects.create(credit=credit, amount=part)
            taken += part
    return taken
