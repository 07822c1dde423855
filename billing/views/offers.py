"""The price list, rated by the same function as invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.models.lines import in_reader_language
from billing.quote_rating import twelfth
from billing.services import quoting
from plans import clock
from plans.highlights import Highlight, highlights
from plans.models import Feature, Meter, SlaTier, SupportTier
from plans.models.features import FeatureType
from plans.promise_words import joined, sla_words, support_words
from plans.selectors import Offer, price_list
from plans.selectors_promises import shown_sla, shown_support
from plans.templatetags.figures import quantity, tongue
from plans.terms import Document, Formula, Terms
from plans.terms_asked import asked_of
from subscriptions.models.agreements import Term
from subscriptions.overview import agreement_rows
from subscriptions.portal import MemberRequest, member_page

MONTHS = 12


@dataclass(frozen=True, slots=True)
class Card:
    """One plan of the price list, in the customer's currency."""

    offer: Offer
    amount: int  # minor units of the first invoice: a month, or a year
    monthly: int  # minor units that a month comes to
    saving: Decimal | None  # share saved by the year, from both prices
    highlights: list[tuple[Highlight, str]]  # with the meter's name
    is_current: bool
    text: str  # the plan's description in the reader's language


@dataclass(frozen=True, slots=True)
class ExtraPrice:
    """What one module or tier adds to a month; `kind` is offered, from, by_use, free or absent."""

    kind: str
    amount: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """A module or tier of the comparison, with its price on each plan."""

    name: str
    text: str
    prices: list[ExtraPrice]


@require_safe
@member_page()
def plan_list(request: MemberRequest) -> HttpResponse:
    """Compare the plans on sale in the customer's currency."""
    customer, at = request.visit.customer, clock.now()
    term = Term.ANNUAL if request.GET.get("term") == Term.ANNUAL else Term.MONTHLY
    offers = price_list(at, currency=customer.currency)
    current = {row.plan.pk for row in agreement_rows(customer, at) if row.is_live}
    names = meters_by_code()
    cards = [_card(offer, term, customer.currency, names=names, current=current) for offer in offers]
    savings = [card.saving for card in cards if card.saving]
    page = {
        "cards": cards,
        "term": term,
        "best_saving": max(savings) if savings else None,
        "extras": _extras(offers, customer.currency),
        "rights": _rights(offers),
        "currency": customer.currency,
    }
    return render(request, "plans/plan_list.html", page)


def meters_by_code() -> dict[str, Meter]:
    """Return every meter by its code."""
    return {meter.code: meter for meter in Meter.objects.all()}


def _card(offer: Offer, term: str, currency: str, *, names: Mapping[str, Meter], current: set[int]) -> Card:
    month, year = (sum(_due_first(offer, one, currency).values()) for one in (Term.MONTHLY, Term.ANNUAL))
    chosen = asked_of(offer.terms.document).assumed_labels
    lines = highlights(offer.terms.document, {**chosen, "currency": currency, "term": term})
    return Card(
        offer,
        month if term == Term.MONTHLY else year,
        month if term == Term.MONTHLY else twelfth(year),
        1 - Decimal(year) / (MONTHS * month) if 0 < year < MONTHS * month else None,
        [(one, _named(one, names)) for one in lines if one.meter in names and not one.held],
        offer.version.plan_id in current,
        described(offer.version.plan),
    )


def _named(one: Highlight, names: Mapping[str, Meter]) -> str:
    """Return the meter's name, with that of the time band where the price is that band's."""
    name = names[one.meter].name
    return f"{name} · {in_reader_language(dict(one.band_name)) or one.band}" if one.band else name


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms as a key: equal hash means equal prices."""

    hash: str
    value: Terms = field(compare=False)


def _due_first(offer: Offer, term: str, currency: str, option: str | None = None) -> Mapping[str, int]:
    """Return what the first invoice holds without seats, in minor units by charge."""
    return _rated(_Terms(offer.terms.hash, offer.terms), term, currency, option)


@lru_cache(maxsize=512)
def _rated(terms: _Terms, term: str, currency: str, option: str | None) -> Mapping[str, int]:
    """Rate once per process: published terms never change, so neither does their price."""
    options = {option: Decimal(1)} if option else {}
    rated = quoting.preview_terms(
        terms.value, term=term, currency=currency, options=options, seats=0, quantities={}
    )
    amounts: dict[str, int] = {}
    for line in rated.start.lines:
        amounts[line.charge] = amounts.get(line.charge, 0) + line.amount
    return amounts


def _extras(offers: list[Offer], currency: str) -> list[Extra]:
    """Return every module and tier with its price on each plan, in the price list's order."""
    rows: dict[str, Any] = {}
    for kind in ("modules", "sla_tiers", "support_tiers"):
        for offer in offers:
            for one in getattr(offer, kind):
                rows.setdefault(f"{kind.partition('_')[0].removesuffix('s')}.{one.code}", one)
    return [
        Extra(
            row.name,
            tier_text(row, option, offers),
            [option_price(offer, option, currency) for offer in offers],
        )
        for option, row in rows.items()
    ]


def tier_text(row: Any, option: str, offers: Sequence[Offer]) -> str:
    """Return what a tier promises in words, as frozen by the first version that offers it."""
    offer = next((one for one in offers if option in one.terms.document.options), None)
    if offer is not None and isinstance(row, SlaTier):
        return joined(sla_words(shown_sla(offer.version, row)))
    if offer is not None and isinstance(row, SupportTier):
        return joined(support_words(shown_support(offer.version, row)))
    return described(row)


def option_price(offer: Offer, option: str, currency: str) -> ExtraPrice:
    """Return what holding the option adds to a month: its own lines, before tax and discounts."""
    document = offer.terms.document
    if option not in document.options:
        return ExtraPrice("absent")
    own = {charge.code for charge in document.charges if option in charge.held}
    if not own:
        return ExtraPrice("free")
    due = _due_first(offer, Term.MONTHLY, currency, option)
    amount = sum(value for charge, value in due.items() if charge in own)
    if not amount:
        return ExtraPrice("by_use")
    return ExtraPrice("from" if _grows_with_use(document, own) else "offered", amount)


def _grows_with_use(document: Document, own: set[str]) -> bool:
    """Return whether one of the charges is a share of what usage costs."""
    metered = {one.charge for one in highlights(document, {})}
    names = {name for c in document.charges if c.code in metered for name in (c.code, *c.tags)}
    shares = [charge.of for charge in document.charges if charge.code in own]
    return any(isinstance(of, Formula) and names & set(of.spend or []) for of in shares)


def _rights(offers: list[Offer]) -> list[tuple[str, list[str | bool]]]:
    """Return what the plans grant besides allowances: the feature's name, then a value for each plan."""
    rows = []
    for feature in Feature.objects.exclude(type=FeatureType.ALLOWANCE):
        values = [offer.version.entitlements.get("plan", {}).get(feature.code) for offer in offers]
        if any(value is not None for value in values):
            rows.append((feature.name, [_right(value) for value in values]))
    return rows


def _right(value: str | None) -> str | bool:
    if value is None or value in ("true", "false"):
        return value == "true"
    return quantity(Decimal(value)) if value.isdecimal() else value


def described(row: Any) -> str:
    """Return a catalogue row's description in the reader's language; empty where the kind has none."""
    return str(getattr(row, "description_zh" if tongue() == "zh" else "description_en", ""))
