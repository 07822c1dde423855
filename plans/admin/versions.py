"""Plan versions: a draft is edited by forms or as text, a published one is only looked at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import BaseAdmin, Confirmation, action, change_url, confirmed, display, labelled
from plans import services
from plans.admin.acting import acting, by
from plans.admin.form_field import DocumentWidget
from plans.admin.people import called, email_of
from plans.admin.source import VersionForm, problems_with_lines, read_only, source_text
from plans.admin.states import STATE_COLOURS, stated
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.models.plans import VersionState
from plans.templatetags.figures import moment

AREA = "id_source"  # the text area of the draft form


@admin.register(PlanVersion)
class PlanVersionAdmin(BaseAdmin):
    """The edition desk. What a version charges is frozen when it is published."""

    form = VersionForm
    list_display = ("__str__", "plan_name", "state_label", "effective_at", "publisher", "comment")
    list_filter = ("state", ("plan", admin.RelatedOnlyFieldListFilter))
    search_fields = ("plan__code", "plan__name_en", "plan__name_zh", "comment")
    list_select_related = ("plan",)
    ordering = ("plan__rank", "plan__code", "-number")
    actions_detail = ("preview", "compare", "changes", "publish", "new_version", "archive")
    deletable = True  # drafts; the database keeps the others

    class Media:
        """The script that draws the forms, for versions that are only read as well."""

        js = DocumentWidget.Media.js
        css = DocumentWidget.Media.css

    warn_unsaved_form = False  # the editor asks itself: it knows of rows that were moved

    def get_queryset(self, request: HttpRequest) -> QuerySet[PlanVersion]:
        """Leave the big documents out of lists."""
        rows: QuerySet[PlanVersion] = super().get_queryset(request)
        listed = request.resolver_match and str(request.resolver_match.url_name).endswith("_changelist")
        rows = rows.annotate(publisher_email=email_of("published_by"))
        return rows.defer("source", "terms", "entitlements") if listed else rows

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: a version is made on its plan's page, or from another version."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts only, once a row is named."""
        return bool(super().has_change_permission(request, obj)) and is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Drafts only."""
        return bool(super().has_delete_permission(request, obj)) and is_draft(obj)

    def has_act_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Acts need the change right whatever the state; the services judge the state."""
        return request.user.has_perm("plans.change_planversion")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        """Offer what the state allows."""
        state = PlanVersion.objects.filter(pk=object_id).values_list("state", flat=True).first()
        hidden = {"draft": {"archive"}, "published": {"publish"}}.get(str(state), {"publish", "archive"})
        offered = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.path not in hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: PlanVersion | None = None) -> tuple[str, ...]:
        """Everything around the text is read from services."""
        return ("plan", "number", "state_label", "publisher", "faults", "prices", "text", "sold")

    def get_fieldsets(self, request: HttpRequest, obj: PlanVersion | None = None) -> Any:
        """Show the text to edit and its faults; or what was sold, and until when."""
        head = {"fields": (("plan", "number", "state_label"),)}
        if obj is not None and self.has_change_permission(request, obj):
            faults = () if request.method == "POST" else ("faults",)  # a refused text has its own
            return [(None, head), (_("What it says"), {"fields": (*faults, "source", "comment")})]
        dates = {"fields": (("effective_at", "archived_at"), ("published_at", "publisher"), "comment")}
        sold = {"fields": ("prices", "text", "sold"), "classes": ()}
        return [(None, head), (_("On sale"), dates), (_("What it says"), sold)]

    def save_model(self, request: HttpRequest, obj: PlanVersion, form: Any, change: bool) -> None:
        """Store the text through the service and say what still keeps the draft from being published."""
        saved = services.save_source(
            obj, source=form.cleaned_data["source"], comment=form.cleaned_data["comment"], by=by(request)
        )
        left = len(problems_with_lines(saved))
        if left:
            said = ngettext(
                "Saved as a draft. %(count)s problem stands in the way of publishing it.",
                "Saved as a draft. %(count)s problems stand in the way of publishing it.",
                left,
            )
            messages.warning(request, said % {"count": left})

    @display(description=_("plan"), ordering="plan__rank")
    def plan_name(self, row: PlanVersion) -> str:
        """The product's name."""
        return row.plan.name

    @display(description=_("published by"), ordering="published_by")
    def publisher(self, row: PlanVersion) -> str:
        """The person's address, or the program."""
        return called(row, "published_by", "publisher_email")

    @labelled(description=_("state"), ordering="state", colours=STATE_COLOURS)
    def state_label(self, row: PlanVersion) -> tuple[str, str]:
        """The state; a future date makes it scheduled."""
        return stated(row)

    @display(description=_("problems"))
    def faults(self, row: PlanVersion) -> SafeString | str:
        """Everything that keeps the draft from being published; each goes to its line."""
        found = problems_with_lines(row)
        if not found:
            said = gettext("None. The draft can be published.")
            return format_html("<span data-server-faults>{}</span>", said)
        items = format_html_join("", "<li>{}{}</li>", ((jump(line), text) for line, text in found))
        return format_html('<ul class="rc-problems rc-source-problems" data-server-faults>{}</ul>', items)

    @display(description=_("terms"))
    def prices(self, row: PlanVersion) -> SafeString:
        """The forms that a draft is edited with, to read."""
        return format_html('<fieldset disabled class="rc-read">{}</fieldset>', read_only(row))

    @display(description=_("catalogue text"))
    def text(self, row: PlanVersion) -> SafeString:
        """The source as it was published."""
        shown = '<details class="rc-details"><summary>{}</summary><pre class="rc-code">{}</pre></details>'
        return format_html(shown, gettext("Show the text"), source_text(row))

    @display(description=_("fingerprint of the terms"))
    def sold(self, row: PlanVersion) -> SafeString | str:
        """The hash that invoices name."""
        return format_html("<code>sha256:{}</code>", row.terms_hash) if row.terms_hash else "–"

    @action(description=_("Price preview"), icon="calculate", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to billing's page, as a price needs the rater."""
        return HttpResponseRedirect(reverse("admin:billing_version_preview", args=[object_id]))

    @action(description=_("Compare"), icon="difference", permissions=["view"])
    def compare(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that tells what changes against another version."""
        row = get_object_or_404(PlanVersion, pk=object_id)
        return HttpResponseRedirect(reverse("admin:plans_compare", args=[row.plan_id], query={"new": row.pk}))

    @action(description=_("What changed"), icon="manage_history", permissions=["view"])
    def changes(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the version's history."""
        return HttpResponseRedirect(reverse("admin:plans_changes", args=["version", object_id]))

    @action(description=_("Publish…"), icon="publish", permissions=["act"], url_path="publish")
    def publish(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to billing's review, as it knows whom the version touches."""
        return HttpResponseRedirect(reverse("admin:billing_version_review", args=[object_id]))

    @action(description=_("New version from this"), icon="content_copy", permissions=["act"])
    def new_version(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Make a draft with the same text."""
        row = get_object_or_404(PlanVersion.objects.select_related("plan"), pk=object_id)
        if request.method == "POST":
            made = services.new_draft(row.plan, clone=row, by=by(request))
            messages.success(request, gettext("%(version)s is a draft.") % {"version": made})
            return HttpResponseRedirect(change_url(made))
        text = gettext("A draft with the text of %(version)s is made. Nobody moves to it by itself.")
        asks = Confirmation(gettext("New version"), text % {"version": row}, gettext("Make the draft"))
        return confirmed(request, row, asks, lambda asked: "", refused=DomainError)

    @action(description=_("Archive…"), icon="archive", permissions=["act"])
    def archive(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take the version off sale after a confirmation."""
        row = get_object_or_404(PlanVersion.objects.select_related("plan"), pk=object_id)

        def act(asked: dict[str, Any]) -> str:
            ended = services.archive_version(row, **acting(request))
            return gettext("%(version)s is off sale from %(at)s.") % {
                "version": ended,
                "at": moment(ended.archived_at),
            }

        text = gettext(
            "%(version)s leaves the price list at once. Who subscribes to it now keeps it with its prices, "
            "renewals included. A version that is only scheduled is withdrawn. This cannot be undone."
        )
        facts = [(gettext("Phases that refer to it"), phases_of(row))]
        asks = Confirmation(
            gettext("Archive %(version)s") % {"version": row},
            text % {"version": row},
            gettext("Archive"),
            facts=facts,
            danger=True,
        )
        return confirmed(request, row, asks, act, refused=DomainError)


def is_draft(obj: Any) -> bool:
    """Return whether the row may be edited; lists and actions name no row and may."""
    return not isinstance(obj, PlanVersion) or obj.state == VersionState.DRAFT


def phases_of(row: PlanVersion) -> int:
    """Return how many stretches of agreements are pinned to a version, ended ones included."""
    related: Any = row
    return int(related.phases.count())


def jump(line: int | None) -> SafeString | str:
    """Return a button that goes to a line of the text."""
    if line is None:
        return ""
    label = gettext("Line %(line)s") % {"line": line}
    return format_html('<button type="button" data-line="{}" data-area="{}">{}</button> ', line, AREA, label)
