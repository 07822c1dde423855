"""Reads of quota warnings."""

from django.db.models import QuerySet

from plans.timespan import Period
from subscriptions.models import Subscription
from usage.models import QuotaWarning


def warnings_of(subscription: Subscription, period: Period) -> QuerySet[QuotaWarning]:
    """Return what an agreement's allowances reached in a period, by feature, the highest share first."""
    rows = QuotaWarning.objects.filter(subscription=subscription, period_start=period.start)
    return rows.select_related("feature__meter").order_by("feature__code", "-percent")


def highest_of(subscription: Subscription, period: Period) -> list[QuotaWarning]:
    """Return the highest share that each allowance reached in a period, those that stop first."""
    highest = warnings_of(subscription, period).distinct("feature__code")
    return sorted(highest, key=lambda one: not one.stops)
