"""Pages about a plan version that need prices or customers: the price preview and the publish review.

They live here because `plans` knows neither; a version's own page links to them by name.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.admin import samples
from billing.admin.blast import radius
from billing.admin.reach import reach
from billing.admin.samples import SCALES, Basket
from billing.admin.years import odd_years
from billing.models.lines import in_reader_language
from billing.monotone import falling_edges
from billing.services.releases import publish_reviewed
from config.admin_base import Confirmation, StaffForm, change_url, confirmed, page, site_page
from plans.admin.acting import acting
from plans.admin.source import problems_with_lines
from plans.clock import now
from plans.errors import DomainError
from plans.models import Coupon, FeatureModule, Meter, Named, PlanVersion, SlaTier, SupportTier
from plans.models.plans import MovesExisting, VersionState
from plans.problems import TermsInvalid
from plans.selectors_catalogue import draft_hash
from plans.selectors_words import compared, naming
from plans.templatetags.figures import language_tag, moment, quantity, unit
from plans.terms import Terms
from subscriptions.models.agreements import Term

USE = "use."  # prefix of the figures' field names
MOST = Decimal(10) ** 15


class PreviewForm(StaffForm):
    """A basket; its fields follow what the version sells."""

    term = forms.ChoiceField(label=_("term"), choices=Term.choices)
    currency = forms.ChoiceField(label=_("currency"))
    seats = forms.IntegerField(label=_("Seats"), min_value=0, max_value=1_000_000)
    options = forms.MultipleChoiceField(label=_("modules and tiers"), required=False)

    def __init__(self, data: Any, *, terms: Terms, meters: list[Meter]) -> None:
        super().__init__(data)
        self.fields["currency"].choices = [(code, code) for code in terms.currencies]  # type: ignore[attr-defined]
        names = names_of(terms.document.options)
        self.fields["options"].choices = list(names.items())  # type: ignore[attr-defined]
        for meter in meters:
            label = f"{meter.name} ({unit(meter.unit)})"
            figure = forms.DecimalField(label=label, min_value=0, max_value=MOST, decimal_places=6)
            self.fields[USE + meter.code] = figure
        self.order_fields([name for name in self.fields if name != "options"])
        self.dress_widgets()

    @property
    def basket(self) -> Basket:
        """The basket as typed."""
        given = self.cleaned_data
        usage = {name.removeprefix(USE): value for name, value in given.items() if name.startswith(USE)}
        options = dict.fromkeys(given["options"], Decimal(1))
        return Basket(given["term"], given["currency"], given["seats"], options, usage)


class PublishForm(StaffForm):
    """When, and why."""

    effective_at = forms.DateTimeField(
        label=_("on sale from (UTC)"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=_("Empty: at once."),
    )
    reason = forms.CharField(
        label=_("reason"), min_length=4, max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )
    moves_existing = forms.ChoiceField(
        label=_("existing subscriptions"),
        choices=[
            ("nobody", _("stay on their version")),
            ("at_renewal", _("move to this version at their next renewal; price locks hold until their end")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    reviewed = forms.CharField(widget=forms.HiddenInput)

    def clean_effective_at(self) -> datetime | None:
        """Refuse a past date: what was sold then was sold under other terms."""
        at: datetime | None = self.cleaned_data["effective_at"]
        if at is not None and at < now():
            raise forms.ValidationError(gettext("The date lies in the past. Leave it empty to sell at once."))
        return at


@site_page("plans/planversion/<int:pk>/preview/", "billing_version_preview")
def version_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """Price a sample basket by the real rater."""
    version = _version(request, pk, "plans.view_planversion")
    title = gettext("Price preview of %(version)s") % {"version": version}
    context: dict[str, Any] = {"original": version, "back": change_url(version), "scales": []}
    try:
        terms = samples.terms_for(version)
    except TermsInvalid:
        context["problems"] = [text for _line, text in problems_with_lines(version)]
        return page(request, "admin/version_preview.html", title, context, model=PlanVersion)
    meters = samples.meters_in(terms)
    form = PreviewForm(
        request.GET if "term" in request.GET else _start(terms, meters), terms=terms, meters=meters
    )
    context |= {"form": form, "scales": [(quantity(n), _scaled(request, meters, n)) for n in SCALES]}
    if form.is_valid():
        context |= _rated(terms, form.basket)
    return page(request, "admin/version_preview.html", title, context, model=PlanVersion)


def _in_the_way(version: PlanVersion) -> list[str]:
    """Return why the version cannot be published."""
    if version.state != VersionState.DRAFT:
        return [gettext("%(version)s is published already.") % {"version": version}]
    return [text for _line, text in problems_with_lines(version)]


@site_page("plans/planversion/<int:pk>/review/", "billing_version_review")
def version_review(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what publishing does: faults, prices before and after, whom it touches; then publish."""
    version = _version(request, pk, "plans.change_planversion")
    problems = _in_the_way(version)
    last = version.plan.versions.exclude(state=VersionState.DRAFT).order_by("-number").first()
    moves = (request.POST.get("moves_existing") or version.moves_existing) == MovesExisting.AT_RENEWAL
    asks = Confirmation(
        title=gettext("Publish %(version)s") % {"version": version},
        text=gettext(
            "The terms are frozen for ever. New subscriptions get this version from its date on; "
            "what becomes of who has subscribed is chosen below."
        ),
        button=gettext("Publish"),
        form=PublishForm,
        initial={"moves_existing": version.moves_existing}
        | ({} if problems else {"reviewed": draft_hash(version)}),
        facts=reach(version, moves=moves),
        problems=problems,
        template="admin/version_review.html",
        extra={} if problems else _effect(request, version, last) | {"moves": moves},
    )

    def act(asked: dict[str, Any]) -> str:
        who = acting(request)
        begins = asked["effective_at"] or who["at"]
        done = publish_reviewed(
            version,
            effective_at=begins,
            expected_hash=asked["reviewed"],
            reason=asked["reason"],
            moves_existing=asked["moves_existing"] or None,
            **who,
        )
        return gettext("%(version)s is published, on sale from %(at)s.") % {
            "version": done,
            "at": moment(done.effective_at),
        }

    return confirmed(request, version, asks, act, refused=DomainError)


