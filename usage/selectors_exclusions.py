"""Reads of excluded windows: what is said now about some apps over a period."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from plans.timespan import Period
from usage.models import ExcludedWindow


def about(app_ids: Collection[int], customer_id: int) -> Q:
    """Return the condition: about one of these apps, about the customer, or about everybody."""
    everybody = Q(app__isnull=True, customer__isnull=True)
    return Q(app__in=list(app_ids)) | Q(customer=customer_id) | everybody


def exclusions(app_ids: Collection[int], customer_id: int, period: Period) -> list[ExcludedWindow]:
    """Return the current statements over a period, earliest first; withdrawn ones are left out."""
    rows = current().filter(about(app_ids, customer_id), span__overlap=(period.start, period.end))
    return list(rows.filter(withdrawn=False).select_related("app").order_by("span", "reference"))


def current() -> QuerySet[ExcludedWindow]:
    """Return the highest revision of every reference."""
    later = ExcludedWindow.objects.filter(reference=OuterRef("reference"), revision__gt=OuterRef("revision"))
    return ExcludedWindow.objects.filter(~Exists(later))
