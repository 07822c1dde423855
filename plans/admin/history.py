"""The history of plans, versions, modules and tiers: when, who, what in words, and why."""

from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext

from config.admin_base import change_url, page, site_page
from plans.admin.people import people
from plans.models import Plan, PlanVersion
from plans.selectors_history import (
    TRACKED,
    Source,
    Words,
    entries,
    part_history,
    places,
    plan_history,
    version_history,
)
from plans.selectors_words import naming
from plans.templatetags.figures import language_tag, moment

PER_PAGE = 25


@site_page("plans/changes/<slug:kind>/<int:pk>/", "plans_changes")
def changes(request: HttpRequest, kind: str, pk: int) -> HttpResponse:
    """Show what became of one row, newest first."""
    model = PlanVersion if kind == "version" else TRACKED.get(kind)
    if model is None:
        raise Http404
    if not request.user.has_perm(f"plans.view_{model._meta.model_name}"):
        raise PermissionDenied
    row = get_object_or_404(model, pk=pk)
    sources = _sources(row)
    cut = Paginator(places(sources), PER_PAGE).get_page(request.GET.get("page"))
    found = entries(sources, list(cut.object_list), Words(naming(language_tag()), moment))
    persons = people(one.actor for one in found)
    context = {
        "original": row,
        "back": change_url(row),
        "page": cut,
        "entries": [(one, persons[one.actor]) for one in found],
    }
    title = gettext("Changes of %(row)s") % {"row": row}
    return page(request, "admin/plan_changes.html", title, context, model=model)


def _sources(row: Model) -> Sequence[Source]:
    if isinstance(row, Plan):
        return plan_history(row)
    return version_history(row) if isinstance(row, PlanVersion) else part_history(row)  # type: ignore[arg-type]
