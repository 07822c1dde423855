"""What becomes of a judged window: settled at once, claimed by the customer, decided by staff, lapsed.

Every verb holds the customer first and is safe to call twice; what is given follows from the state alone.
"""

from datetime import datetime

from django.conf import settings
from django.db.models import QuerySet

from billing.errors import AwardNotWaiting, ClaimOver, NothingToClaim, ReasonNeeded
from billing.locks import lock_customers
from billing.models import AwardState, SlaAssessment, SlaAward, SlaCredit
from billing.services.sla_giving import give, has_given
from billing.sla_states import Standing, after_claim, after_judgement, claim_ends
from plans.actor import NIGHT, Actor
from plans.history import changes
from plans.sla_terms import SlaPromise


def settle(row: SlaAssessment, promise: SlaPromise, *, at: datetime, by: Actor) -> SlaAward:
    """Bring the window's award in line with its latest judgement, and give what may be given.

    The caller holds the customer and the transaction.
    """
    award = _award_of(row)
    award.assessment, award.form = row, row.form
    award.amount, award.quantity = row.amount, row.quantity
    standing = _standing(award, needs_claim=promise.claim_days is not None)
    award.state = after_judgement(award.state, standing)
    if promise.claim_days is not None and award.state == AwardState.UNCLAIMED and award.claim_by is None:
        award.claim_by = claim_ends(row.window.upper, promise.claim_days, at)
    award.save()
    give(award, promise, at=at, by=by)
    return award


def claim(award_id: int, *, at: datetime, by: Actor) -> SlaAward:
    """Ask for what a window earned; a repeat changes nothing.

    Raises ClaimOver after its last instant, NothingToClaim where there is nothing to ask for.
    """
    with changes(by):
        award = _held(award_id)
        if award.claimed_at is not None:
            return award
        if award.state == AwardState.LAPSED or (award.claim_by is not None and at >= award.claim_by):
            raise ClaimOver
        if award.state != AwardState.UNCLAIMED:
            raise NothingToClaim
        award.claimed_at, award.claimed_by = at, by.id
        award.state = after_claim(_standing(award, needs_claim=False))
        award.save()
        give(award, _promise(award), at=at, by=by)
    return award


def approve(award_id: int, *, reason: str, at: datetime, by: Actor) -> SlaAward:
    """Give what waits for approval, or what was rejected before; a repeat changes nothing."""
    with changes(by):
        award = _held(award_id)
        if award.state == AwardState.GRANTED and award.decided_at is not None:
            return award
        if award.state not in (AwardState.PENDING, AwardState.REJECTED):
            raise AwardNotWaiting(state=award.get_state_display())
        award.state, award.approved = AwardState.GRANTED, award.amount
        _decided(award, reason, at=at, by=by)
        give(award, _promise(award), at=at, by=by)
    return award


def reject(award_id: int, *, reason: str, at: datetime, by: Actor) -> SlaAward:
    """Refuse what waits for approval, with a reason the customer reads; a repeat changes nothing."""
    if not reason.strip():
        raise ReasonNeeded
    with changes(by):
        award = _held(award_id)
        if award.state == AwardState.REJECTED:
            return award
        if award.state != AwardState.PENDING:
            raise AwardNotWaiting(state=award.get_state_display())
        award.state = AwardState.REJECTED
        _decided(award, reason, at=at, by=by)
    return award


def lapse(at: datetime) -> int:
    """Close the claims whose time is over; return how many. One statement, whatever their number."""
    over = SlaAward.objects.filter(state=AwardState.UNCLAIMED, claim_by__lte=at)
    with changes(NIGHT):
        return over.update(state=AwardState.LAPSED)


def open_claims(at: datetime) -> QuerySet[SlaAward]:
    """Return what customers may claim at an instant."""
    return SlaAward.objects.filter(state=AwardState.UNCLAIMED, claim_by__gt=at)


def _award_of(row: SlaAssessment) -> SlaAward:
    """Return the window's award; one judged before there were awards is given already."""
    key = {
        "subscription_id": row.subscription_id,
        "sla_code": row.sla_code,
        "starts_at": row.window.lower,
    }
    known = SlaAward.objects.filter(**key).first()
    if known is not None:
        return known
    credits_ = SlaCredit.objects.filter(
        subscription=row.subscription_id, sla_code=row.sla_code, window__startswith=row.window.lower
    )
    state = AwardState.GRANTED if credits_.exists() else AwardState.NOTHING
    return SlaAward(
        **key, customer_id=row.customer_id, ends_at=row.window.upper, currency=row.currency, state=state
    )


def _standing(award: SlaAward, *, needs_claim: bool) -> Standing:
    most = settings.SLA_APPROVE_ABOVE.get(award.currency)
    return Standing(
        payable=award.amount > 0 or award.quantity > 0,
        claimed=not needs_claim or award.claimed_at is not None,
        approved=most is None or award.amount <= max(most, award.approved),
    )


def _held(award_id: int) -> SlaAward:
    """Hold the customer, then read the award: what was decided while we waited counts."""
    lock_customers([SlaAward.objects.values_list("customer_id", flat=True).get(pk=award_id)])
    return SlaAward.objects.select_related("assessment").get(pk=award_id)


def _promise(award: SlaAward) -> SlaPromise:
    return award.assessment.promised


def _decided(award: SlaAward, reason: str, *, at: datetime, by: Actor) -> None:
    award.reason, award.decided_at, award.decided_by = reason[:500], at, by.id
    award.save()


__all__ = ["approve", "claim", "has_given", "lapse", "open_claims", "reject", "settle"]
