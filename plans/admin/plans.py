"""Plans, with the list of their versions."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import (
    Confirmation,
    ReadOnlyInline,
    action,
    change_link,
    change_url,
    confirmed,
    display,
    labelled,
)
from plans.admin.acting import by
from plans.admin.named import NamedAdmin
from plans.admin.people import called, email_of
from plans.admin.states import STATE_COLOURS, stated
from plans.errors import DomainError
from plans.models import Plan, PlanVersion
from plans.services import new_draft


class VersionInline(ReadOnlyInline):
    """The plan's editions, newest first; each is edited on its own page."""

    model = PlanVersion
    fields = ("edition", "state_label", "effective_at", "publisher", "comment")
    readonly_fields = ("edition", "state_label", "publisher")
    verbose_name_plural = _("versions")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanVersion]:
        """Fetch the plan with its versions, the big documents left out."""
        rows: QuerySet[PlanVersion] = super().get_queryset(request)
        rows = rows.annotate(publisher_email=email_of("published_by"))
        return rows.select_related("plan").defer("source", "terms", "entitlements").order_by("-number")

    @display(description=_("version"))
    def edition(self, row: PlanVersion) -> SafeString | str:
        """The version's page."""
        return change_link(row)

    @display(description=_("published by"))
    def publisher(self, row: PlanVersion) -> str:
        """The person's address, or the program."""
        return called(row, "published_by", "publisher_email")

    @labelled(description=_("state"), colours=STATE_COLOURS)
    def state_label(self, row: PlanVersion) -> tuple[str, str]:
        """The stored state; dates decide what is on sale."""
        return stated(row)


@admin.register(Plan)
class PlanAdmin(NamedAdmin):
    """A product. What it costs stands in its versions."""

    list_display = ("code", "shown_name", "audience", "family", "rank", "version_count")
    list_filter = ("audience", "family")
    ordering = ("rank", "code")
    inlines = (VersionInline,)
    actions_detail = ("new_version", "compare", "changes")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "code",
                    ("name_en", "name_zh"),
                    ("description_en", "description_zh"),
                    ("audience", "family", "rank"),
                )
            },
        ),
    )

    def get_inlines(self, request: HttpRequest, obj: Plan | None) -> tuple[type[ReadOnlyInline], ...]:
        """Show versions once there is a plan."""
        return self.inlines if obj else ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Plan]:
        """Fetch the version numbers of all rows in one query."""
        rows: QuerySet[Plan] = super().get_queryset(request)
        return rows.prefetch_related("versions")

    @display(description=_("versions"))
    def version_count(self, row: Plan) -> Any:
        """How many editions there are."""
        return len(row.versions.all())

    @action(description=_("Compare versions"), icon="difference", permissions=["view"])
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that compares two of them in words."""
        return HttpResponseRedirect(reverse("admin:plans_compare", args=[object_id]))

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the history of the plan and its versions."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["plan", object_id]))

    @action(description=_("New version"), icon="add", permissions=["change"])
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make the next draft, with the text of the latest version."""
        plan = get_object_or_404(Plan, pk=object_id)
        latest = plan.versions.order_by("-number").first()
        if request.method == "POST":
            made = new_draft(plan, clone=latest, by=by(request))
            messages.success(request, gettext("%(version)s is a draft.") % {"version": made})
            return HttpResponseRedirect(change_url(made))
        text = gettext("A draft is made. It starts with the text of the latest version, if there is one.")
        asks = Confirmation(gettext("New version"), text, gettext("Make the draft"))
        return confirmed(request, plan, asks, lambda asked: "", refused=DomainError)
