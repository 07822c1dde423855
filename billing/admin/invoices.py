"""Invoices, to read: lines with the reason of each amount, payments, operations at Stripe."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin.shown import LeaseColumns, charged, priced, tree
from billing.admin.stripe import hosted_link
from billing.explain import headline_of, names_for, sentences
from billing.explain_tree import Names
from billing.models import (
    Invoice,
    InvoiceLine,
    InvoiceStatus,
    Payment,
    PaymentAttempt,
    StripeLink,
    StripeOperation,
)
from billing.services.payments import record_offline
from config.admin_base import (
    Confirmation,
    ReadOnlyAdmin,
    ReadOnlyInline,
    StaffForm,
    action,
    change_link,
    confirmed,
    display,
    labelled,
)
from plans.admin.acting import by
from plans.admin.people import PeopleColumns, person, person_column
from plans.clock import now
from plans.errors import DomainError
from plans.templatetags.figures import moment, quantity
from plans.templatetags.figures import span as shown_days
from subscriptions.models.agreements import Collection

STATUS_COLOURS = {
    "draft": "default",
    "open": "info",
    "overdue": "warning",
    "paid": "success",
    "void": "default",
    "uncollectible": "danger",
}


UNPAID = (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)


class TransferForm(StaffForm):
    """What the bank statement says."""

    reference = forms.CharField(
        label=_("bank reference"),
        max_length=120,
        help_text=_("As on the statement. The same reference is never recorded twice."),
    )
    paid_at = forms.DateTimeField(
        label=_("arrived at (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: now."),
    )

    def clean_paid_at(self) -> datetime | None:
        """Refuse money of the future."""
        at: datetime | None = self.cleaned_data["paid_at"]
        if at is not None and at > now():
            raise forms.ValidationError(gettext("The date lies in the future."))
        return at


class LineInline(ReadOnlyInline):
    """The items, in the order of the document."""

    model = InvoiceLine
    fk_name = "invoice"
    fields = ("what", "days", "used", "exact", "money")
    readonly_fields = fields
    ordering = ("position",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[InvoiceLine]:
        """Fetch the invoice and the zone with the lines."""
        rows: QuerySet[InvoiceLine] = super().get_queryset(request)
        return rows.select_related("invoice", "customer")

    def names_of(self, row: InvoiceLine) -> Names:
        """Return the names that the invoice's lines refer to; an inline lives for one request."""
        if not hasattr(self, "_names"):
            self._names = names_for(row.invoice)
        return self._names

    @display(description=_("item"))
    def what(self, row: InvoiceLine) -> SafeString:
        """The sentence of the document, and its amount as arithmetic."""
        said = dict.fromkeys([row.description_text, headline_of(row, self.names_of(row))])
        head = format_html(
            "<b>{}</b>{}", row.label_text, format_html_join("", "<br>{}", zip(said, strict=True))
        )
        why = gettext("How it comes about")
        steps = '{}<details class="rc-details"><summary>{}</summary>{}</details>'
        return format_html(steps, head, why, tree(sentences(row, self.names_of(row))))

    @display(description=_("service period"))
    def days(self, row: InvoiceLine) -> str:
        """The days it is for, in the customer's zone."""
        return shown_days(row.span, row.customer.billing_zone)

    @display(description=_("quantity charged"))
    def used(self, row: InvoiceLine) -> str:
        """The quantity with its unit, and what was used where an allowance left less."""
        return charged(row)

    @display(description=_("before rounding"))
    def exact(self, row: InvoiceLine) -> str:
        """The exact amount."""
        return f"{row.invoice.currency} {quantity(row.exact_amount)}"

    @display(description=_("amount"))
    def money(self, row: InvoiceLine) -> str:
        """The amount with its currency."""
        return priced(row.amount, row.invoice.currency)


class PaymentInline(PeopleColumns, ReadOnlyInline):
    """Money that came in for it."""

    model = Payment
    who = person_column("by", _("by"))
    fields = ("paid_at", "provider", "provider_id", "money", "who")
    readonly_fields = ("money",)

    @display(description=_("amount"))
    def money(self, row: Payment) -> str:
        """The amount with its currency."""
        return priced(row.amount, row.currency)


class AttemptInline(ReadOnlyInline):
    """Tries to collect that failed."""

    model = PaymentAttempt
    fields = ("at", "number", "outcome", "code", "message")


