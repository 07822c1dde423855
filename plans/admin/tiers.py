"""SLA tiers and support tiers."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.admin_base import action, display
from plans.admin.named import NamedAdmin
from plans.admin.sla_form import SlaForm
from plans.admin.support_form import SupportForm
from plans.models import SlaTier, SupportTier
from plans.promise_words import channel_name
from plans.templatetags.figures import quantity


@admin.register(SlaTier)
class SlaTierAdmin(NamedAdmin):
    """Availability promised. Edits reach drafts only: a promise already sold does not move."""

    form = SlaForm
    actions_detail = ("changes",)
    list_display = ("code", "shown_name", "promised", "window")
    list_filter = ("window",)
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"))}),
        (
            _("Promise"),
            {
                "fields": (
                    ("target", "window"),
                    ("outage_minutes", "outage_partial"),
                    "excluded",
                    ("notice_hours", "surge_above"),
                    "wait_days",
                )
            },
        ),
        (
            _("What is given, and how"),
            {
                "fields": (
                    ("form_word", "claim_days"),
                    ("smallest_word", "smallest_amount"),
                    ("voucher_days", "voucher_tags"),
                    ("pack_pool", "pack_days"),
                )
            },
        ),
        (_("Credit and charges"), {"fields": ("document",)}),
    )

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the tier's history."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["sla", object_id]))

    @display(description=_("target"), ordering="target")
    def promised(self, row: SlaTier) -> str:
        """The target in percent."""
        return f"{quantity(row.target)} %"


@admin.register(SupportTier)
class SupportTierAdmin(NamedAdmin):
    """Response promised. Edits reach drafts only."""

    form = SupportForm
    actions_detail = ("changes",)
    list_display = ("code", "shown_name", "hours", "channel_names")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"))}),
        (
            _("Promise"),
            {
                "fields": (
                    "answers",
                    ("channel_words", "languages"),
                    ("hours", "zone"),
                    ("windows", "holidays"),
                    ("named_manager", "review"),
                )
            },
        ),
        (_("What it costs"), {"fields": ("document",)}),
    )

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the tier's history."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["support", object_id]))

    @display(description=_("channels"))
    def channel_names(self, row: SupportTier) -> str:
        """The channels in a line."""
        return ", ".join(channel_name(str(channel)) for channel in row.channels) or "–"
