"""Row locks and constraint names that the writes of this app share.

The customer's row is locked first by every write on its agreements, so two of them queue: an
exclusion constraint alone would let two inserts wait for each other until PostgreSQL ends one.
"""

from django.db import IntegrityError

from subscriptions.models import Customer, Subscription


def lock_customer(customer_id: int) -> Customer:
    """Return the customer, locked until the transaction ends."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def lock_subscription(subscription: Subscription) -> Subscription:
    """Return a fresh copy of an agreement, its customer locked first."""
    customer = lock_customer(subscription.customer_id)
    fresh = Subscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
    fresh.customer = customer
    return fresh


def broken_constraint(error: IntegrityError) -> str:
    """Return the name of the constraint that the database refused to break."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""