class OperationInline(LeaseColumns, ReadOnlyInline):
    """What was asked of Stripe for it."""

    model = StripeOperation
    fields = ("kind", "state", "generation", "sent_at", "stripe_id", "error")
    show_change_link = True
    ordering = ("id",)


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    """The invoice desk. An issued invoice is never edited; another document corrects it."""

    list_display = (
        *("__str__", "customer_link", "kind", "status_label"),
        *("money", "collection", "issued", "due"),
    )
    list_filter = (
        *("status", "kind", "collection", "currency"),
        ("customer", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("customer", "subscription")
    search_fields = ("number", "public_id", "customer__name", "customer__public_id")
    date_hierarchy = "issued_at"
    inlines = (LineInline, PaymentInline, AttemptInline, OperationInline)
    actions_detail = ("mark_paid",)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("number", "status_label", "money"),
                    ("customer", "subscription"),
                    ("kind", "collection", "hosted"),
                    ("service", "issued", "due", "paid"),
                    ("subtotal_money", "zone", "public_id"),
                    ("maker", "content_hash"),
                )
            },
        ),
    )

    @display(description=_("created by"))
    def maker(self, row: Invoice) -> str:
        """Who asked for it."""
        return person(row.created_by)

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: Invoice) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @labelled(description=_("status"), ordering="status", colours=STATUS_COLOURS)
    def status_label(self, row: Invoice) -> tuple[str, str]:
        """Stripe's word, or overdue."""
        if row.is_overdue(now()):
            return "overdue", gettext("overdue")
        return row.status, row.get_status_display()

    @display(description=_("total"), ordering="total")
    def money(self, row: Invoice) -> str:
        """The total with its currency."""
        return priced(row.total, row.currency)

    @display(description=_("before credits"))
    def subtotal_money(self, row: Invoice) -> str:
        """The rated lines, tax included."""
        return priced(row.subtotal, row.currency)

    @display(description=_("issued at"), ordering="issued_at")
    def issued(self, row: Invoice) -> str:
        """When it was issued, in the customer's zone."""
        return moment(row.issued_at, row.customer.billing_zone)

    @display(description=_("due at"), ordering="due_at")
    def due(self, row: Invoice) -> str:
        """When it is to be paid, in the customer's zone."""
        return moment(row.due_at, row.customer.billing_zone)

    @display(description=_("paid at"), ordering="paid_at")
    def paid(self, row: Invoice) -> str:
        """When the money came, in the customer's zone."""
        return moment(row.paid_at, row.customer.billing_zone)

    @display(description=_("service period"))
    def service(self, row: Invoice) -> str:
        """From the first to the last day it covers."""
        return shown_days(row.span, row.customer.billing_zone)

    @display(description=_("billing zone"))
    def zone(self, row: Invoice) -> str:
        """The zone of all days on this page."""
        return row.customer.billing_zone

    @display(description=_("hosted page"))
    def hosted(self, row: Invoice) -> SafeString | str:
        """The page at Stripe that the customer pays on."""
        link = StripeLink.objects.filter(kind=StripeLink.Kind.INVOICE, local_id=row.pk).first()
        return hosted_link(link.url if link else None)

    def has_pay_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Recording money needs the right to add payments."""
        return request.user.has_perm("billing.add_payment")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer the payment of open invoices that are paid by bank transfer."""
        open_offline = Invoice.objects.filter(
            pk=object_id, collection=Collection.OFFLINE, status__in=UNPAID
        ).exists()
        return super().get_actions_detail(request, object_id) if open_offline else []

    @action(description=_("Mark as paid…"), icon="account_balance", permissions=["pay"])
    def mark_paid(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Record the bank transfer of an offline invoice."""
        invoice = get_object_or_404(Invoice.objects.select_related("customer"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            paid = record_offline(
                invoice,
                reference=asked["reference"],
                amount=invoice.total,
                paid_at=asked["paid_at"] or now(),
                by=by(request),
            )
            return gettext("%(invoice)s is paid: %(amount)s, reference %(reference)s.") % {
                "invoice": invoice,
                "amount": priced(paid.amount, paid.currency),
                "reference": paid.provider_id,
            }

        text = gettext(
            "Confirm that %(amount)s of %(customer)s has arrived in the bank account. An invoice is paid "
            "whole or not at all. This cannot be undone; a refund is a document of its own."
        ) % {"amount": priced(invoice.total, invoice.currency), "customer": invoice.customer.name}
        asks = Confirmation(
            gettext("Mark %(invoice)s as paid") % {"invoice": invoice},
            text,
            gettext("Record the payment"),
            TransferForm,
        )
        return confirmed(request, invoice, asks, act, refused=DomainError)
