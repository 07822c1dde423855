"""Cells and readings: what the figures on an invoice are made of."""

from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from config.admin_base import CheapPaginator, ReadOnlyAdmin, change_link, display
from plans.admin.people import PeopleColumns, person_column
from plans.templatetags.figures import moment, quantity, unit
from plans.templatetags.figures import span as shown_days
from plans.timespan import Period
from usage.admin.recounting import RecountMixin
from usage.models import DirtyCell, Reading, UsageRollup
from usage.models.cells import Grain


@admin.register(UsageRollup)
class RollupAdmin(RecountMixin, ReadOnlyAdmin):
    """One meter of one app in one day or hour."""

    list_display = ("cell", "app", "meter", "region", "total", "peak", "events", "revision")
    list_filter = (
        ("meter", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
        "grain",
    )
    list_select_related = ("app__customer", "meter")
    ordering = ("-id",)
    search_fields = ("app__code", "app__name", "app__customer__name")
    paginator = CheapPaginator
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("cell", "grain"),
                    ("app", "meter", "region"),
                    "report",
                    ("total", "events"),
                    ("lowest", "peak", "latest", "last_at"),
                    ("revision", "updated_at"),
                )
            },
        ),
    )

    @display(description=_("cell"), ordering="cell_start")
    def cell(self, row: UsageRollup) -> str:
        """Where the cell begins, in the customer's zone; of a reported period its days."""
        zone = row.app.customer.billing_zone
        if row.grain == Grain.PERIOD:
            return shown_days(Period(row.cell_start, row.cell_end), zone)
        return moment(row.cell_start, zone)

    @display(description=_("events"), ordering="count")
    def events(self, row: UsageRollup) -> str:
        """How many events it is made of; a report is none."""
        return "–" if row.report_id else quantity(row.count)

    @display(description=_("lowest"), ordering="min")
    def lowest(self, row: UsageRollup) -> str:
        """The lowest value."""
        return quantity(row.min)

    @display(description=_("last"), ordering="last")
    def latest(self, row: UsageRollup) -> str:
        """The latest value of a peak meter."""
        return "–" if row.last is None else quantity(row.last)

    @display(description=_("sum"), ordering="sum")
    def total(self, row: UsageRollup) -> str:
        """The sum with its unit."""
        return f"{quantity(row.sum)} {unit(row.meter.unit)}"

    @display(description=_("highest"), ordering="max")
    def peak(self, row: UsageRollup) -> str:
        """The highest value."""
        return quantity(row.max)


@admin.register(Reading)
class ReadingAdmin(ReadOnlyAdmin):
    """Frozen quantities; invoice lines refer to them."""

    list_display = ("public_id", "customer_link", "meter", "app", "region", "days", "amount", "revision")
    list_filter = (
        ("meter", admin.RelatedOnlyFieldListFilter),
        ("customer", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("customer", "subscription", "meter", "app__customer")
    ordering = ("-id",)
    search_fields = ("public_id", "customer__name", "app__code", "subscription__public_id")
    date_hierarchy = "frozen_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("public_id", "revision", "amount"),
                    ("customer", "subscription"),
                    ("meter", "app", "region"),
                    ("days", "frozen_at"),
                    "by_cell",
                )
            },
        ),
        (_("What it vouches for"), {"fields": ("manifest_hash", "manifest")}),
    )

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Reading) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("period"), ordering="period")
    def days(self, row: Reading) -> str:
        """The period in the customer's zone."""
        return shown_days(row.period, row.customer.billing_zone)

    @display(description=_("value"), ordering="value")
    def amount(self, row: Reading) -> str:
        """The value with its unit."""
        return f"{quantity(row.value)} {unit(row.meter.unit)}"

    @display(description=_("cells"))
    def by_cell(self, row: Reading) -> SafeString:
        """Each cell's share, as it was frozen."""
        body = format_html_join(
            "",
            '<tr><td>{}</td><td class="rc-number">{}</td></tr>',
            ((cell.get("start", ""), cell.get("value", "")) for cell in row.cells),
        )
        return format_html('<div class="rc-scroll"><table class="rc-table">{}</table></div>', body)


@admin.register(DirtyCell)
class DirtyCellAdmin(PeopleColumns, ReadOnlyAdmin):
    """Cells waiting to be recomputed."""

    who = person_column("by", _("by"))

    list_display = ("cell_start", "app", "meter", "reason", "who", "marked_at")
    list_filter = (("meter", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("app", "meter")
    search_fields = ("app__code", "reason")
    fieldsets = (
        (
            None,
            {"fields": (("app", "meter"), ("cell_start", "cell_end"), "reason", ("who", "marked_at"))},
        ),
    )
