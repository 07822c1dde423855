"""Redeem a coupon: its code becomes an option held for some months. Its limit holds under a lock.

Locks: the customer, then the coupon; nobody who holds a coupon waits for a customer.
"""

from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from plans.actor import Actor
from plans.composition import COUPON
from plans.history import changes
from plans.models import Coupon, PlanVersion
from plans.selectors import terms_of
from subscriptions.anchors import edge_at, index_at
from subscriptions.errors import NotLive
from subscriptions.errors_agreed import (
    CouponNotForPlan,
    CouponNotValid,
    CouponsDoNotStack,
    CouponUnknown,
    CouponUsedBefore,
    CouponUsedUp,
)
from subscriptions.models import AddOn, Customer, Redemption, Subscription
from subscriptions.selectors import phase_at, within, zone_of
from subscriptions.services.rows import lock_subscription


def usable_coupon(code: str, *, version: PlanVersion, customer: Customer, at: datetime) -> Coupon:
    """Return the coupon that a code names if this customer could redeem it on this version at `at`."""
    coupon = Coupon.objects.filter(redeem_code=code.strip().upper()).first()
    if coupon is None:
        raise CouponUnknown(code=code)
    if COUPON + coupon.code not in terms_of(version).document.options:
        raise CouponNotForPlan(code=code)
    early = coupon.valid_from is not None and at < coupon.valid_from
    late = coupon.valid_until is not None and at >= coupon.valid_until
    if early or late:
        raise CouponNotValid(code=code)
    if coupon.limit is not None and coupon.redemptions.count() >= coupon.limit:
        raise CouponUsedUp(code=code)
    if coupon.once_per_customer and coupon.redemptions.filter(customer=customer).exists():
        raise CouponUsedBefore(code=code)
    return coupon


def redeem_at_start(subscription: Subscription, *, code: str, at: datetime, by: Actor) -> AddOn:
    """Redeem for the first months, before their base is billed; a repeat returns what is held."""
    with changes(by):
        agreement = lock_subscription(subscription)
        return _redeemed(agreement, code, first=0, at=at, by=by)


def redeem(subscription: Subscription, *, code: str, at: datetime, by: Actor) -> AddOn:
    """Redeem from the next month on, as this month's base is billed; a repeat returns what is held."""
    with changes(by):
        agreement = lock_subscription(subscription)
        k = index_at(agreement.anchor, zone_of(agreement.customer), at)
        return _redeemed(agreement, code, first=k + 1, at=at, by=by)


def _redeemed(agreement: Subscription, code: str, *, first: int, at: datetime, by: Actor) -> AddOn:
    phase = phase_at(agreement, max(at, agreement.span.lower)) if _goes_on(agreement, at) else None
    if phase is None:
        raise NotLive(subscription=agreement.public_id)
    coupon = Coupon.objects.select_for_update(no_key=True).filter(redeem_code=code.strip().upper()).first()
    known = coupon and agreement.redemptions.filter(coupon=coupon).exists()
    if coupon is not None and known:
        return agreement.add_ons.filter(option=COUPON + coupon.code).latest("span")
    coupon = usable_coupon(code, version=phase.plan_version, customer=agreement.customer, at=at)
    span = _months(agreement, first, coupon.periods)
    _refuse_beside(agreement, coupon, span, code)
    Redemption.objects.create(
        coupon=coupon, customer=agreement.customer, subscription=agreement,
        number=coupon.redemptions.count() + 1, most=coupon.limit, is_once=coupon.once_per_customer,
        at=at, by=by.id,
    )  # fmt: skip
    return AddOn.objects.create(subscription=agreement, option=COUPON + coupon.code, span=span)


def _goes_on(agreement: Subscription, at: datetime) -> bool:
    """A new agreement may begin a little after `at`, where another one covered its first hours."""
    return within(agreement, max(at, agreement.span.lower))


def _months(agreement: Subscription, first: int, months: int | None) -> Span:
    zone = zone_of(agreement.customer)
    start = max(edge_at(agreement.anchor, zone, first), agreement.span.lower)
    return Span(start, None if months is None else edge_at(agreement.anchor, zone, first + months))


def _refuse_beside(agreement: Subscription, coupon: Coupon, span: Span, code: str) -> None:
    """Coupons go together only where each of them says so."""
    beside = agreement.add_ons.filter(option__startswith=COUPON, span__overlap=span)
    codes = [one.option.removeprefix(COUPON) for one in beside.order_by("option")]
    stacking = set(Coupon.objects.filter(code__in=codes, stacks=True).values_list("code", flat=True))
    for other in codes:
        if not coupon.stacks or other not in stacking:
            raise CouponsDoNotStack(code=code, other=other)
