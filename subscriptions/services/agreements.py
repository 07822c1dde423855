"""The life of an agreement: start, cancel at the end of what is paid for, take the cancellation back."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span
from django.db.models import Q, QuerySet

from plans.actor import Actor
from plans.history import changes
from plans.models import PlanVersion
from plans.selectors import version_state
from subscriptions.anchors import current_period, start_anchor
from subscriptions.errors import (
    AlreadySubscribed,
    AppOfAnotherCustomer,
    KeyReused,
    NotCancelled,
    NotLive,
    SeatsBelowZero,
    UnknownCollection,
    VersionNotOnSale,
)
from subscriptions.errors_agreed import ExitNotPossible, ExitSettled
from subscriptions.models import AddOn, App, Customer, SeatChange, Subscription, SubscriptionPhase
from subscriptions.models.agreements import Collection, Term
from subscriptions.selectors import term_period, within, zone_of
from subscriptions.services.agreed import agreed_for
from subscriptions.services.checks import check_options, check_sold, refuse_coupons
from subscriptions.services.locks import first_lock
from subscriptions.services.rows import broken_constraint, lock_customer, lock_subscription


def start(
    *,
    customer: Customer,
    version: PlanVersion,
    term: str,
    collection: str,
    options: Mapping[str, Decimal],
    seats: int = 0,
    app: App | None = None,
    key: str | None = None,
    labels: Mapping[str, str] | None = None,
    facts: Mapping[str, Decimal] | None = None,
    lock_until: datetime | None = None,
    at: datetime,
    by: Actor,
) -> Subscription:
    """Open an agreement on one plan version; a repeat with the same `key` returns the first one.

    `labels` and `facts` answer what the terms ask for (`agreed_for` refuses the rest). An annual price is
    locked for its first term; `lock_until` may lock it for longer.
    The anchor is the local midnight of the start day. One live agreement per plan family and app
    (or all apps): AlreadySubscribed. Nothing is billed here; that is `billing`'s verb around this one.
    """
    with changes(by):
        customer = lock_customer(customer.pk)
        if key and (known := customer.subscriptions.filter(key=key).first()):
            return _same_request(known, version=version, term=term, app=app)
        refuse_coupons(options)
        _check_request(version, app, customer=customer, collection=collection, seats=seats, at=at)
        check_sold(version, term=term, currency=customer.currency)
        check_options(version, options)
        agreed = agreed_for(version, labels=labels, facts=facts, app=app)
        agreement = _draft(customer, version, app, at=at)
        agreement.is_first_purchase = not customer.subscriptions.filter(family=agreement.family).exists()
        agreement.term, agreement.collection, agreement.key = term, collection, key or ""
        _insert(agreement)
        SubscriptionPhase.objects.create(
            subscription=agreement,
            plan_version=version,
            span=agreement.span,
            labels=agreed.labels,
            facts=agreed.facts,
            price_lock_until=first_lock(agreement, lock_until, at=at),
        )
        _hold(agreement, options, seats=seats, by=by)
    return agreement


def _same_request(known: Subscription, *, version: PlanVersion, term: str, app: App | None) -> Subscription:
    first = known.phases.order_by("span").first()
    asked = (version.pk, term, app.pk if app else None)
    if first is None or (first.plan_version_id, known.term, known.app_id) != asked:
        raise KeyReused
    return known


def _check_request(
    version: PlanVersion,
    app: App | None,
    *,
    customer: Customer,
    collection: str,
    seats: int,
    at: datetime,
) -> None:
    if version_state(version, at) != "on_sale":
        raise VersionNotOnSale(version=str(version))
    if collection not in Collection.values:
        raise UnknownCollection(collection=collection)
    if app is not None and (app.customer_id != customer.pk or app.archived_at is not None):
        raise AppOfAnotherCustomer
    if seats < 0:
        raise SeatsBelowZero(seats=0)


def _draft(customer: Customer, version: PlanVersion, app: App | None, *, at: datetime) -> Subscription:
    """Return the unsaved agreement; it begins at the anchor unless another one still covered that day."""
    anchor = start_anchor(at, zone_of(customer))
    family = version.plan.family
    begin = anchor
    for other in _competing(customer, app, family).filter(span__overlap=(anchor, None)):
        if other.span.upper is None or other.span.upper > at:
            raise AlreadySubscribed
        begin = max(begin, other.span.upper)
    return Subscription(
        customer=customer,
        app=app,
        family=family,
        currency=customer.currency,
        anchor=anchor,
        span=Span(begin, None),
    )


def _competing(customer: Customer, app: App | None, family: str) -> QuerySet[Subscription]:
    """Agreements that would count the same usage: of the same app, of all apps, or of any when for all."""
    found = Subscription.objects.filter(customer=customer, family=family)
    return found if app is None else found.filter(Q(app=app) | Q(app__isnull=True))


def _insert(agreement: Subscription) -> None:
    try:
        with transaction.atomic():
            agreement.save(force_insert=True)
    except IntegrityError as error:
        if broken_constraint(error) != "subscription_one_live_per_scope":
            raise
        raise AlreadySubscribed from error


def _hold(agreement: Subscription, options: Mapping[str, Decimal], *, seats: int, by: Actor) -> None:
    AddOn.objects.bulk_create(
        AddOn(subscription=agreement, option=option, quantity=quantity, span=agreement.span)
        for option, quantity in sorted(options.items())
    )
    if seats:
        SeatChange.objects.create(
            subscription=agreement, delta=seats, at=agreement.span.lower, by=by.id, key="start"
        )


def cancel_at_period_end(subscription: Subscription, *, at: datetime, by: Actor) -> Subscription:
    """End the agreement with the term that `at` falls in: a month, or the year when annual.

    A repeat keeps the first date. Rights last to that instant exactly, and no longer.
    """
    with changes(by):
        agreement = lock_subscription(subscription)
        if not within(agreement, at):
            raise NotLive(subscription=agreement.public_id)
        if agreement.span.upper is None:
            _end(agreement, term_period(agreement, at).end)
            agreement.cancelled_at = at
            agreement.save(update_fields=["span", "cancelled_at"])
    return agreement


def end_early(subscription: Subscription, *, at: datetime, by: Actor) -> Subscription:
    """End an annual agreement with the month that `at` falls in; a repeat keeps the first date.

    Billing settles it in the same commit, so it cannot be undone. Raises ExitNotPossible.
    """
    with changes(by):
        agreement = lock_subscription(subscription)
        if not within(agreement, at):
            raise NotLive(subscription=agreement.public_id)
        if agreement.left_early:
            return agreement
        end = month_end(agreement, at)
        if agreement.term != Term.ANNUAL or end >= term_period(agreement, at).end:
            raise ExitNotPossible
        _end(agreement, end)
        agreement.cancelled_at, agreement.left_early = at, True
        agreement.save(update_fields=["span", "cancelled_at", "left_early"])
    return agreement


def month_end(agreement: Subscription, at: datetime) -> datetime:
    """Return where the month of the agreement ends that `at` falls in."""
    return current_period(agreement.anchor, zone_of(agreement.customer), at).end


def undo_cancel(subscription: Subscription, *, at: datetime, by: Actor) -> Subscription:
    """Take a cancellation back while the agreement still runs."""
    with changes(by):
        agreement = lock_subscription(subscription)
        if agreement.cancelled_at is None:
            raise NotCancelled(subscription=agreement.public_id)
        if not within(agreement, at):
            raise NotLive(subscription=agreement.public_id)
        if agreement.left_early:
            raise ExitSettled
        _reopen(agreement)
    return agreement


def _end(agreement: Subscription, end: datetime) -> None:
    """Close the agreement's span and its last phase at `end`, so the phases still tile it."""
    agreement.span = Span(agreement.span.lower, end)
    for phase in agreement.phases.filter(span__contains=end):
        phase.span = Span(phase.span.lower, end)
        phase.save(update_fields=["span"])


def _reopen(agreement: Subscription) -> None:
    end = agreement.span.upper
    agreement.span, agreement.cancelled_at = Span(agreement.span.lower, None), None
    try:
        with transaction.atomic():
            agreement.save(update_fields=["span", "cancelled_at"])
            for phase in agreement.phases.filter(span__endswith=end):
                phase.span = Span(phase.span.lower, None)
                phase.save(update_fields=["span"])
    except IntegrityError as error:
        if broken_constraint(error) != "subscription_one_live_per_scope":
            raise
        raise AlreadySubscribed from error
