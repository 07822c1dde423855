"""Cells that staff pick in the list of roll-ups, counted again from their events."""

from collections.abc import Sequence

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import Confirmation, StaffForm, page, posted, site_page
from plans import clock
from plans.admin.acting import by
from plans.errors import DomainError
from usage.models import UsageRollup
from usage.services import recount

MOST = 200  # an address names them
RIGHT = "usage.add_dirtycell"
LIST = "admin:usage_usagerollup_changelist"


class RecountForm(StaffForm):
    """Why."""

    reason = forms.CharField(
        label=_("reason"), max_length=200, help_text=_("It is kept with each cell that changes.")
    )


def ask_for_recount(request: HttpRequest, queryset: QuerySet[UsageRollup]) -> HttpResponse | None:
    """Go from the list to the page that asks why; too many rows stay where they are."""
    chosen = list(queryset.values_list("pk", flat=True)[: MOST + 1])
    if len(chosen) > MOST:
        text = gettext("At most %(most)d cells at once. For more, use manage.py recount_usage.")
        messages.error(request, text % {"most": MOST})
        return None
    named = ",".join(str(pk) for pk in sorted(chosen))
    return redirect(f"{reverse('admin:usage_recount')}?cells={named}")


def _chosen(request: HttpRequest) -> list[UsageRollup]:
    keys = [int(key) for key in request.GET.get("cells", "").split(",") if key.isdecimal() and len(key) < 19]
    rows = UsageRollup.objects.filter(pk__in=keys[:MOST]).select_related("app__customer", "meter")
    return list(rows.order_by("cell_start", "pk"))


def _fed_by_events(rows: Sequence[UsageRollup]) -> list[UsageRollup]:
    return [row for row in rows if row.report_id is None]


@site_page("usage/recount/", "usage_recount")
def recount_page(request: HttpRequest) -> HttpResponse:
    """Say what will happen, ask why, and mark the cells; a refusal is shown, and then nothing is marked."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    rows = _chosen(request)
    form = RecountForm(posted(request))
    if request.method == "POST" and form.is_valid() and _fed_by_events(rows):
        try:
            said = _act(request, rows, form.cleaned_data["reason"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return redirect(LIST)
    asks = _asks(rows)
    context = {"confirmation": asks, "form": form, "back": reverse(LIST)}
    return page(request, asks.template, asks.title, context, model=UsageRollup)


def _asks(rows: Sequence[UsageRollup]) -> Confirmation:
    kept = _fed_by_events(rows)
    text = gettext(
        "Within seconds the cells are counted again from the events that still count. What differs is kept "
        "under Changed cells. An issued invoice stays; the next one has the difference."
    )
    facts = [(gettext("roll-ups chosen"), len(rows))]
    if len(kept) < len(rows):
        facts.append((gettext("of these fed by reports, left as they are"), len(rows) - len(kept)))
    nothing = gettext("None of the chosen cells is made of events. Choose others.")
    return Confirmation(
        gettext("Count again from events"),
        text,
        gettext("Count again"),
        RecountForm,
        facts=facts,
        problems=() if kept else (nothing,),
    )


def _act(request: HttpRequest, rows: Sequence[UsageRollup], reason: str) -> str:
    number = recount(rows, reason=reason, at=clock.now(), by=by(request))
    said = ngettext(
        "%(number)d cell is counted again within seconds.",
        "%(number)d cells are counted again within seconds.",
        number,
    ) % {"number": number}
    LogEntry.objects.log_actions(request.user.pk or 0, _fed_by_events(rows), CHANGE, f"{said} {reason}")
    return said


class RecountMixin:
    """Offers the act in the list."""

    actions = ("recount",)

    def has_recount_permission(self, request: HttpRequest) -> bool:
        """Counting again is marking a cell."""
        return request.user.has_perm(RIGHT)

    @admin.action(description=_("Count again from events"), permissions=["recount"])
    def recount(self, request: HttpRequest, queryset: QuerySet[UsageRollup]) -> HttpResponse | None:
        """Ask why, on a page of its own."""
        return ask_for_recount(request, queryset)
