"""Two versions of a plan side by side, in words."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import StaffForm, change_url, page, site_page
from plans.admin.states import stated
from plans.models import Plan, PlanVersion
from plans.selectors_words import compared, naming
from plans.templatetags.figures import language_tag


class CompareForm(StaffForm):
    """Which two."""

    old = forms.TypedChoiceField(label=_("old version"), coerce=int)
    new = forms.TypedChoiceField(label=_("new version"), coerce=int)

    def __init__(self, data: Any, *, versions: list[PlanVersion]) -> None:
        super().__init__(data)
        choices = [(one.pk, f"v{one.number} · {stated(one)[1]}") for one in versions]
        for field in self.fields.values():
            field.choices = choices  # type: ignore[attr-defined]
        self.dress_widgets()


@site_page("plans/plan/<int:pk>/compare/", "plans_compare")
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell what changes from one version to another, in sentences."""
    if not request.user.has_perm("plans.view_planversion"):
        raise PermissionDenied
    plan = get_object_or_404(Plan, pk=pk)
    versions = list(plan.versions.select_related("plan").order_by("-number"))
    context: dict[str, Any] = {"original": plan, "back": change_url(plan), "versions": versions}
    if versions:
        form = CompareForm(_asked(request, versions), versions=versions)
        context["form"] = form
        if form.is_valid():
            known = {one.pk: one for one in versions}
            sides = known[form.cleaned_data["old"]], known[form.cleaned_data["new"]]
            said = compared(*sides, naming(language_tag()))
            context |= {"old": sides[0], "new": sides[1], "told": said}
    title = gettext("Versions of %(plan)s compared") % {"plan": plan.name}
    return page(request, "admin/version_compare.html", title, context, model=Plan)


def _asked(request: HttpRequest, versions: list[PlanVersion]) -> dict[str, Any]:
    """Return the two that were asked for; else the newest and the one before it."""
    newest = int(request.GET["new"]) if request.GET.get("new", "").isdecimal() else versions[0].pk
    places = [one.pk for one in versions]
    place = places.index(newest) if newest in places else 0
    before = versions[min(place + 1, len(versions) - 1)].pk
    return {"old": request.GET.get("old") or before, "new": request.GET.get("new") or newest}
