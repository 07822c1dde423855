"""Coupons: what they give is composed into versions; who may redeem them, and until when, is asked then."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from config.admin_base import display
from plans.admin.named import NamedAdmin
from plans.admin.source import PartDocument, PartForm
from plans.models import Coupon
from plans.templatetags.figures import moment


class CouponForm(PartForm):
    """The credit as catalogue text; the code customers type is kept in capitals."""

    texts = {"document": PartDocument}

    def clean_redeem_code(self) -> str:
        """Write it as it is looked up."""
        return str(self.cleaned_data["redeem_code"]).strip().upper()


@admin.register(Coupon)
class CouponAdmin(NamedAdmin):
    """Codes that give a credit for some months. Edits of the credit reach drafts only."""

    form = CouponForm
    list_display = ("code", "shown_name", "redeem_code", "periods", "limit", "redeemed", "ends")
    search_fields = ("code", "redeem_code", "name_en", "name_zh")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), "redeem_code")}),
        (
            _("Who may redeem it"),
            {"fields": (("valid_from", "valid_until"), ("limit", "once_per_customer"), "stacks")},
        ),
        (_("What it gives"), {"fields": ("periods", "document")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch the redemptions of all rows in one query."""
        return super().get_queryset(request).prefetch_related("redemptions")

    @display(description=_("redeemed"))
    def redeemed(self, row: Coupon) -> int:
        """How often, in all."""
        related: Any = row
        return len(related.redemptions.all())

    @display(description=_("valid until"), ordering="valid_until")
    def ends(self, row: Coupon) -> str:
        """The last instant, open where it has none."""
        return moment(row.valid_until) if row.valid_until else "–"
