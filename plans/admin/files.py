"""The catalogue as a file: downloaded whole or by plan; uploaded, reviewed in words, then applied."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from config.admin_base import StaffForm, page, site_page
from plans.admin.acting import acting
from plans.catalogue import read_catalogue
from plans.catalogue_part import part_with
from plans.catalogue_yaml import dump_yaml, located, parse_yaml
from plans.diff_words import Naming
from plans.errors import DomainError
from plans.models import Plan
from plans.problems import Problem, TermsInvalid
from plans.selectors import stored_catalogue
from plans.selectors_words import naming
from plans.services import Change
from plans.services_import import CatalogueMoved, apply_reviewed, effect_of, told_of, try_catalogue
from plans.templatetags.figures import language_tag, moment

LARGEST = 1024 * 1024  # bytes of a file
WRITTEN = ("plan", "planversion", "featuremodule", "feature", "meter", "slatier", "supporttier")
KINDS = {
    "create": (_("new"), "success"),
    "change": (_("changed"), "warning"),
    "publish": (_("published"), "info"),
    "unchanged": (_("unchanged"), "default"),
}
SECTIONS = {
    "meters": _("meter"),
    "features": _("feature"),
    "modules": _("module"),
    "sla_tiers": _("SLA tier"),
    "support_tiers": _("support tier"),
    "coupons": _("coupon"),
    "plans": _("plan"),
    "versions": _("version"),
}


class UploadForm(StaffForm):
    """A file to look at."""

    file = forms.FileField(label=_("catalogue file (YAML)"))

    def clean_file(self) -> str:
        """Return the text; refuse what is too large or no text."""
        given: UploadedFile[Any] = self.cleaned_data["file"]
        if (given.size or 0) > LARGEST:
            raise forms.ValidationError(gettext("The file is larger than 1 MB. Load one plan at a time."))
        try:
            return one_ending(given.read().decode("utf-8-sig"))
        except UnicodeDecodeError as error:
            raise forms.ValidationError(
                gettext("The file is not text in UTF-8. Save it as UTF-8 and upload it again.")
            ) from error


class ApplyForm(StaffForm):
    """The reviewed file, what it was seen to do, and why it is loaded."""

    text = forms.CharField(widget=forms.HiddenInput, strip=False, max_length=LARGEST)
    effect = forms.CharField(widget=forms.HiddenInput, max_length=64)
    reason = forms.CharField(
        label=_("reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )


def one_ending(text: str) -> str:
    """Return the text with one kind of line end; a browser posts its own."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def may_load(request: HttpRequest) -> bool:
    """Return whether this person may write everything that a file can hold."""
    return all(request.user.has_perms([f"plans.add_{model}", f"plans.change_{model}"]) for model in WRITTEN)


@site_page("plans/catalogue/", "plans_catalogue")
def catalogue_file(request: HttpRequest) -> HttpResponse:
    """Offer downloads; take a file and show what it would do."""
    _may_view(request)
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        if not may_load(request):
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES)
        if form.is_valid():
            return _reviewed(request, form.cleaned_data["file"])
    context = {"form": form, "may_load": may_load(request), "plans": Plan.objects.order_by("rank", "code")}
    return page(request, "admin/catalogue_file.html", gettext("Catalogue file"), context, model=Plan)


@site_page("plans/catalogue/apply/", "plans_catalogue_apply")
def catalogue_apply(request: HttpRequest) -> HttpResponse:
    """Load exactly the file that was reviewed."""
    if not may_load(request):
        raise PermissionDenied
    form = ApplyForm(request.POST)
    if request.method != "POST" or not (form.is_valid() or {"text", "effect"}.isdisjoint(form.errors)):
        return HttpResponseRedirect(reverse("admin:plans_catalogue"))
    text = one_ending(form.data["text"])
    if not form.is_valid():
        return _reviewed(request, text, form)
    given = form.cleaned_data
    try:
        made = apply_reviewed(
            text, expected_effect=given["effect"], reason=given["reason"], **acting(request)
        )
    except CatalogueMoved as moved:
        messages.warning(request, str(moved))
        return _reviewed(request, text)
    except DomainError:
        return _reviewed(request, text)
    messages.success(request, gettext("The file is loaded. %(sums)s") % {"sums": _sums(made)})
    return HttpResponseRedirect(reverse("admin:plans_catalogue"))


@site_page("plans/catalogue/export/", "plans_catalogue_export")
def catalogue_export(request: HttpRequest) -> HttpResponse:
    """Answer with the stored catalogue, or one plan of it, as a file."""
    _may_view(request)
    code = request.GET.get("plan", "")
    try:
        whole = stored_catalogue()
    except TermsInvalid as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("admin:plans_catalogue"))
    wanted = part_with(whole, code) if code else whole
    if wanted is None:
        raise Http404
    answer = HttpResponse(dump_yaml(wanted), content_type="application/yaml; charset=utf-8")
    name = code if code.isascii() and code.replace("-", "").replace("_", "").isalnum() else "catalogue"
    answer["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer


def _may_view(request: HttpRequest) -> None:
    if not request.user.has_perms(["plans.view_plan", "plans.view_planversion"]):
        raise PermissionDenied


def _reviewed(request: HttpRequest, text: str, form: ApplyForm | None = None) -> HttpResponse:
    """Show what a file would do, or every problem with its line."""
    context: dict[str, Any] = {"back": reverse("admin:plans_catalogue")}
    try:
        made = try_catalogue(text, **acting(request))
    except TermsInvalid as error:
        context["problems"] = placed(text, error.problems)
    except DomainError as refusal:
        context["refusal"] = str(refusal)
    else:
        names = naming(language_tag(), read_catalogue(text))
        if form is None:
            form = ApplyForm(initial={"text": text, "effect": effect_of(text, made)})
        rows = [_row(one, names) for one in made]
        context |= {
            "form": form,
            "sums": _sums(made),
            "rows": [row for row in rows if row["kind"] != "unchanged" or row["keeps"]],
            "idle": all(one.kind == "unchanged" for one in made),
        }
    title = gettext("What this file does")
    return page(request, "admin/catalogue_review.html", title, context, model=Plan)


def placed(text: str, found: Sequence[Problem]) -> list[Problem]:
    """Return problems with their places in the file, in its order."""
    _tree, marks, _problems = parse_yaml(text)
    there = [one if one.line is not None else located(one, marks) for one in found]
    return sorted(there, key=lambda one: (one.line or 0, one.column or 0))


def _row(change: Change, names: Naming) -> dict[str, Any]:
    word, colour = KINDS[change.kind]
    return {
        "kind": change.kind,
        "word": word,
        "colour": colour,
        "section": SECTIONS[change.section],
        "code": change.code,
        "from": moment(change.effective_at) if change.effective_at else "",
        "keeps": change.keeps_terms,
        "against": change.against,
        "told": told_of(change, names),
    }


def _sums(made: Sequence[Change]) -> str:
    """Return how many objects are created, changed, published and left alone, as one sentence."""
    count = Counter(one.kind for one in made)
    said = ngettext(
        "%(new)s new, %(changed)s changed, %(published)s published, %(unchanged)s unchanged.",
        "%(new)s new, %(changed)s changed, %(published)s published, %(unchanged)s unchanged.",
        len(made),
    )
    return said % {
        "new": count["create"],
        "changed": count["change"],
        "published": count["publish"],
        "unchanged": count["unchanged"],
    }
