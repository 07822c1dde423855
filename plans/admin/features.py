"""Features, and modules that sell them together."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from config.admin_base import TabularInline, action, display
from plans.admin.named import NamedAdmin
from plans.admin.source import PartDocument, PartForm
from plans.models import Feature, FeatureModule, ModuleRule


@admin.register(Feature)
class FeatureAdmin(NamedAdmin):
    """One thing granted."""

    list_display = ("code", "shown_name", "type", "meter", "unit")
    list_filter = ("type",)
    list_select_related = ("meter",)
    autocomplete_fields = ("meter",)
    fieldsets = ((None, {"fields": ("code", ("name_en", "name_zh"), ("type", "unit"), "meter")}),)


class RuleInline(TabularInline):  # type: ignore[misc]
    """What the module requires or excludes."""

    model = ModuleRule
    fk_name = "module"
    fields = ("kind", "other")
    extra = 0

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the modules once for all rows."""
        if db_field.name == "other":
            kwargs["queryset"] = FeatureModule.objects.order_by("code")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class ModuleForm(PartForm):
    """Charges and grants as forms of their schema, or as text."""

    texts = {"charges": PartDocument, "grants": dict[str, str]}
    refers = {"grants": "features"}


@admin.register(FeatureModule)
class ModuleAdmin(NamedAdmin):
    """Features sold together. Edits reach drafts; published versions keep what they were published with."""

    form = ModuleForm
    actions_detail = ("changes",)
    list_display = ("code", "shown_name", "rule_count", "version_count")
    inlines = (RuleInline,)
    fieldsets = (
        (None, {"fields": ("code", ("name_en", "name_zh"), ("description_en", "description_zh"))}),
        (_("What it costs"), {"fields": ("charges",)}),
        (_("What it grants"), {"fields": ("grants",)}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """Fetch rules and versions of all rows in two queries."""
        return super().get_queryset(request).prefetch_related("rules__other", "versions")

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the module's history."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["module", object_id]))

    @display(description=_("rules"))
    def rule_count(self, row: FeatureModule) -> str:
        """The rules in words."""
        return "; ".join(f"{r.get_kind_display()} {r.other.code}" for r in row.rules.all()) or "–"

    @display(description=_("versions"))
    def version_count(self, row: FeatureModule) -> int:
        """How many plan versions offer it."""
        return len(row.versions.all())
