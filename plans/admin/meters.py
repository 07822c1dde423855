"""Meters: what is counted, and from which events."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import UnchangedRowForm
from plans.admin.named import NamedAdmin
from plans.models import Meter, PlanVersion
from plans.models.meters import MeterKind, MeterSource
from plans.models.plans import VersionState
from plans.problems import TEXTS

COUNTED = (
    "kind",
    "source",
    "event_type",
    "value_property",
    "unique_property",
    "dimensions",
    "unit",
)


class MeterForm(UnchangedRowForm):
    """Checks what concerns two fields."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse distinct users by the day, as the catalogue does."""
        cleaned = super().clean() or self.cleaned_data
        kind, source = cleaned.get("kind"), cleaned.get("source")
        if kind == MeterKind.UNIQUE and source == MeterSource.DAILY_REPORTS:
            self.add_error("source", gettext(TEXTS["users_by_day"]) % {"code": cleaned.get("code", "")})
        return cleaned


@admin.register(Meter)
class MeterAdmin(NamedAdmin):
    """How a meter counts is fixed once a published version charges by it."""

    form = MeterForm
    list_display = ("code", "shown_name", "kind", "source", "event_type", "unit")
    list_filter = ("kind", "source")
    search_fields = ("code", "name_en", "name_zh", "event_type")
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"))}),
        (_("Counting"), {"fields": (("kind", "unit"), ("source", "event_type"))}),
        (_("Properties of an event"), {"fields": (("value_property", "unique_property"), "dimensions")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Meter | None = None) -> tuple[Any, ...]:
        """Fix what invoices already depend on."""
        fixed = super().get_readonly_fields(request, obj)
        return (*fixed, *COUNTED) if obj is not None and is_charged(obj) else fixed


def is_charged(meter: Meter) -> bool:
    """Return whether a published version names the meter, or figures of it are there."""
    sold = PlanVersion.objects.exclude(state=VersionState.DRAFT)
    return meter.is_counted or sold.filter(terms__meters__has_key=meter.code).exists()
