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
) -> tuple[Subscription, Invoice]:
    """Open an agreement and issue its start invoice; a repeat with the same `key` returns the first pair."""
    with changes(by):
        lock_customers([customer.pk])
        agreement = agreements.start(
            customer=customer, version=version, term=term, collection=collection, options=options,
            seats=seats, app=app, key=key, at=at, by=by,
        )  # fmt: skip
        return agreement, issue_start(agreement, at=at, by=by)
