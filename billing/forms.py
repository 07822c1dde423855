"""The calculator's and the subscribe page's forms: their fields follow what a plan version offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from billing.forms_use import MOST, usage_in, use_fields
from billing.quote_asked import free_tier
from billing.quote_request import QuoteRequest
from plans.composition import COUPON, SLA, SUPPORT, clashes, modules_in
from plans.errors import DomainError
from plans.models import Coupon, Meter, PlanVersion
from plans.ratio import plain
from plans.selectors import Offer
from plans.templatetags.figures import tongue
from plans.templatetags.figures import unit as unit_name
from plans.terms_asked import asked_of, said
from subscriptions.forms import PortalForm
from subscriptions.models import Customer
from subscriptions.models.agreements import Collection, Term
from subscriptions.services import usable_coupon

LABEL, FACT = "choice-", "figure-"  # prefixes of what the terms ask a customer to agree
TERMS = [(Term.MONTHLY, _("Monthly")), (Term.ANNUAL, _("Annual"))]
CLASHES = {
    "requires": _("%(option)s needs %(other)s as well."),
    "excludes": _("%(option)s and %(other)s cannot be held together."),
    "one_only": _("Choose one of %(option)s and %(other)s."),
}


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who asks for a price, and when: decides regions, coupons and the first purchase."""

    customer: Customer
    at: datetime

    @property
    def region(self) -> str:
        """The region of the customer's apps, where they have one in common."""
        regions = set(self.customer.apps.filter(archived_at=None).values_list("region", flat=True))
        return regions.pop() if len(regions) == 1 else ""

    def coupon(self, code: str, version: PlanVersion) -> Coupon:
        """Return the coupon of a code, or refuse it."""
        return usable_coupon(code, version=version, customer=self.customer, at=self.at)

    def first_purchase(self, family: str) -> str:
        """Return the label's value: whether the customer had an agreement of this family before."""
        return "no" if self.customer.subscriptions.filter(family=family).exists() else "yes"


