"""What an agreement holds beside its plan: options over spans, and seats as signed movements."""

from datetime import datetime
from decimal import Decimal

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from plans.actor import Actor
from plans.composition import clashes, modules_in
from plans.history import changes
from plans.ids import new_id
from plans.models import PlanVersion
from plans.selectors import module_rules
from subscriptions.errors import KeyReused, NotLive, OptionAlreadyHeld, OptionNotHeld, SeatsBelowZero
from subscriptions.models import AddOn, SeatChange, Subscription
from subscriptions.selectors import held_options, phase_at, seats_at, within
from subscriptions.services.checks import check_options, refuse, refuse_coupons
from subscriptions.services.rows import lock_subscription


def add_option(
    subscription: Subscription, *, option: str, quantity: Decimal = Decimal(1), at: datetime, by: Actor
) -> AddOn:
    """Hold an option from `at` on. It must be sold by the version in force and suit what is held."""
    with changes(by):
        agreement = lock_subscription(subscription)
        refuse_coupons([option])
        version = _version_at(agreement, at)
        if agreement.add_ons.filter(option=option, span__overlap=(at, None)).exists():
            raise OptionAlreadyHeld(option=option)
        check_options(version, {**held_options(agreement, at), option: quantity})
        return AddOn.objects.create(
            subscription=agreement, option=option, quantity=quantity, span=Span(at, None)
        )


def remove_option(subscription: Subscription, *, option: str, at: datetime, by: Actor) -> None:
    """Stop holding an option at `at`, unless another held one requires it."""
    with changes(by):
        agreement = lock_subscription(subscription)
        held = agreement.add_ons.filter(option=option, span__contains=at).first()
        if held is None or not within(agreement, at):
            raise OptionNotHeld(option=option)
        left = held_options(agreement, at).keys() - {option}
        refuse(clashes(left, module_rules(modules_in(left))))
        if held.span.lower == at:  # an empty span cannot be stored; it was never held
            held.delete()
        else:
            held.span = Span(held.span.lower, at)
            held.save(update_fields=["span"])


def change_seats(
    subscription: Subscription, *, delta: int, at: datetime, by: Actor, key: str | None = None
) -> SeatChange:
    """Add or give back seats from `at` on; a repeat with the same `key` is one movement."""
    with changes(by):
        agreement = lock_subscription(subscription)
        if key and (known := agreement.seat_changes.filter(key=key).first()):
            if known.delta != delta:
                raise KeyReused
            return known
        _version_at(agreement, at)
        fewest = _fewest_seats_from(agreement, at)
        if delta == 0 or fewest + delta < 0:
            raise SeatsBelowZero(seats=fewest)
        return SeatChange.objects.create(
            subscription=agreement, delta=delta, at=at, by=by.id, key=key or new_id("seat")
        )


def _fewest_seats_from(agreement: Subscription, at: datetime) -> int:
    """Return the lowest number held at `at` or later, movements already agreed for later included."""
    held = lowest = seats_at(agreement, at)
    for later in agreement.seat_changes.filter(at__gt=at).order_by("at", "pk"):
        held += later.delta
        lowest = min(lowest, held)
    return lowest


def _version_at(agreement: Subscription, at: datetime) -> PlanVersion:
    phase = phase_at(agreement, at) if within(agreement, at) else None
    if phase is None:
        raise NotLive(subscription=agreement.public_id)
    return phase.plan_version
