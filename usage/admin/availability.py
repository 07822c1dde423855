"""Availability as it was measured; revisions add, never replace."""

from decimal import Decimal

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from config.admin_base import ReadOnlyAdmin, display
from plans.admin.people import PeopleColumns, person_column
from plans.templatetags.figures import quantity
from plans.templatetags.figures import span as shown_days
from usage.models import AvailabilityReport

PLACES = Decimal("0.0001")


@admin.register(AvailabilityReport)
class AvailabilityAdmin(PeopleColumns, ReadOnlyAdmin):
    """Good of total, per app, region and window."""

    who = person_column("by", _("by"))
    list_display = ("days", "app", "region", "share", "counted", "revision", "reported_at", "who")
    list_filter = (("app", admin.RelatedOnlyFieldListFilter), "region", "unit")
    list_select_related = ("app__customer",)
    ordering = ("-id",)
    search_fields = ("app__code", "app__name", "app__customer__name")
    date_hierarchy = "reported_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("app", "region", "days"),
                    ("share", "counted"),
                    ("revision", "reported_at", "who"),
                    "failed",
                    "content_hash",
                )
            },
        ),
    )

    @display(description=_("window"), ordering="window")
    def days(self, row: AvailabilityReport) -> str:
        """The window in the customer's zone."""
        return shown_days(row.window, row.app.customer.billing_zone)

    @display(description=_("availability"))
    def share(self, row: AvailabilityReport) -> str:
        """Good of total in percent, cut (never rounded up) to four places for the eye."""
        return f"{quantity(row.good * 100 / row.total // PLACES * PLACES)} %"

    @display(description=_("good of total"))
    def counted(self, row: AvailabilityReport) -> str:
        """Both figures with their unit."""
        return f"{quantity(row.good)} / {quantity(row.total)} {row.get_unit_display()}"