class QuoteForm(PortalForm):
    """Figures of a month, seats, modules and tiers: what a price is calculated from."""

    term = forms.ChoiceField(label=_("Payment"), choices=TERMS, required=False, widget=forms.RadioSelect)
    seats = forms.IntegerField(label=_("Seats"), min_value=0, max_value=100_000, required=False)
    modules = forms.MultipleChoiceField(
        label=_("Modules"), required=False, widget=forms.CheckboxSelectMultiple
    )
    sla = forms.ChoiceField(label=_("Availability"), required=False, widget=forms.RadioSelect)
    support = forms.ChoiceField(label=_("Support"), required=False, widget=forms.RadioSelect)
    coupon = forms.CharField(label=_("Coupon"), max_length=64, required=False)

    def __init__(
        self, data: QueryDict, *, offer: Offer, meters: Sequence[Meter], buyer: Buyer | None = None
    ) -> None:
        super().__init__(data)
        self.given = data
        self.offer = offer
        self.meters = meters
        self.buyer = buyer
        self.redeemed: Coupon | None = None
        self.asked = asked_of(offer.terms.document)
        self._ask_choices()
        options = offer.terms.document.options
        self._choices("modules", [(m.code, m.name) for m in offer.modules if f"module.{m.code}" in options])
        none = [("", _("none beside the plan"))]
        self.free = {prefix[:-1]: free_tier(offer, prefix).removeprefix(prefix) for prefix in (SLA, SUPPORT)}
        self._choices("sla", none + [(t.code, t.name) for t in offer.sla_tiers if f"sla.{t.code}" in options])
        self._choices(
            "support",
            none + [(t.code, t.name) for t in offer.support_tiers if f"support.{t.code}" in options],
        )
        self.uses = list(use_fields(offer.terms.document, meters))
        self.fields |= {one.name: one.made() for one in self.uses}

    def _ask_choices(self) -> None:
        """Add a field for every label and fact that the customer has to agree."""
        document, language = self.offer.terms.document, "zh-Hans" if tongue() == "zh" else "en"
        for label, values in self.asked.labels.items():
            names = [(value, said(document, f"{label}.{value}", language)) for value in values]
            self.fields[LABEL + label] = forms.ChoiceField(
                label=said(document, label, language),
                choices=names,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
            )
        for fact, unit in self.asked.facts.items():
            shown = f"{said(document, fact, language)} ({unit_name(unit)})"
            self.fields[FACT + fact] = forms.DecimalField(
                label=shown, min_value=0, max_value=MOST, max_digits=20, decimal_places=6, required=False
            )
            self.fields[FACT + fact].widget.attrs |= {"class": "form-control", "placeholder": "0"}

    @property
    def agreed_fields(self) -> list[forms.BoundField]:
        """The fields of labels and facts, in the terms' order."""
        return [self[name] for name in self.fields if name.startswith((LABEL, FACT))]

    @property
    def labels(self) -> dict[str, str]:
        """The chosen value of each label; the first one where nothing is chosen."""
        home = {"region": self.buyer.region} if self.buyer else {}
        found = {}
        for label, values in self.asked.labels.items():
            usual = home.get(label, "") if home.get(label, "") in values else values[0]
            found[label] = str(self.cleaned_data.get(LABEL + label) or usual)
        return found

    @property
    def facts(self) -> dict[str, Decimal]:
        """The agreed figures; nothing given is 0."""
        return {fact: self.cleaned_data.get(FACT + fact) or Decimal(0) for fact in self.asked.facts}

    def clean_coupon(self) -> str:
        """Refuse a code that this customer could not redeem on this plan now."""
        code = str(self.cleaned_data["coupon"]).strip()
        if code and self.buyer is not None:
            try:
                self.redeemed = self.buyer.coupon(code, self.offer.version)
            except DomainError as error:
                raise forms.ValidationError(str(error)) from error
        return code

    def _choices(self, field: str, choices: Sequence[tuple[str, Any]]) -> None:
        chosen = self.fields[field]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  # declared above
        chosen.choices = choices

    def clean(self) -> dict[str, Any]:
        """Refuse modules that do not go together."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        rules = {code: r for code, r in self.offer.rules.items() if code in modules_in(self.options)}
        names = {f"module.{m.code}": m.name for m in self.offer.modules}
        for one in clashes(self.options, rules):
            given = {"option": names.get(one.option, one.option), "other": names.get(one.other, one.other)}
            self.add_error("modules", CLASHES[one.kind] % given)
        return cleaned

    @property
    def options(self) -> dict[str, Decimal]:
        """The chosen modules and tiers as options held."""
        given = self.cleaned_data
        chosen = [f"module.{code}" for code in given.get("modules") or []]
        tiers = {kind: given.get(kind) or free for kind, free in self.free.items()}
        chosen += [f"{kind}.{code}" for kind, code in tiers.items() if code]
        return dict.fromkeys(chosen, Decimal(1))

    @property
    def priced_options(self) -> dict[str, Decimal]:
        """The options with the coupon, as the first invoice is rated."""
        held = {} if self.redeemed is None else {COUPON + self.redeemed.code: Decimal(1)}
        return {**self.options, **held}

    @property
    def chosen_term(self) -> str:
        """The chosen term, monthly unless said otherwise."""
        return str(self.cleaned_data.get("term") or Term.MONTHLY)

    @property
    def seats_wanted(self) -> int:
        """The seats asked for."""
        return int(self.cleaned_data.get("seats") or 0)

    @property
    def request(self) -> QuoteRequest:
        """What a valid form asks, as the API would ask it."""
        given = self.cleaned_data
        return QuoteRequest(
            plan=self.offer.version.plan.code,
            modules=list(given.get("modules") or []),
            sla=given.get("sla") or None,
            support=given.get("support") or None,
            term="annual" if self.chosen_term == Term.ANNUAL else "monthly",
            seats=self.seats_wanted,
            usage=usage_in(self.uses, given),
            labels=self.labels,
            facts={fact: plain(value) for fact, value in self.facts.items()},
        )


class LeaveForm(forms.Form):
    """Leave early for the amount that was shown, in minor units."""

    refund = forms.IntegerField(min_value=0, widget=forms.HiddenInput)


class SubscribeForm(PortalForm):
    """How to pay, and for which apps."""

    collection = forms.ChoiceField(
        label=_("How to pay"),
        choices=Collection.choices,
        initial=Collection.STRIPE_CHARGE,
        widget=forms.RadioSelect,
    )
    app = forms.ChoiceField(label=_("Apps counted"), required=False)
    key = forms.RegexField(r"^form_[0-9a-z]{16}$", widget=forms.HiddenInput)  # one form, one subscription

    def __init__(self, *args: Any, scopes: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer_scopes(scopes)

    def offer_scopes(self, scopes: Sequence[tuple[str, str]]) -> None:
        """Let the reader choose among these (app code, name); none means nothing is left to subscribe for."""
        self.scopes = list(scopes)
        chosen = self.fields["app"]
        assert isinstance(chosen, forms.ChoiceField)  # noqa: S101  # declared above
        chosen.choices = self.scopes
