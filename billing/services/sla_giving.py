"""Give what an award says, in its form: credits and vouchers in the ledger, days and units as grants.

Always the difference to all that was given for the window before, so a repeat gives nothing.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.db.models.functions import Coalesce

from billing.locks import lock_customers
from billing.models import Account, AwardState, CreditDraw, SlaAssessment, SlaAward, SlaCredit, SlaGrant
from billing.services.credits import remaining
from billing.services.ledger import Posting, post
from billing.services.sla_packs import hand_over
from plans.actor import NIGHT, Actor
from plans.history import changes
from plans.sla_terms import Form, SlaPromise
from plans.timespan import local_date, local_midnight
from subscriptions.selectors import zone_of

DAY = timedelta(days=1)


def give(award: SlaAward, promise: SlaPromise, *, at: datetime, by: Actor) -> None:
    """Give the difference between what the award says and what was given; the caller holds the customer.

    While it is not granted nothing more is given, and what a correction took away is taken back.
    """
    if promise.in_money:
        given = has_given(award.assessment)
        wanted = award.amount if award.state == AwardState.GRANTED else min(award.amount, given)
        _credit(award, promise, wanted - given, at=at, by=by)
    else:
        granted = _granted(award.assessment)
        units = award.quantity if award.state == AwardState.GRANTED else min(award.quantity, granted)
        _grant(award, promise, units - granted, at=at, by=by)


def has_given(row: SlaAssessment) -> int:
    """Return what the judgements of the window gave and did not get back, in minor units."""
    rows = SlaCredit.objects.filter(
        subscription=row.subscription_id, sla_code=row.sla_code, window__startswith=row.window.lower
    )
    return int(rows.aggregate(sum=Coalesce(Sum("amount"), 0))["sum"])


def _granted(row: SlaAssessment) -> Decimal:
    rows = SlaGrant.objects.filter(
        subscription=row.subscription_id, sla_code=row.sla_code, starts_at=row.window.lower
    )
    return Decimal(rows.aggregate(sum=Coalesce(Sum("quantity"), Decimal(0)))["sum"])


def _credit(award: SlaAward, promise: SlaPromise, difference: int, *, at: datetime, by: Actor) -> None:
    """Post the difference to what was given before; what is drawn already cannot be taken back."""
    row = award.assessment
    if difference < 0:
        difference = -_taken_back(row, -difference)
    if not difference:
        return
    voucher = promise.form.voucher if isinstance(promise.form, Form) else None
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
        expires_at=_end_of(award, voucher.valid_days, at) if voucher else None,
        tags=list(voucher.tags) if voucher else [],
    )
    sides = {Account.SLA_EXPENSE: difference, Account.CUSTOMER_CREDIT: -difference}
    kind = "sla_voucher" if voucher else "sla_credit"
    post([Posting(f"sla:{row.pk}", kind, row.customer_id, row.currency, sides)], at=at, by=by)


def _end_of(award: SlaAward, days: int, at: datetime) -> datetime:
    """Return the midnight after the last day of something that is valid for so many days."""
    zone = zone_of(award.customer)
    return local_midnight(local_date(at, zone) + (days + 1) * DAY, zone)


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


def _grant(award: SlaAward, promise: SlaPromise, difference: Decimal, *, at: datetime, by: Actor) -> None:
    """Store the difference in days or units; what was applied already is not taken back."""
    row = award.assessment
    if difference < 0:
        due = SlaGrant.objects.filter(
            subscription=row.subscription_id, sla_code=row.sla_code, starts_at=row.window.lower,
            state=SlaGrant.State.DUE,
        ).aggregate(sum=Coalesce(Sum("quantity"), Decimal(0)))["sum"]  # fmt: skip
        difference = -min(-difference, max(Decimal(due), Decimal(0)))
    if not difference:
        return
    pack = promise.form.pack if isinstance(promise.form, Form) else None
    grant = SlaGrant.objects.create(
        assessment=row,
        customer_id=row.customer_id,
        subscription_id=row.subscription_id,
        sla_code=row.sla_code,
        starts_at=row.window.lower,
        form=row.form,
        pool=pack.pool if pack else "",
        quantity=difference,
        expires_at=_end_of(award, pack.valid_days, at) if pack and pack.valid_days else None,
        given_at=at,
    )
    if pack is not None and difference > 0:
        hand_over(grant, at=at, by=by)


def expire_vouchers(at: datetime) -> int:
    """Close the vouchers whose last day is over: what is left goes out of the books. Twice is as once."""
    with changes(NIGHT):
        over = SlaCredit.objects.filter(expires_at__lte=at, amount__gt=0)
        left = over.annotate(drawn=Coalesce(Sum("draws__amount"), 0)).order_by("pk")
        waiting = [row for row in left if row.amount > row.drawn]
        if not waiting:
            return 0
        lock_customers({row.customer_id for row in waiting})
        fresh = [row for row in left.filter(pk__in=[one.pk for one in waiting]) if row.amount > row.drawn]
        CreditDraw.objects.bulk_create(CreditDraw(credit=row, amount=row.amount - row.drawn) for row in fresh)
        post([_closing(row, row.amount - row.drawn) for row in fresh], at=at, by=NIGHT)
        return len(fresh)


def _closing(row: SlaCredit, left: int) -> Posting:
    sides = {Account.CUSTOMER_CREDIT: left, Account.SLA_EXPENSE: -left}
    return Posting(f"sla_expired:{row.pk}", "sla_expired", row.customer_id, row.currency, sides)