def names_of(options: list[str]) -> dict[str, str]:
    """Return options such as `module.translation` with their names in the reader's language."""
    kinds: dict[str, type[Named]] = {
        "module": FeatureModule,
        "sla": SlaTier,
        "support": SupportTier,
        "coupon": Coupon,
    }
    known: dict[str, str] = {}
    for kind, model in kinds.items():
        codes = [o.partition(".")[2] for o in options if o.partition(".")[0] == kind]
        if codes:
            rows = model._default_manager.filter(code__in=codes)
            known |= {f"{kind}.{row.code}": row.name for row in rows}
    return {option: known.get(option, option) for option in options}


def _version(request: HttpRequest, pk: int, right: str) -> PlanVersion:
    if not request.user.has_perm(right):
        raise PermissionDenied
    return get_object_or_404(PlanVersion.objects.select_related("plan"), pk=pk)


def _start(terms: Terms, meters: list[Meter]) -> dict[str, Any]:
    """Return the basket that the page opens with."""
    usage = samples.assumed_usage(meters, SCALES[1])
    figures = {USE + code: format(value.normalize(), "f") for code, value in usage.items()}
    return {"term": Term.MONTHLY, "currency": terms.currencies[0], "seats": 0, **figures}


def _scaled(request: HttpRequest, meters: list[Meter], users: int) -> str:
    """Return the query of the same basket at another scale."""
    query = request.GET.copy()
    for code, value in samples.assumed_usage(meters, users).items():
        query[USE + code] = format(value.normalize(), "f")
    query.setdefault("term", Term.MONTHLY)
    query.setdefault("seats", "0")
    return query.urlencode()


def _rated(terms: Terms, basket: Basket) -> dict[str, Any]:
    try:
        found = samples.rated(terms, basket)
    except DomainError as refusal:
        return {"refusal": str(refusal)}
    return {
        "start": samples.shown_part(found.start, basket.currency),
        "month": samples.shown_part(found.month, basket.currency),
        "annual": basket.term == Term.ANNUAL,
    }


def _falls(draft: Terms) -> list[str]:
    """Return where one unit more makes a month cheaper: customers notice, and ask."""
    names = {one.code: in_reader_language(dict(one.name)) or one.code for one in draft.document.charges}
    said = gettext(
        "%(charge)s costs less just above %(edge)s (%(above)s) than at it (%(at_edge)s): "
        "its price falls there."
    )
    return [
        said
        % {
            "charge": names[fall.charge],
            "edge": quantity(fall.edge),
            "above": quantity(fall.above),
            "at_edge": quantity(fall.at_edge),
        }
        for fall in falling_edges(draft.document)
    ]


def _effect(request: HttpRequest, version: PlanVersion, last: PlanVersion | None) -> dict[str, Any]:
    """Return prices before and after, differences in words, the reach, and what deserves a second look."""
    draft = samples.terms_for(version)
    sold = samples.terms_for(last) if last else None
    changes = compared(last, version, naming(language_tag())) if last else []
    warnings = [
        gettext("In %(currency)s a year paid at once costs more than twelve months.") % {"currency": code}
        for code in samples.dear_years(draft)
    ]
    warnings += [*odd_years(draft), *_falls(draft)]
    if not draft.document.charges:
        warnings.append(gettext("It charges nothing."))
    if sold and (gone := set(sold.currencies) - set(draft.currencies)):
        warnings.append(gettext("No longer sold in: %(codes)s.") % {"codes": ", ".join(sorted(gone))})
    return {
        "prices": samples.compared(draft, sold),
        "changes": changes,
        "last": last,
        "warnings": warnings,
        **radius(request, version, draft, at=now()),
    }
