"""The price calculation: figures, modules and tiers in, the invoice's own rating out."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from billing.errors_quotes import QuoteInvalid
from billing.forms import Buyer, QuoteForm
from billing.quote_rating import Rated
from billing.services.quotes import answer_for
from billing.views.offered import offer_of, offered_here
from billing.views.offers import MONTHS, ExtraPrice, meters_by_code, option_price, tier_text
from billing.views.seats import seat_price
from plans import clock
from plans.composition import COUPON
from plans.errors import DomainError
from plans.exit_words import exit_words
from plans.highlights import Highlight, highlights
from plans.ids import new_id
from plans.models import Coupon, Meter
from plans.selectors import Offer
from subscriptions.models import Customer
from subscriptions.models.agreements import Term
from subscriptions.portal import MemberRequest, member_page

SLIDER_TOP = {"unique": 200_000, "gauge": 50_000}  # end of the scale, not of what may be typed
DEFAULT_TOP = 1_000_000


@dataclass(frozen=True, slots=True)
class Slider:
    """One figure of the calculator: a number field, and a slider beside it."""

    field: Any
    meter: Meter
    top: int
    offer: Highlight | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One box of the calculator."""

    field: str
    value: str
    name: str
    text: str
    price: ExtraPrice | None
    is_chosen: bool


@require_safe
@member_page()
@offered_here
def plan_quote(request: MemberRequest, code: str) -> HttpResponse:
    """Calculate a price from figures, modules and tiers; htmx asks for the result alone."""
    customer, at = request.visit.customer, clock.now()
    offer = offer_of(customer, code, at)
    form = quote_form(request.GET, offer, Buyer(customer, at))
    preview = rated_or_said(form, customer, at) if form.is_valid() else None
    page = {
        "offer": offer,
        "form": form,
        "currency": customer.currency,
        "preview": preview,
        "query": request.GET.urlencode(),
        "seats": seat_price(offer, _term(request), customer.currency),
        "key": new_id("form"),  # one rendering, one saved quote
        **year_notes(offer, _term(request), form.redeemed),
    }
    if getattr(request, "htmx", False):
        return render(request, "plans/quote_part.html", page)
    page |= {
        "has_seats": b'"seats"' in offer.terms.canonical,
        "is_annual": _term(request) == Term.ANNUAL,
        "sliders": _sliders(form, offer, customer.currency),
        "choices": _choices(form, offer, customer.currency),
        "has_coupons": any(option.startswith(COUPON) for option in offer.terms.document.options),
    }
    return render(request, "plans/plan_quote.html", page)


def year_notes(offer: Offer, term: str, coupon: Coupon | None) -> dict[str, Any]:
    """Return what is to be known before a year is agreed: leaving it early, and how far a coupon reaches."""
    if term != Term.ANNUAL:
        return {}
    months = coupon.periods if coupon is not None else None
    return {
        "exit_words": exit_words(offer.version),
        "coupon_months": months if months is not None and months < MONTHS else None,
    }


def _term(request: MemberRequest) -> str:
    """Return the term the address asks for, monthly unless it says annual."""
    return Term.ANNUAL if request.GET.get("term") == Term.ANNUAL else Term.MONTHLY


def quote_form(data: QueryDict, offer: Offer, buyer: Buyer | None = None) -> QuoteForm:
    """Return the calculator's form for what the address says."""
    known = meters_by_code()
    priced = dict.fromkeys(one.meter for one in highlights(offer.terms.document, {}))
    meters = [known[code] for code in priced if code in known]
    return QuoteForm(data, offer=offer, meters=meters, buyer=buyer)


def rated_or_said(form: QuoteForm, customer: Customer, at: datetime) -> Rated | None:
    """Rate, or put the reason why there is no list price for these figures beside the form."""
    try:
        return answer_for(form.request, form.offer, customer=customer, at=at, coupon=form.redeemed).rated
    except QuoteInvalid as refusal:
        for fault in refusal.faults:
            form.add_error(None, fault.detail)
    except DomainError as error:
        form.add_error(None, str(error))
    return None


def _sliders(form: QuoteForm, offer: Offer, currency: str) -> list[Slider]:
    chosen = form.labels if form.is_valid() else form.asked.assumed_labels
    lines = highlights(offer.terms.document, {**chosen, "currency": currency, "term": Term.MONTHLY})
    found = []
    for one in form.uses:
        shown = one.offer(lines)
        found.append(Slider(form[one.name], one.meter, _top(one.meter, shown), shown))
    return found


def _top(meter: Meter, offer: Highlight | None) -> int:
    """Return the end of a slider's scale: well beyond what the plan includes."""
    if offer and offer.included:
        return int(offer.included) * 20
    return SLIDER_TOP.get(meter.kind, DEFAULT_TOP)


def _choices(form: QuoteForm, offer: Offer, currency: str) -> list[tuple[str, list[Choice]]]:
    """Return the boxes of modules, SLA and support tiers by legend; nothing where nothing is offered."""
    groups = []
    for field, kind, rows in (
        ("modules", "module", offer.modules),
        ("sla", "sla", offer.sla_tiers),
        ("support", "support", offer.support_tiers),
    ):
        chosen = form.given.getlist(field) or [form.free.get(field, "")]
        boxes = [
            Choice(
                field,
                one.code,
                one.name,
                tier_text(one, f"{kind}.{one.code}", [offer]),
                price,
                one.code in chosen,
            )
            for one in rows
            if (price := option_price(offer, f"{kind}.{one.code}", currency)).kind != "absent"
        ]
        boxes.sort(key=lambda box: box.price is not None and box.price.kind != "free")
        if boxes and field != "modules" and not form.free[field]:
            boxes.insert(0, Choice(field, "", gettext("none beside the plan"), "", None, not any(chosen)))
        if boxes:
            groups.append((str(form.fields[field].label), boxes))
    return groups
