"""What customers were promised, what was measured, and the credits that follow; to read."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import TierColumn, priced
from billing.models import CreditDraw, SlaAssessment, SlaCredit
from config.admin_base import ReadOnlyAdmin, ReadOnlyInline, change_link, display
from plans.templatetags.figures import quantity
from plans.templatetags.figures import span as shown_days


class Windowed(TierColumn, ReadOnlyAdmin):
    """Rows about one window of one subscription."""

    list_select_related = ("customer", "subscription")

    @display(description=_("window"), ordering="window")
    def window_days(self, row: Any) -> str:
        """The window as days of the customer's zone."""
        return shown_days(row.window, row.customer.billing_zone)

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Any) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("subscription"))
    def subscription_link(self, row: Any) -> SafeString | str:
        """The agreement's page."""
        return change_link(row.subscription)


@admin.register(SlaAssessment)
class AssessmentAdmin(Windowed):
    """Promise against measurement."""

    list_display = (
        "window_days",
        "customer_link",
        "tier",
        "revision",
        "measured",
        "promised",
        "credit_money",
        "assessed_at",
    )
    list_filter = ("sla_code", "currency", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = ("customer__name", "subscription__public_id")
    date_hierarchy = "assessed_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("customer_link", "subscription_link"),
                    ("tier", "window_days", "revision"),
                    ("measured", "promised"),
                    ("fee_money", "credit_money"),
                    ("assessed_at", "inputs_hash", "terms_hash"),
                )
            },
        ),
        (_("Per app and region"), {"fields": ("parts",)}),
    )

    @display(description=_("measured"), ordering="availability")
    def measured(self, row: SlaAssessment) -> SafeString:
        """The worst availability, red when below the target."""
        colour = "text-red-600" if row.availability < row.target else ""
        return format_html('<span class="{}">{} %</span>', colour, quantity(row.availability))

    @display(description=_("promised"))
    def promised(self, row: SlaAssessment) -> str:
        """The target."""
        return f"{quantity(row.target)} %"

    @display(description=_("fee of the window"))
    def fee_money(self, row: SlaAssessment) -> str:
        """What was charged for the window."""
        return priced(row.fee, row.currency)

    @display(description=_("credit earned"), ordering="amount")
    def credit_money(self, row: SlaAssessment) -> str:
        """What the breach earns."""
        return priced(row.amount, row.currency)


class DrawInline(ReadOnlyInline):
    """Where a credit went."""

    model = CreditDraw
    fields = ("invoice", "drawn")
    readonly_fields = ("invoice", "drawn")

    def get_queryset(self, request: HttpRequest) -> QuerySet[CreditDraw]:
        """Fetch the invoices with the draws."""
        rows: QuerySet[CreditDraw] = super().get_queryset(request)
        return rows.select_related("credit", "line__invoice")

    @display(description=_("invoice"))
    def invoice(self, row: CreditDraw) -> SafeString | str:
        """The invoice that the credit lowered."""
        return change_link(row.line.invoice) if row.line else "–"

    @display(description=_("amount"))
    def drawn(self, row: CreditDraw) -> str:
        """The amount with its currency."""
        return priced(row.amount, row.credit.currency)


@admin.register(SlaCredit)
class CreditAdmin(Windowed):
    """Credits earned, and what was drawn of them."""

    list_display = ("window_days", "customer_link", "tier", "revision", "earned", "left", "earned_at")
    list_filter = ("sla_code", "currency", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = ("customer__name", "subscription__public_id")
    date_hierarchy = "earned_at"
    inlines = (DrawInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("customer_link", "subscription_link"),
                    ("tier", "window_days", "revision"),
                    ("earned", "left", "earned_at"),
                    "judged",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlaCredit]:
        """Fetch the draws of all rows in one query."""
        rows: QuerySet[SlaCredit] = super().get_queryset(request)
        return rows.prefetch_related("draws")

    @display(description=_("assessment"))
    def judged(self, row: SlaCredit) -> SafeString | str:
        """The judgement it follows from."""
        return change_link(row.assessment)

    @display(description=_("earned"), ordering="amount")
    def earned(self, row: SlaCredit) -> str:
        """The amount with its currency; negative takes back."""
        return priced(row.amount, row.currency)

    @display(description=_("not drawn yet"))
    def left(self, row: SlaCredit) -> str:
        """What later invoices may still be lowered by."""
        return priced(row.amount - sum(draw.amount for draw in row.draws.all()), row.currency)
