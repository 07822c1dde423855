"""Quota warnings: which allowance reached which share of its limit, and when that was noticed."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from config.admin_base import CheapPaginator, ReadOnlyAdmin, display, labelled
from plans.templatetags.figures import quantity
from plans.templatetags.figures import span as shown_days
from plans.timespan import Period
from usage.models import QuotaWarning


@admin.register(QuotaWarning)
class QuotaWarningAdmin(ReadOnlyAdmin):
    """Once per agreement, feature, period and share; a new period begins anew."""

    list_display = ("customer", "subscription", "feature", "share", "used_of", "days", "at")
    list_filter = ("percent", "stops", "feature")
    list_select_related = ("customer", "subscription", "feature__meter")
    search_fields = ("customer__name", "subscription__public_id")
    ordering = ("-at", "-id")
    paginator = CheapPaginator
    fields = (
        ("customer", "subscription", "feature"),
        ("share", "used_of"),
        ("days", "at"),
    )

    @labelled(
        description=_("percent of the limit"),
        ordering="percent",
        colours={"warning": "warning", "stop": "danger"},
    )
    def share(self, row: QuotaWarning) -> tuple[str, str]:
        """The share, red where usage stops."""
        return ("stop" if row.stops else "warning"), f"{row.percent} %"

    @display(description=_("period"), ordering="period_start")
    def days(self, row: QuotaWarning) -> str:
        """The period in the customer's zone."""
        return shown_days(Period(row.period_start, row.period_end), row.customer.billing_zone)

    @display(description=_("used of the limit"), ordering="used")
    def used_of(self, row: QuotaWarning) -> str:
        """What was used when it was noticed, and the limit then."""
        return f"{quantity(row.used)} / {quantity(row.limit)}"
