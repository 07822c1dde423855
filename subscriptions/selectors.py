"""Reads of agreements, scoped by customer at the root; every one takes the instant it is about."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span
from django.db.models import QuerySet, Sum

from plans.models import PlanVersion
from plans.timespan import MICROSECOND, Period
from subscriptions.anchors import current_period
from subscriptions.models import AddOn, App, Customer, Membership, Subscription, SubscriptionPhase, User
from subscriptions.models.agreements import Term
from subscriptions.phases import Stretch, stretch_at

State = Literal["future", "active", "ending", "ended"]
TERM_MONTHS = {Term.MONTHLY.value: 1, Term.ANNUAL.value: 12}


def zone_of(customer: Customer) -> ZoneInfo:
    """Return the zone that the customer's days and periods are counted in."""
    return ZoneInfo(customer.billing_zone)


def term_period(subscription: Subscription, at: datetime) -> Period:
    """Return the term that `at` falls in: a month, or twelve from the anchor when annual."""
    zone = zone_of(subscription.customer)
    return current_period(subscription.anchor, zone, at, TERM_MONTHS[subscription.term])


def live_subscriptions(at: datetime) -> QuerySet[Subscription]:
    """Return the agreements in force at `at`, of all customers."""
    return Subscription.objects.filter(span__contains=at).select_related("customer", "app")


def subscriptions_of(customer: Customer) -> QuerySet[Subscription]:
    """Return every agreement of a customer, ended ones included, newest first."""
    return Subscription.objects.filter(customer=customer).select_related("customer", "app")


def phase_at(subscription: Subscription, at: datetime) -> SubscriptionPhase | None:
    """Return the phase in force at `at`, None outside the agreement."""
    return _phases(subscription).filter(span__contains=at).first()


def phases_over(subscription: Subscription, period: Period) -> list[SubscriptionPhase]:
    """Return the phases that share time with a period, earliest first."""
    return list(_phases(subscription).filter(span__overlap=(period.start, period.end)).order_by("span"))


@dataclass(frozen=True, slots=True)
class Overview:
    """What one agreement is at an instant, for lists."""

    subscription: Subscription
    version: PlanVersion
    state: State
    period: Period  # the term that the instant falls in; the first or last one outside the span
    seats: int
    options: dict[str, Decimal]


def overview(subscription: Subscription, at: datetime) -> Overview:
    """Return an agreement as it is at `at`; of a row read by `with_parts`, without a query."""
    begin, end = subscription.span.lower, subscription.span.upper
    known = max(begin, at if end is None or at < end else end - MICROSECOND)
    by_version = {one.plan_version_id: one.plan_version for one in subscription.phases.all()}
    stretch = stretch_at(stretches_of(subscription), known)
    if stretch is None:  # phases tile the span; a hole is a defect that books report
        raise LookupError(f"{subscription.public_id} has no phase at {known}")
    held = (one for one in subscription.add_ons.all() if known in one.span)
    return Overview(
        subscription=subscription,
        version=by_version[stretch.version],
        state=state_at(subscription, at),
        period=term_period(subscription, known),
        seats=sum(one.delta for one in subscription.seat_changes.all() if one.at <= known),
        options={one.option: plain(one.quantity) for one in held},
    )


def with_parts(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Read agreements with all that `overview` needs, in a constant number of queries."""
    rows = rows.select_related("customer", "app")
    return rows.prefetch_related("phases__plan_version__plan", "add_ons", "seat_changes")


def stretches_of(subscription: Subscription) -> list[Stretch]:
    """Return the phases as plain values."""
    return [Stretch(one.span.lower, one.span.upper, one.plan_version_id) for one in subscription.phases.all()]


def state_at(subscription: Subscription, at: datetime) -> State:
    """Return what people call the agreement at `at`."""
    span = subscription.span
    if at < span.lower:
        return "future"
    if span.upper is None:
        return "active"
    return "ending" if at < span.upper else "ended"


def _phases(subscription: Subscription) -> QuerySet[SubscriptionPhase]:
    return subscription.phases.select_related("plan_version__plan")


def held_options(subscription: Subscription, at: datetime) -> dict[str, Decimal]:
    """Return quantity by option held at `at`; nothing is held outside the agreement's span."""
    if not within(subscription, at):
        return {}
    held = subscription.add_ons.filter(span__contains=at).order_by("option")
    return {one.option: plain(one.quantity) for one in held}


def add_ons_over(subscription: Subscription, period: Period) -> list[tuple[Period, AddOn]]:
    """Return what was held in a period, with the part of it that each add-on covers, earliest first."""
    whole = _clip(subscription.span, period)
    if whole is None:
        return []
    rows = subscription.add_ons.filter(span__overlap=(whole.start, whole.end))
    parts = [(part, row) for row in rows if (part := _clip(row.span, whole)) is not None]
    return sorted(parts, key=lambda pair: (pair[0].start, pair[1].option))


def _clip(span: Span, period: Period) -> Period | None:
    start = period.start if span.lower is None else max(span.lower, period.start)
    end = period.end if span.upper is None else min(span.upper, period.end)
    return Period(start, end) if start < end else None


def within(subscription: Subscription, at: datetime) -> bool:
    """Return whether `at` lies in the agreement's span."""
    span = subscription.span
    return bool(span.lower <= at and (span.upper is None or at < span.upper))


def plain(quantity: Decimal) -> Decimal:
    """Return a stored quantity without trailing zeros or an exponent, so equal ones hash alike."""
    return quantity.normalize() + Decimal(0)


def seats_at(subscription: Subscription, at: datetime) -> int:
    """Return the seats held at `at`: the sum of the movements up to and including it."""
    return subscription.seat_changes.filter(at__lte=at).aggregate(sum=Sum("delta"))["sum"] or 0


def scope_apps(subscription: Subscription) -> QuerySet[App]:
    """Return the apps whose usage counts: the agreement's own, or all the customer's."""
    apps = App.objects.filter(customer=subscription.customer_id)
    return apps.filter(pk=subscription.app_id) if subscription.app_id else apps


def membership_of(user: User, customer: Customer) -> Membership | None:
    """Return the user's role at a customer; read on each request, so a removal works at once."""
    return Membership.objects.filter(user=user, customer=customer).select_related("customer").first()


def customers_of(user: User) -> QuerySet[Customer]:
    """Return the customers that a user acts for."""
    return Customer.objects.filter(memberships__user=user).order_by("name", "pk")
