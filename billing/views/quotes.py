"""Saved quotes: keep a calculation, list them, read one with the reason of every line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe

from billing.forms import Buyer
from billing.models import Quote
from billing.models.lines import in_reader_language
from billing.selectors_quotes import ShownQuote, calculator_query, quote_of, quotes_of, shown_quote
from billing.services.quotes import make_quote
from billing.situation import Part
from billing.situation_notes import usage_notes
from billing.views.calculator import quote_form
from billing.views.offered import offer_of, offered_here
from billing.views.offers import meters_by_code
from plans import clock
from plans.errors import DomainError, NotFound
from plans.templatetags.figures import quantity, unit
from subscriptions.models.agreements import Term
from subscriptions.overview import option_names
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page

PER_PAGE = 20
STATES = {
    "open": (pgettext_lazy("quote", "open"), "blue"),
    "accepted": (pgettext_lazy("quote", "accepted"), "green"),
    "expired": (pgettext_lazy("quote", "expired"), "secondary"),
}


@dataclass(frozen=True, slots=True)
class State:
    """Where a quote stands, as a chip."""

    code: str
    text: str
    tone: str


def state_of(quote: Quote, at: datetime) -> State:
    """Return the quote's state at an instant."""
    code = quote.state_at(at)
    text, tone = STATES[code]
    return State(code, str(text), tone)


@require_POST
@member_page(*MONEY)
@offered_here
def plan_quote_save(request: MemberRequest, code: str) -> HttpResponse:
    """Keep what the calculator shows; figures that are not right go back to it."""
    customer, at = request.visit.customer, clock.now()
    form = quote_form(request.GET, offer_of(customer, code, at), Buyer(customer, at))
    back = redirect(f"/plans/{code}/?{request.GET.urlencode()}")
    if not form.is_valid():
        return back
    key = request.POST.get("key", "")[:80]
    try:
        quote = make_quote(form.request, customer=customer, at=at, by=actor_of(request), key=key)
    except DomainError:  # the calculation says the same, beside the figures
        return back
    return redirect("plan_quote_detail", quote.public_id)


@require_safe
@member_page(*MONEY)
def plan_quotes(request: MemberRequest) -> HttpResponse:
    """List the customer's quotes, newest first."""
    at = clock.now()
    found = quotes_of(request.visit.customer.pk).defer("inputs", "lines")
    rows = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    page = {"rows": rows, "shown": [(quote, state_of(quote, at)) for quote in rows]}
    return render(request, "plans/quote_list.html", page)


@require_safe
@member_page(*MONEY)
def plan_quote_detail(request: MemberRequest, public_id: str) -> HttpResponse:
    """Show one quote: both invoices it would bring, and the way to accept it or to a fresh one."""
    at = clock.now()
    try:
        quote = quote_of(request.visit.customer.pk, public_id)
    except NotFound:
        raise Http404 from None
    shown = shown_quote(quote)
    page = {
        "quote": quote,
        "shown": shown,
        "state": state_of(quote, at),
        "currency": quote.currency,
        "is_annual": quote.term == Term.ANNUAL,
        "figures": list(_figures(quote)),
        "held": list(option_names(set(quote.asked["options"])).values()),
        "fresh": calculator_query(quote),
        "assumed": list(_assumed(shown)),
    }
    return render(request, "plans/quote_detail.html", page)


def _assumed(shown: ShownQuote) -> Iterator[str]:
    """Yield the time band that usage without times is priced in, for each meter priced by the time of day."""
    meters, document = meters_by_code(), shown.terms.document
    for one in usage_notes(document, Part(usage=shown.quote.asked["usage"])):
        if one.code == "note_band":
            code = one.params["name"]
            bands = document.schedules[str(document.meters[code].schedule)].bands
            names = {band.code: in_reader_language(band.name) for band in bands}
            band = names.get(one.params["band"]) or one.params["band"]
            words = {"meter": meters[code].name if code in meters else code, "band": band}
            yield _("%(meter)s: no times of day are given, so all of it is priced as “%(band)s”.") % words


def _figures(quote: Quote) -> Iterator[tuple[str, str]]:
    """Yield what is assumed: seats, and each meter's figure with its unit."""
    asked = quote.asked
    if asked["seats"]:
        yield _("Seats"), quantity(asked["seats"])
    meters = meters_by_code()
    for code, given in asked["usage"].items():
        name, measure = (meters[code].name, unit(meters[code].unit)) if code in meters else (code, "")
        if not isinstance(given, str):
            count = len(given)
            yield name, ngettext("%(count)s value", "%(count)s values", count) % {"count": quantity(count)}
        else:
            yield name, f"{quantity(Decimal(given))} {measure}".strip()
    for field in ("facts", "labels"):
        yield from asked[field].items()
