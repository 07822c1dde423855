"""Between the two ways to edit a document: the drawn form's tree as catalogue text, and back."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse

from config.admin_base import site_page
from plans.admin.coupons import CouponForm
from plans.admin.features import ModuleForm
from plans.admin.form_field import placed, read_posted, unstorable
from plans.admin.sla_form import SlaForm
from plans.admin.source import CatalogueText, PartForm, VersionText, sentence, with_line
from plans.admin.support_form import SupportForm
from plans.catalogue import Version
from plans.catalogue_yaml import parse_yaml
from plans.problems import Problem

PARTS: dict[str, type[PartForm]] = {
    "coupon": CouponForm,
    "featuremodule": ModuleForm,
    "slatier": SlaForm,
    "supporttier": SupportForm,
}
FIELDS: dict[str, Callable[[], CatalogueText]] = {"version": lambda: VersionText(Version)} | {
    f"{model}.{name}": lambda kind=kind: CatalogueText(kind)  # type: ignore[misc]
    for model, form in PARTS.items()
    for name, kind in form.texts.items()
}


@site_page("editor/text/<str:kind>/", "plans_editor_text")
def editor_text(request: HttpRequest, kind: str) -> HttpResponse:
    """Convert what was posted; nothing is read from or written to the catalogue."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    if kind not in FIELDS:
        raise Http404
    field = FIELDS[kind]()
    if "document" in request.POST:
        return _as_text(field, request.POST["document"])
    return _as_tree(field, request.POST.get("text", ""))


def _as_text(field: CatalogueText, document: str) -> HttpResponse:
    posted = read_posted(document)
    if posted.problem:
        return JsonResponse({"faults": [sentence(posted.problem)]}, status=422)
    tree = field.shaped(posted.tree)
    return JsonResponse({"text": field.written(tree) if tree else ""})


def _as_tree(field: CatalogueText, text: str) -> HttpResponse:
    """Answer the tree with the faults of its shape, or the faults that keep it from being read."""
    tree, _marks, faults = parse_yaml(text)
    if not faults and (problem := unstorable(tree)):
        faults = [problem]
    if faults:
        return JsonResponse({"faults": [with_line(one) for one in faults]}, status=422)
    problems: list[Problem] = []
    field.typed(tree or field.nothing, problems)
    return JsonResponse({"tree": field.shaped(tree or field.nothing), "problems": placed(problems)})
