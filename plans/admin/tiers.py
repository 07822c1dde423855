"""SLA tiers and support tiers."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from config.admin_base import display
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
    readonly_fields = ("window",)  # one kind of window so far
    list_display = ("code", "shown_name", "promised", "window")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), ("target", "window"))}),
        (_("Credit and charges"), {"fields": ("document",)}),
    )

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
    list_display = ("code", "shown_name", "hours", "channel_names")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), "hours")}),
        (_("Promise"), {"fields": (("channels", "response_minutes"),)}),
        (_("What it costs"), {"fields": ("document",)}),
    )

    @display(description=_("channels"))
    def channel_names(self, row: SupportTier) -> str:
        """The channels in a line."""
        return ", ".join(str(channel) for channel in row.channels) or "–"
