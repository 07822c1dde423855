"""Packs that customers hold: what is left, who drew, and a form to give or sell one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models import PackDraw, PackHolding
from billing.selectors_packs import with_drawn
from billing.selectors_pools import pool_ends, pools_of
from billing.services.packs import grant_pack, known_pools
from config.admin_base import (
    ReadOnlyAdmin,
    ReadOnlyInline,
    StaffForm,
    change_link,
    change_url,
    display,
    page,
    posted,
)
from plans.admin.acting import acting
from plans.admin.people import called, email_of
from plans.errors import DomainError
from plans.ids import new_id
from plans.money import exact
from plans.templatetags.figures import moment, quantity
from subscriptions.models import Customer


def _ends(rows: Sequence[PackHolding]) -> list[datetime | None]:
    """Return when each pack ends, in one query; None: never."""
    found = pool_ends(rows, pools_of({row.customer_id for row in rows}))
    return [found[row.pk] for row in rows]


def picker() -> forms.DateTimeInput:
    """Return the browser's own picker of an instant."""
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


class PackForm(StaffForm):
    """What a customer gets, and why."""

    customer = forms.ModelChoiceField(label=_("customer"), queryset=Customer.objects.order_by("name"))
    pool = forms.ChoiceField(label=_("pool"), help_text=_("What the terms of a plan draw from."))
    quantity = forms.DecimalField(
        label=_("units"), max_digits=27, decimal_places=12, help_text=_("In the units of the pool.")
    )
    bought_at = forms.DateTimeField(
        label=_("bought at (UTC)"), required=False, help_text=_("Empty: now."), widget=picker()
    )
    expires_at = forms.DateTimeField(
        label=_("expires at (UTC)"),
        required=False,
        widget=picker(),
        help_text=_("Usage from then on is not covered. Empty: as the pool of the terms has it."),
    )
    reason = forms.CharField(
        label=_("reason"), max_length=200, help_text=_("An order number, a ticket, a promise.")
    )
    key = forms.CharField(widget=forms.HiddenInput, max_length=80)  # sent twice, it is one pack

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["pool"].choices = [(pool, pool) for pool in known_pools()]  # type: ignore[attr-defined]
        self.dress_widgets()


class DrawInline(ReadOnlyInline):
    """What invoices took."""

    model = PackDraw
    fields = ("line_link", "units")
    verbose_name_plural = _("pack draws")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PackDraw]:
        """Read the invoices with the draws."""
        rows: QuerySet[PackDraw] = super().get_queryset(request)
        return rows.select_related("line__invoice").order_by("pk")

    @display(description=_("invoice"))
    def line_link(self, row: PackDraw) -> SafeString | str:
        """The invoice that drew."""
        return change_link(row.line.invoice)

    @display(description=_("units"))
    def units(self, row: PackDraw) -> str:
        """How many units it took."""
        return quantity(row.quantity)


@admin.register(PackHolding)
class PackHoldingAdmin(ReadOnlyAdmin):
    """The pack desk."""

    list_display = (
        "public_id",
        "customer_link",
        "pool",
        "units",
        "left",
        "bought_at",
        "ends",
        "reason",
    )
    list_filter = ("pool", ("customer", admin.RelatedOnlyFieldListFilter))
    search_fields = ("public_id", "customer__name", "pool", "reason")
    list_select_related = ("customer",)
    date_hierarchy = "bought_at"
    inlines = (DrawInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("public_id", "customer_link"),
                    ("pool", "units", "left"),
                    ("bought_at", "ends"),
                    "reason",
                    ("given_by", "created_at"),
                )
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Staff with the right give packs."""
        return request.user.has_perm("billing.add_packholding")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PackHolding]:
        """Read what is drawn with the packs."""
        rows = super().get_queryset(request).annotate(giver=email_of("by"))
        return with_drawn(rows.select_related("customer"))

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Work out when the packs of the page end, all at once."""
        changelist = super().get_changelist_instance(request)
        rows = changelist.result_list
        for row, end in zip(rows, _ends(rows), strict=True):
            row.known_end = end
        return changelist

    @display(description=_("expires at"), ordering="expires_at")
    def ends(self, row: PackHolding) -> str:
        """When it ends, by its own date or by its pool's rule."""
        known = row.known_end if hasattr(row, "known_end") else _ends([row])[0]
        return moment(known) if known else gettext("never")

    @display(description=_("by"), ordering="by")
    def given_by(self, row: PackHolding) -> str:
        """Who gave it."""
        return called(row, "by", "giver")

    @display(description=_("customer"), ordering="customer__name")
    def customer_link(self, row: PackHolding) -> SafeString | str:
        """The customer's page."""
        return change_link(row.customer)

    @display(description=_("units"), ordering="quantity")
    def units(self, row: PackHolding) -> str:
        """How many units it came with."""
        return quantity(row.quantity)

    @display(description=_("left"))
    def left(self, row: PackHolding) -> str:
        """How many units no invoice has drawn yet; some may have ended."""
        with exact():
            return quantity(row.quantity - row.drawn)  # type: ignore[attr-defined]  # the annotation

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Give a customer a pack."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = PackForm(posted(request), initial={"key": new_id("pack")})
        if request.method == "POST" and form.is_valid():
            try:
                pack = grant_pack(**form.cleaned_data, **acting(request))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_addition(request, pack, [{"added": {}}])
                return redirect(change_url(pack))
        return page(request, "admin/pack_add.html", gettext("Give a pack"), {"form": form}, model=PackHolding)
