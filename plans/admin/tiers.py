"""SLA tiers and support tiers."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.admin_base import action, display
from plans.admin.named import NamedAdmin
from plans.admin.source import PartDocument, PartForm, SlaDocument
from plans.models import SlaTier, SupportTier
from plans.templatetags.figures import quantity


class SlaForm(PartForm):
    """The credit and the charges as forms of their schema, or as text."""

    texts = {"document": SlaDocument}


@admin.register(SlaTier)
class SlaTierAdmin(NamedAdmin):
    """Availability promised. Edits reach drafts only: a promise already sold does not move."""

    form = SlaForm
    actions_detail = ("changes",)
    readonly_fields = ("window",)  # one kind of window so far
    list_display = ("code", "shown_name", "promised", "window")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), ("target", "window"))}),
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


class SupportForm(PartForm):
    """Channels, response times and charges as forms of their schema, or as text."""

    texts = {"channels": list[str], "response_minutes": dict[str, int], "document": PartDocument}


@admin.register(SupportTier)
class SupportTierAdmin(NamedAdmin):
    """Response promised."""

    form = SupportForm
    actions_detail = ("changes",)
    list_display = ("code", "shown_name", "hours", "channel_names")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), "hours")}),
        (_("Promise"), {"fields": (("channels", "response_minutes"),)}),
        (_("What it costs"), {"fields": ("document",)}),
    )

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the tier's history."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["support", object_id]))

    @display(description=_("channels"))
    def channel_names(self, row: SupportTier) -> str:
        """The channels in a line."""
        return ", ".join(str(channel) for channel in row.channels) or "–"
