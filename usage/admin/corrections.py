"""Corrections for staff: what was voided or recounted, by whom and why, and what it did to the cells."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import CheapPaginator, ReadOnlyAdmin, display, page, site_page
from plans import clock
from plans.admin.acting import by
from plans.admin.people import PeopleColumns, person_column
from plans.templatetags.figures import day as day_in
from plans.templatetags.figures import moment
from subscriptions.models import App
from usage.models import CellChange, EventVoid
from usage.parsing_corrections import Correction, is_key
from usage.selectors_corrections import changes_of
from usage.selectors_duplicates import near_duplicates
from usage.services import CorrectionVerdict, correct

SHOWN = 100
DAYS = 7  # of one page; the command looks at more


@admin.register(EventVoid)
class EventVoidAdmin(PeopleColumns, ReadOnlyAdmin):
    """Events that no longer count."""

    who = person_column("by", _("by"))
    list_display = ("__str__", "app", "when", "reason", "replaced_by", "who", "voided_at")
    list_filter = (("app", admin.RelatedOnlyFieldListFilter),)
    list_select_related = ("app__customer",)
    search_fields = ("event_id", "source", "reason", "app__code")
    ordering = ("-id",)
    paginator = CheapPaginator
    fields = (
        ("app", "when"),
        ("source", "event_id", "event_key"),
        ("reason", "replaced_by"),
        ("who", "voided_at"),
        "effect",
    )

    @display(description=_("occurred at"), ordering="occurred_at")
    def when(self, row: EventVoid) -> str:
        """The event's time in the customer's zone."""
        return moment(row.occurred_at, row.app.customer.billing_zone)

    @display(description=_("cells before and after"))
    def effect(self, row: EventVoid) -> SafeString:
        """What folding it, together with others of the same day, did to the day's cells."""
        return _table(changes_of(row))


@admin.register(CellChange)
class CellChangeAdmin(PeopleColumns, ReadOnlyAdmin):
    """Cells that a correction or a recount changed."""

    who = person_column("by", _("by"))
    list_display = ("day", "app", "meter", "region", "why", "who", "changed_at")
    list_filter = (
        ("meter", admin.RelatedOnlyFieldListFilter),
        ("app", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("app__customer", "meter")
    ordering = ("-id",)
    paginator = CheapPaginator
    fields = (("day", "app", "meter", "region"), "effect", ("why", "who", "changed_at"))

    @display(description=_("day"), ordering="cell_start")
    def day(self, row: CellChange) -> str:
        """The day of the customer's billing zone that the cell is."""
        return day_in(row.cell_start, row.app.customer.billing_zone)

    @display(description=_("reason"), ordering="reason")
    def why(self, row: CellChange) -> str:
        """Why it was counted again; each correction has a reason of its own."""
        return row.reason or gettext("corrected events")

    @display(description=_("cells before and after"))
    def effect(self, row: CellChange) -> SafeString:
        """Both sides."""
        return _table([row])


def _table(rows: list[CellChange]) -> SafeString:
    head = format_html_join(
        "",
        "<th>{}</th>",
        ((text,) for text in (gettext("meter"), gettext("region"), gettext("before"), gettext("after"))),
    )
    body = format_html_join(
        "",
        "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
        ((row.meter.code, row.region or "–", _side(row.before), _side(row.after)) for row in rows),
    )
    return format_html(
        '<div class="rc-scroll"><table class="rc-table"><tr>{}</tr>{}</table></div>', head, body
    )


def _side(said: dict[str, Any] | None) -> str:
    if said is None:
        return "–"
    return gettext("sum %(sum)s of %(count)s events, highest %(max)s") % said


class DuplicatesForm(forms.Form):
    """Which days to look at."""

    app = forms.CharField(max_length=64, required=False)
    first = forms.DateField()


class VoidForm(forms.Form):
    """Which event of which app, and why."""

    app = forms.CharField(max_length=64)
    keys = forms.CharField(max_length=8_000)  # the first is kept
    reason = forms.CharField(max_length=200)

    def clean_keys(self) -> list[str]:
        """Return the surplus ones; what is no key has no event."""
        given = self.cleaned_data["keys"].split()[1:]
        return [key for key in given if is_key(key)]


@site_page("usage/near-duplicates/", "usage_near_duplicates")
def duplicates(request: HttpRequest) -> HttpResponse:
    """Show events that say the same under several ids, and void all but the first where staff say so."""
    if not request.user.has_perm("usage.view_eventvoid"):
        raise PermissionDenied
    if request.method == "POST":
        return _void_surplus(request)
    asked = DuplicatesForm(request.GET if "first" in request.GET else None)
    first = clock.now().date() - timedelta(days=1)
    code = ""
    if asked.is_valid():
        first, code = asked.cleaned_data["first"], asked.cleaned_data["app"]
    rows = _groups(code, first)
    context = {
        "rows": rows[:SHOWN],
        "more": len(rows) > SHOWN,
        "shown": SHOWN,
        "first": first,
        "days": DAYS,
        "app": code,
        "can_void": request.user.has_perm("usage.add_eventvoid"),
    }
    return page(request, "admin/near_duplicates.html", gettext("Near-duplicates"), context, model=EventVoid)


def _groups(code: str, first: date) -> list[Any]:
    apps = list(App.objects.filter(code=code).values_list("pk", flat=True)) if code else None
    return near_duplicates(apps, first, first + timedelta(days=DAYS - 1), limit=SHOWN + 1)


def _void_surplus(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perm("usage.add_eventvoid"):
        raise PermissionDenied
    form = VoidForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say why: the reason is kept with each correction."))
        return redirect(request.get_full_path())
    told = void_keys(
        request, form.cleaned_data["app"], form.cleaned_data["keys"], form.cleaned_data["reason"]
    )
    taken = sum(one.status == "accepted" for one in told)
    text = gettext("%(taken)d of %(all)d events no longer count; the figures follow in seconds.")
    messages.success(request, text % {"taken": taken, "all": len(told)})
    return redirect(request.get_full_path())


def void_keys(request: HttpRequest, app: str, keys: list[str], reason: str) -> list[CorrectionVerdict]:
    """Void events by their keys, as the signed-in person."""
    said = [
        Correction(n, "void", app, "", "", key.replace("-", ""), reason, None) for n, key in enumerate(keys)
    ]
    return correct(said, at=clock.now(), by=by(request), backfill=True)
