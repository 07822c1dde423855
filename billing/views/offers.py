"""The price list, rated by the same function as invoices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.forms_use import UseField, band_label
from billing.quote_rating import twelfth
from billing.views.rights import rights_of, told
from billing.views.seats import SeatPrice, due_first, seat_price
from plans import clock
from plans.errors import DomainError
from plans.highlights import Highlight, highlights
from plans.models import Meter, SlaTier, SupportTier
from plans.promise_words import joined, sla_words, support_words
from plans.selectors import Offer, price_list
from plans.selectors_promises import shown_sla, shown_support
from plans.templatetags.figures import tongue
from plans.terms import Document, Formula
from plans.terms_asked import asked_of
from subscriptions.models.agreements import Term
from subscriptions.overview import agreement_rows
from subscriptions.portal import MemberRequest, member_page

MONTHS = 12
BULLETS = 6  # lines of a card; the table below has everything


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
    rights: list[tuple[str, str]]  # some of what it grants besides: name, and value unless it is a switch
    seats: SeatPrice | None  # what a seat costs a month, where seats are charged

    @property
    def by_seat(self) -> SeatPrice | None:
        """The price of a seat where the plan costs nothing else: the amounts above are the fewest seats'."""
        return self.seats if self.seats is not None and self.seats.is_whole_price else None


@dataclass(frozen=True, slots=True)
class ExtraPrice:
    """What one module or tier adds to a month; `kind` is offered, by_seat, from, by_use, free or absent."""

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
    rights = rights_of(offers)
    cards = [replace(card, rights=told(rights, n, _room(card))) for n, card in enumerate(cards)]
    savings = [card.saving for card in cards if card.saving]
    page = {
        "cards": cards,
        "term": term,
        "best_saving": max(savings) if savings else None,
        "extras": _extras(offers, customer.currency),
        "rights": rights,
        "currency": customer.currency,
    }
    return render(request, "plans/plan_list.html", page)


def meters_by_code() -> dict[str, Meter]:
    """Return every meter by its code."""
    return {meter.code: meter for meter in Meter.objects.all()}


def _card(offer: Offer, term: str, currency: str, *, names: Mapping[str, Meter], current: set[int]) -> Card:
    month, year = (sum(due_first(offer, one, currency).values()) for one in (Term.MONTHLY, Term.ANNUAL))
    chosen = asked_of(offer.terms.document).assumed_labels
    lines = highlights(offer.terms.document, {**chosen, "currency": currency, "term": term})
    return Card(
        offer,
        month if term == Term.MONTHLY else year,
        month if term == Term.MONTHLY else twelfth(year),
        1 - Decimal(year) / (MONTHS * month) if 0 < year < MONTHS * month else None,
        [(one, _line_name(one, names)) for one in lines if one.meter in names and not one.held],
        offer.version.plan_id in current,
        described(offer.version.plan),
        [],
        seat_price(offer, term, currency),
    )


def _line_name(one: Highlight, names: Mapping[str, Meter]) -> str:
    """Return the meter's name, with the time band that the line's price is for."""
    return UseField(names[one.meter], one.band, band_label(one.band, one.band_name)).label


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
    due = due_first(offer, Term.MONTHLY, currency, option)
    amount = sum(value for charge, value in due.items() if charge in own)
    if not amount:
        return ExtraPrice("by_use")
    if _is_by_seat(offer, option, currency, own=own, amount=amount):
        return ExtraPrice("by_seat", amount)
    return ExtraPrice("from" if _grows_with_use(document, own) else "offered", amount)


def _is_by_seat(offer: Offer, option: str, currency: str, *, own: set[str], amount: int) -> bool:
    """Return whether every seat pays the amount again."""
    try:
        found = [due_first(offer, Term.MONTHLY, currency, option, seats=seats) for seats in (1, 2)]
    except DomainError:  # beyond a closed list: the price is as it was found without seats
        return False
    one, two = (sum(value for charge, value in due.items() if charge in own) for due in found)
    return (one, two) == (amount, 2 * amount)


def _grows_with_use(document: Document, own: set[str]) -> bool:
    """Return whether one of the charges is a share of what usage costs."""
    metered = {one.charge for one in highlights(document, {})}
    names = {name for c in document.charges if c.code in metered for name in (c.code, *c.tags)}
    shares = [charge.of for charge in document.charges if charge.code in own]
    return any(isinstance(of, Formula) and names & set(of.spend or []) for of in shares)


def _room(card: Card) -> int:
    """Return how many more lines a card has room for beside the allowances."""
    return BULLETS - len(card.highlights) - (card.seats is not None and card.by_seat is None)


def described(row: Any) -> str:
    """Return a catalogue row's description in the reader's language; empty where the kind has none."""
    return str(getattr(row, "description_zh" if tongue() == "zh" else "description_en", ""))
