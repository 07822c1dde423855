"""The live preview beside a draft's form: what the unsaved document costs. Nothing is stored."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils.translation import gettext

from billing.admin import samples
from billing.admin.review import MOST, USE, names_of
from billing.admin.samples import SCALES, Basket
from billing.admin.shown import priced
from config.admin_base import site_page
from plans.admin.form_field import Posted, placed, read_posted
from plans.admin.source import VersionText
from plans.catalogue import Version
from plans.errors import DomainError
from plans.models import Meter, PlanVersion
from plans.models.plans import VersionState
from plans.problems import Problem, TermsInvalid
from plans.selectors_catalogue import problems_of
from plans.templatetags.figures import quantity, unit
from plans.terms import Terms
from subscriptions.models.agreements import Term


@site_page("plans/planversion/<int:pk>/live/", "billing_version_live")
def version_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the problems of a posted document, or its cost at each scale and for own figures."""
    if not request.user.has_perm("plans.change_planversion"):
        raise PermissionDenied
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    version = get_object_or_404(PlanVersion.objects.select_related("plan"), pk=pk)
    problems = posed(version, read_posted(request.POST.get("document", "")))
    if problems:
        return JsonResponse({"problems": placed(problems)})
    try:
        terms = samples.terms_for(version)
    except TermsInvalid as refusal:  # what is only found when the parts are joined
        return JsonResponse({"problems": placed(refusal.problems)})
    return JsonResponse({"problems": [], **shown(version, terms, request.POST)})


def posed(version: PlanVersion, posted: Posted) -> list[Problem]:
    """Put a posted document in a draft's place, in memory only; return everything wrong with it."""
    problems = [posted.problem] if posted.problem else []
    source = None if problems else VersionText(Version).typed(posted.tree, problems)
    if problems:
        return problems
    version.state, version.source = VersionState.DRAFT, source
    return problems_of(version)


def shown(version: PlanVersion, terms: Terms, asked: QueryDict) -> dict[str, Any]:
    """Return the table of totals, and what the basket may be made of."""
    meters = samples.meters_in(terms)
    basket = basket_of(terms, meters, asked)
    sold = version.plan.versions.exclude(state=VersionState.DRAFT).order_by("-number").first()
    before = samples.terms_for(sold) if sold else None
    rows = [scale_row(terms, before, meters, basket, users) for users in SCALES] if basket else []
    if basket and any(basket.usage.values()):
        rows.append(row(gettext("Own figures"), terms, before, basket))
    context = {"rows": rows, "currency": basket and basket.currency, "sold": sold}
    return {
        "html": render_to_string("admin/version_live.html", context),
        "currencies": terms.currencies,
        "terms": [[code, str(text)] for code, text in Term.choices],
        "options": list(names_of(terms.document.options).items()),
        "meters": [[one.code, one.name, str(unit(one.unit))] for one in meters],
    }


def basket_of(terms: Terms, meters: list[Meter], asked: QueryDict) -> Basket | None:
    """Return the basket asked for; what the document no longer sells falls back to what it does."""
    if not terms.currencies:
        return None
    currency = asked.get("currency", "")
    term = asked.get("term", "")
    options = {one: Decimal(1) for one in asked.getlist("options") if one in terms.document.options}
    return Basket(
        term if term in Term.values else Term.MONTHLY,
        currency if currency in terms.currencies else terms.currencies[0],
        int(figure(asked.get("seats", ""), places=0)),
        options,
        {one.code: figure(asked.get(USE + one.code, "")) for one in meters},
    )


def figure(text: str, *, places: int = 6) -> Decimal:
    """Return a typed figure; what is none counts as 0, as in a field just cleared."""
    field = forms.DecimalField(min_value=0, max_value=MOST, decimal_places=places, required=False)
    try:
        return field.clean(text) or Decimal(0)
    except forms.ValidationError:
        return Decimal(0)


def scale_row(
    terms: Terms, before: Terms | None, meters: list[Meter], basket: Basket, users: int
) -> dict[str, Any]:
    """Return the row of a sample of monthly users."""
    usage = samples.assumed_usage(meters, users)
    wanted = Basket(basket.term, basket.currency, basket.seats, basket.options, usage)
    return row(gettext("%(count)s users") % {"count": quantity(users)}, terms, before, wanted)


def row(name: str, terms: Terms, before: Terms | None, basket: Basket) -> dict[str, Any]:
    """Return what a basket costs now and under the version sold last, with its lines or the refusal."""
    try:
        found = samples.rated(terms, basket)
    except DomainError as refusal:
        return {"name": name, "refusal": str(refusal)}
    total = found.start.total + found.month.total
    return {
        "name": name,
        "start": priced(found.start.total, basket.currency),
        "month": priced(found.month.total, basket.currency),
        "total": priced(total, basket.currency),
        "change": change(before, basket, total),
        "lines": [
            (line.label_text, priced(line.amount, basket.currency))
            for part in (found.start, found.month)
            for line in part.lines
        ],
    }


def change(before: Terms | None, basket: Basket, total: int) -> str:
    """Return the difference to the version sold last, with its sign; nothing where it cannot be compared."""
    if before is None or basket.currency not in before.currencies:
        return ""
    held = {code: n for code, n in basket.options.items() if code in before.document.options}
    usage = {code: n for code, n in basket.usage.items() if code in before.document.meters}
    try:
        found = samples.rated(before, Basket(basket.term, basket.currency, basket.seats, held, usage))
    except DomainError:
        return ""
    moved = total - found.start.total - found.month.total
    if not moved:
        return gettext("unchanged")
    return f"+{priced(moved, basket.currency)}" if moved > 0 else priced(moved, basket.currency)
