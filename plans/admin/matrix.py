"""Modules, tiers and features by plan; a tick changes the plan's draft."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import page, site_page
from plans.admin.acting import acting
from plans.errors import DomainError
from plans.models import Plan
from plans.selectors_matrix import matrix
from plans.services_offers import offer_part, withdraw_part

TITLES = {
    "modules": _("Feature modules"),
    "sla_tiers": _("SLA tiers"),
    "support_tiers": _("Support tiers"),
    "features": _("Features"),
}
ACTS = {"offer": offer_part, "withdraw": withdraw_part}


@site_page("plans/matrix/", "plans_matrix")
def plan_matrix(request: HttpRequest) -> HttpResponse:
    """Show what each plan offers, on sale and in its draft; a POST changes one draft."""
    if not request.user.has_perms(["plans.view_plan", "plans.view_planversion"]):
        raise PermissionDenied
    may_change = request.user.has_perm("plans.change_planversion")
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        return _changed(request)
    found = matrix(acting(request)["at"])
    sections = [(TITLES[name], name != "features", rows) for name, rows in found.sections.items() if rows]
    context = {"columns": found.columns, "sections": sections, "may_change": may_change}
    title = gettext("What each plan offers")
    return page(request, "admin/plan_matrix.html", title, context, model=Plan)


def _changed(request: HttpRequest) -> HttpResponse:
    """Do what the pressed tick says and come back to it."""
    verb, _slash, rest = request.POST.get("change", "").partition("/")
    code, section, part = [*rest.split("/", 2), "", "", ""][:3]
    plan = get_object_or_404(Plan, code=code)
    act: Any = ACTS.get(verb)
    if act is None:
        messages.error(request, gettext("Nothing was changed: the request was not understood."))
    else:
        _act(request, act, plan, section, part)
    return HttpResponseRedirect(f"{reverse('admin:plans_matrix')}#{section}-{part}")


def _act(request: HttpRequest, act: Any, plan: Plan, section: str, part: str) -> None:
    try:
        draft = act(plan, section=section, code=part, **acting(request))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, gettext("%(version)s is changed. It is still a draft.") % {"version": draft}
        )
