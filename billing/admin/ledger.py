"""The books: transactions, payments, cards, to read."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import priced
from billing.models import (
    LedgerEntry,
    LedgerTransaction,
    Payment,
    PaymentMethod,
)
from config.admin_base import CheapPaginator, ReadOnlyAdmin, ReadOnlyInline, change_link, display
from plans.admin.people import PeopleColumns, person_column


class EntryInline(ReadOnlyInline):
    """The sides of a transaction."""

    model = LedgerEntry
    fields = ("account", "debit", "credit")
    readonly_fields = ("debit", "credit")

    @display(description=_("debit"))
    def debit(self, row: LedgerEntry) -> str:
        """Positive amounts."""
        return priced(row.amount, row.currency) if row.amount > 0 else ""

    @display(description=_("credit"))
    def credit(self, row: LedgerEntry) -> str:
        """Negative amounts, without their sign."""
        return priced(-row.amount, row.currency) if row.amount < 0 else ""


@admin.register(LedgerTransaction)
class TransactionAdmin(PeopleColumns, ReadOnlyAdmin):
    """Facts in money; every one balances."""

    who = person_column("by", _("by"))
    list_display = ("at", "kind", "customer_link", "sum", "business_key", "who")
    list_filter = ("kind", "currency", ("customer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("customer",)
    search_fields = ("business_key", "customer__name")
    ordering = ("-id",)
    date_hierarchy = "at"
    paginator = CheapPaginator
    inlines = (EntryInline,)
    fieldsets = (
        (None, {"fields": (("kind", "sum"), ("customer_link", "business_key"), ("at", "who", "created_at"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerTransaction]:
        """Fetch the entries of all rows in one query."""
        rows: QuerySet[LedgerTransaction] = super().get_queryset(request)
        return rows.prefetch_related("entries")

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: LedgerTransaction) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("amount"))
    def sum(self, row: LedgerTransaction) -> str:
        """What moved: the debits."""
        return priced(sum(e.amount for e in row.entries.all() if e.amount > 0), row.currency)


@admin.register(Payment)
class PaymentAdmin(PeopleColumns, ReadOnlyAdmin):
    """Money that came in."""

    who = person_column("by", _("by"))
    list_display = ("paid_at", "customer_link", "invoice", "money", "provider", "provider_id", "who")
    list_filter = ("provider", "currency", ("customer", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("customer", "invoice")
    search_fields = ("provider_id", "invoice__number", "customer__name")
    date_hierarchy = "paid_at"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("money", "provider", "provider_id"),
                    ("customer_link", "invoice"),
                    ("paid_at", "who", "created_at"),
                )
            },
        ),
    )

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Payment) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("amount"), ordering="amount")
    def money(self, row: Payment) -> str:
        """The amount with its currency."""
        return priced(row.amount, row.currency)


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ReadOnlyAdmin):
    """Cards, as much of them as a person needs to recognise one."""

    list_display = ("customer", "brand", "last4", "expires", "is_default", "created_at")
    list_filter = ("brand", "is_default")
    list_select_related = ("customer",)
    search_fields = ("customer__name", "stripe_id", "last4")
    fieldsets = (
        (None, {"fields": ("customer", ("brand", "last4", "expires"), ("stripe_id", "is_default"))}),
    )

    @display(description=_("expires"))
    def expires(self, row: PaymentMethod) -> str:
        """Month and year."""
        return f"{row.exp_month:02d}/{row.exp_year}"
