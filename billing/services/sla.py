"""Judge one window of one availability promise; what it earns is given, claimed or approved by its award.

A corrected report makes the next revision, and only the difference is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from billing import sla
from billing.derivation import to_tree
from billing.locks import lock_customers
from billing.models import SlaAssessment
from billing.rating import rate_figure
from billing.selectors_gather import billable
from billing.selectors_sla import BASE, PREFIX, UNPAYABLE, Case, case_of
from billing.services.sla_awards import settle
from plans.actor import Actor
from plans.history import changes
from plans.money import from_minor, to_multiple
from plans.promises import SMALLEST
from plans.ratio import plain
from plans.sla_terms import is_payable
from plans.terms import to_tree as tree_of
from plans.timespan import Period
from subscriptions.models import Subscription

__all__ = ["BASE", "UNPAYABLE", "Awaited", "assess", "awaited"]


def assess(subscription: Subscription, window: Period, *, at: datetime, by: Actor) -> SlaAssessment | None:
    """Judge a window; a repeat with the same reports returns the same row.

    None where no availability promise was held in it, or nothing was reported. What is not reported
    by now counts as good; `awaited` says whether to wait for it.
    """
    with changes(by):
        lock_customers([subscription.customer_id])
        fresh = billable(Subscription.objects.filter(pk=subscription.pk)).get()
        case = case_of(fresh, window)
        if case is None or not case.reports:
            return None
        last = _last(case)
        if last is not None and last.inputs_hash == case.fingerprint:
            return last
        row = _judged(case, last, at=at)
        settle(row, case.promise, at=at, by=by)
        return row


@dataclass(frozen=True, slots=True)
class Awaited:
    """The apps and regions whose reports a judgement still waits for, and until when at most."""

    missing: Sequence[str]
    until: datetime


def awaited(subscription: Subscription, window: Period, *, at: datetime) -> Awaited | None:
    """Return what a judgement waits for; None when it need not wait, or has waited as long as promised."""
    case = case_of(subscription, window)
    if case is None or at >= window.end + case.promise.wait:
        return None
    missing = sla.unreported(case.measured, case.window, case.apps)
    return Awaited(missing, window.end + case.promise.wait) if missing else None


def _last(case: Case) -> SlaAssessment | None:
    rows = SlaAssessment.objects.filter(
        subscription=case.subscription, sla_code=case.code, window__startswith=case.window.start
    )
    return rows.order_by("-revision").first()


def _judged(case: Case, last: SlaAssessment | None, *, at: datetime) -> SlaAssessment:
    verdicts = _verdicts(case)
    worst = min((one.part for one in verdicts), key=lambda part: part.availability)
    subscription = case.subscription
    smallest = _smallest(case, worst)
    amount, quantity = _given_by(case, verdicts, smallest)
    return SlaAssessment.objects.create(
        customer=subscription.customer,
        subscription=subscription,
        sla_code=case.code,
        window=Span(case.window.start, case.window.end),
        revision=last.revision + 1 if last else 1,
        availability=to_multiple(worst.availability, sla.SHOWN, "floor"),
        target=Decimal(case.promise.target),
        fee=case.fee,
        amount=amount,
        form=case.promise.form_word,
        quantity=quantity,
        smallest=smallest,
        promise=tree_of(case.promise),
        excluded=[_said_of(row) for row in case.away],
        currency=subscription.currency,
        parts=[_said(one) for one in verdicts],
        inputs_hash=case.fingerprint,
        terms_hash=case.view.terms.hash,
        last_report=max(report.pk for report in case.reports),
        assessed_at=at,
    )


def _verdicts(case: Case) -> list[sla.Judged]:
    """Rate the tier's figure for every app and region; what money it gives is capped by the fee."""
    measured = sla.parts(case.measured, case.window, case.apps, case.measure)
    code = sla.figure_of(case.view.terms.document, f"{PREFIX}{case.code}") or ""
    take = sla.capped if case.promise.in_money else sla.counted_units
    found = []
    for part, fee in zip(measured, sla.shares(case.fee, measured), strict=True):
        found.append(take(part, fee, _rated(case, code, part, fee)))
    return found


def _rated(case: Case, code: str, part: sla.Part, fee: int) -> Any:
    exact_fee = from_minor(fee, case.subscription.currency)
    context = sla.facts_of(case.view.context, part, exact_fee, days=case.days)
    return rate_figure(case.view.terms, code, {}, sla.question(case.window, code), context)


def _smallest(case: Case, worst: sla.Part) -> Decimal | None:
    """Return what the window has to give to be given at all; it may depend on the fee and the outage."""
    if case.promise.smallest_payable is None:
        return None
    figure = _rated(case, f"{PREFIX}{case.code}{SMALLEST}", worst, case.fee)
    return to_multiple(figure.amount, sla.PLACES)


def _given_by(case: Case, verdicts: Sequence[sla.Judged], smallest: Decimal | None) -> tuple[int, Decimal]:
    """Return minor units and quantity of the whole window; nothing when that is too small to be given.

    Money and units of the parts add up; the agreement is longer by the longest extension.
    """
    rule = case.promise.smallest_payable
    exceeds = rule is not None and rule.exceeds is not None
    amount = sum(one.amount for one in verdicts)
    quantities = [one.quantity for one in verdicts]
    added = sum(quantities, Decimal(0)) if case.promise.form_word == "pack" else max(quantities)
    counted = from_minor(amount, case.subscription.currency) if case.promise.in_money else added
    return (amount, added) if is_payable(counted, smallest, exceeds=exceeds) else (0, Decimal(0))


def _said(one: sla.Judged) -> dict[str, Any]:
    part = one.part
    units = {} if not one.quantity else {"quantity": plain(one.quantity)}
    return {
        "app": part.app,
        "region": part.region,
        "unit": part.unit,
        "good": plain(to_multiple(part.good, sla.SHOWN)),
        "total": plain(to_multiple(part.total, sla.SHOWN)),
        "availability": plain(to_multiple(part.availability, sla.SHOWN, "floor")),
        "minutes": plain(to_multiple(part.minutes, sla.SHOWN)),
        "failed_minutes": plain(to_multiple(part.failed_minutes, sla.SHOWN)),
        "excluded_minutes": plain(to_multiple(part.excluded_minutes, sla.SHOWN)),
        "longest_outage": plain(to_multiple(part.longest, sla.SHOWN)),
        "outages": part.outages,
        "fee": one.fee,
        "amount": one.amount,
        **units,
        "derivation": to_tree(one.derivation),
    }


def _said_of(row: Any) -> dict[str, Any]:
    return {
        "reference": row.reference,
        "revision": row.revision,
        "kind": row.kind,
        "app": row.app.code if row.app is not None else "",
        "region": row.region,
        "start": row.span.lower.isoformat(),
        "end": row.span.upper.isoformat(),
        "notice_at": row.notice_at.isoformat() if row.notice_at is not None else None,
    }
