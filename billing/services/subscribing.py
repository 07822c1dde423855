"""Subscribe: the agreement and its first invoice in one commit."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from billing.locks import lock_customers
from billing.models import Invoice
from billing.services.invoicing import issue_start
from plans.actor import Actor
from plans.history import changes
from plans.models import PlanVersion
from subscriptions import services as agreements
from subscriptions.models import App, Customer, Subscription


def subscribe(
    *,
    customer: Customer,
    version: PlanVersion,
    term: str,
    options: Mapping[str, Decimal],
    collection: str,
    at: datetime,
    by: Actor,
    seats: int = 0,
    app: App | None = None,
    key: str | None = None,
    labels: Mapping[str, str] | None = None,
    facts: Mapping[str, Decimal] | None = None,
    coupon: str = "",
    lock_until: datetime | None = None,
) -> tuple[Subscription, Invoice]:
    """Open an agreement and issue its start invoice; a repeat with the same `key` returns the first pair.

    `labels` and `facts` answer what the terms ask for; `coupon` is a code, redeemed from the first month on.
    """
    with changes(by):
        lock_customers([customer.pk])
        agreement = agreements.start(
            customer=customer, version=version, term=term, collection=collection, options=options,
            seats=seats, app=app, key=key, labels=labels, facts=facts, lock_until=lock_until, at=at, by=by,
        )  # fmt: skip
        if coupon:
            agreements.redeem_at_start(agreement, code=coupon, at=at, by=by)
        return agreement, issue_start(agreement, at=at, by=by)
