"""Excluded windows: added, never replaced; the highest revision of a reference is current."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from plans.actor import Actor
from subscriptions.models import App, Customer
from usage.errors import ExclusionConflict
from usage.locks import lock_exclusions
from usage.models import ExcludedWindow
from usage.parsing_exclusions import Exclusion
from usage.parsing_values import Refused

AHEAD = timedelta(days=366)  # maintenance is announced before it happens


@transaction.atomic
def state_exclusion(given: Exclusion, *, at: datetime, by: Actor) -> tuple[ExcludedWindow, bool]:
    """Store a statement and return it with True; a repeat of the same returns the stored one with False.

    Raises Refused (a field) or ExclusionConflict (same revision, another statement).
    """
    if given.span.end > at + AHEAD:
        raise Refused("in_future", "end", (at + AHEAD).isoformat())
    if given.notice_at is not None and given.notice_at > at:
        raise Refused("in_future", "notice_at", at.isoformat())
    app, customer = _app(given.app), _customer(given.customer)
    lock_exclusions()
    if same := ExcludedWindow.objects.filter(reference=given.reference, revision=given.revision).first():
        if same.content_hash != given.content_hash:
            raise ExclusionConflict(reference=given.reference, revision=given.revision)
        return same, False
    return _store(given, app, customer, at=at, by=by), True


def next_revision(reference: str) -> int:
    """Return the revision after the last one of a reference."""
    last = ExcludedWindow.objects.filter(reference=reference).aggregate(last=Max("revision"))["last"]
    return (last or 0) + 1


def _app(code: str) -> App | None:
    found = App.objects.filter(code=code).first() if code else None
    if code and found is None:
        raise Refused("no_such_app", "app")
    return found


def _customer(public_id: str) -> Customer | None:
    found = Customer.objects.filter(public_id=public_id).first() if public_id else None
    if public_id and found is None:
        raise Refused("no_such_customer", "customer")
    return found


def _store(
    given: Exclusion, app: App | None, customer: Customer | None, *, at: datetime, by: Actor
) -> ExcludedWindow:
    return ExcludedWindow.objects.create(
        reference=given.reference,
        revision=given.revision,
        app=app,
        customer=customer,
        region=given.region,
        span=(given.span.start, given.span.end),
        kind=given.kind,
        notice_at=given.notice_at,
        peak_share=given.peak_share,
        reason=given.reason,
        evidence=given.evidence,
        withdrawn=given.withdrawn,
        content_hash=given.content_hash,
        stated_at=at,
        by=by.id,
    )
