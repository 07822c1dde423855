"""Price locks: until when an agreement keeps its version, whatever is published."""

from datetime import datetime

from plans.actor import Actor
from plans.history import changes
from subscriptions.errors import NotLive
from subscriptions.errors_agreed import LockPast
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.models.agreements import Term
from subscriptions.selectors import phase_at, term_period, within
from subscriptions.services.rows import lock_subscription


def first_lock(agreement: Subscription, wanted: datetime | None, *, at: datetime) -> datetime | None:
    """Return the lock of a new agreement: at least its first term when annual; LockPast for a past one."""
    if wanted is not None and wanted <= at:
        raise LockPast
    if agreement.term != Term.ANNUAL:
        return wanted
    held = term_period(agreement, agreement.span.lower).end
    return held if wanted is None else max(wanted, held)


def lock_price(
    subscription: Subscription, *, until: datetime | None, at: datetime, by: Actor
) -> SubscriptionPhase:
    """Hold the version in force until a date, or lift the lock (None); a repeat changes nothing."""
    with changes(by):
        agreement = lock_subscription(subscription)
        phase = phase_at(agreement, at) if within(agreement, at) else None
        if phase is None:
            raise NotLive(subscription=agreement.public_id)
        if until is not None and until <= at:
            raise LockPast
        if phase.price_lock_until != until:
            phase.price_lock_until = until
            phase.save(update_fields=["price_lock_until"])
    return phase
