"""Confirm and subscribe: due today, what comes next, and the one request that does it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import selectors
from billing.errors_quotes import QuoteAccepted, QuoteExpired, QuoteStale
from billing.forms import Buyer, QuoteForm, SubscribeForm
from billing.models import Invoice, Quote
from billing.quote_rating import Rated
from billing.selectors_quotes import quote_of
from billing.services.accepting import accept_quote, current_price
from billing.services.subscribing import subscribe as subscribe_service
from billing.views.calculator import quote_form, rated_or_said, year_notes
from billing.views.offered import offer_of, offered_here
from plans import clock
from plans.errors import DomainError, NotFound
from plans.ids import new_id
from plans.selectors import Offer
from subscriptions.anchors import period_at, start_anchor
from subscriptions.models import App
from subscriptions.models.agreements import Term
from subscriptions.overview import agreement_rows
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page
from subscriptions.selectors import zone_of

CLOSED = (QuoteAccepted, QuoteExpired, QuoteStale)


@dataclass(frozen=True, slots=True)
class Deal:
    """What is about to be agreed: figures of the calculator, or a quote."""

    offer: Offer
    term: str
    preview: Rated
    back: str  # where the reader comes from
    basket: QuoteForm | None = None
    quote: Quote | None = None


@member_page(*MONEY)
@offered_here
def subscribe(request: MemberRequest, code: str) -> HttpResponse:
    """Show what will happen; POST makes it happen once."""
    customer, at = request.visit.customer, clock.now()
    apps = list(customer.apps.filter(archived_at=None).order_by("name"))
    form = SubscribeForm(request.POST or None, scopes=_scopes(apps), initial={"key": new_id("form")})
    quote = _quote(request)
    if quote is not None and request.method == "POST" and form.is_valid():
        done = _subscribed(request, quote, form, apps=apps)
        if done is not None:
            return done
    try:
        deal = _quoted(quote, at) if quote else _calculated(request, code, at)
    except CLOSED as refusal:
        return _closed(request, quote, refusal)
    if deal is None:  # figures that are not right, or without a list price: the calculation says so
        return redirect(f"/plans/{code}/?{request.GET.urlencode()}")
    live = [row for row in agreement_rows(customer, at) if row.is_live]
    if quote is None and request.method == "POST" and form.is_valid():
        done = _subscribed(request, deal, form, apps=apps)
        if done is not None:
            return done
    # Only now: a form sent twice must still find the app that its first copy took.
    taken = [row.agreement.app for row in live if row.agreement.family == deal.offer.version.plan.family]
    form.offer_scopes(_scopes(apps, taken))
    page = {"form": form, "others": live, "card": selectors.card_of(customer), **_said(request, deal, at)}
    return render(request, "plans/subscribe.html", page)


def _quote(request: MemberRequest) -> Quote | None:
    """Return the quote that the address names, if it names one; 404 for a stranger's."""
    public_id = request.GET.get("quote")
    if not public_id:
        return None
    try:
        return quote_of(request.visit.customer.pk, public_id)
    except NotFound:
        raise Http404 from None


def _quoted(quote: Quote, at: datetime) -> Deal:
    current = current_price(quote, at=at)
    back = reverse("plan_quote_detail", args=[quote.public_id])
    return Deal(current.offer, quote.term, current.rated, back, quote=quote)


def _calculated(request: MemberRequest, code: str, at: datetime) -> Deal | None:
    customer = request.visit.customer
    basket = quote_form(request.GET, offer_of(customer, code, at), Buyer(customer, at))
    preview = rated_or_said(basket, customer, at) if basket.is_valid() else None
    if preview is None:
        return None
    query = request.GET.urlencode()
    back = reverse("plan_quote", args=[code]) + (f"?{query}" if query else "")
    return Deal(basket.offer, basket.chosen_term, preview, back, basket=basket)


def _closed(request: MemberRequest, quote: Quote | None, refusal: DomainError) -> HttpResponse:
    """Go to the quote's page, which shows the way to a fresh one."""
    messages.error(request, str(refusal))
    return redirect("plan_quote_detail", quote.public_id if quote else "")


def _said(request: MemberRequest, deal: Deal, at: datetime) -> dict[str, Any]:
    """Return what the page says of the deal and its first periods."""
    zone = zone_of(request.visit.customer)
    anchor, is_annual = start_anchor(at, zone), deal.term == Term.ANNUAL
    return {
        "offer": deal.offer,
        "quote": deal.quote,
        "preview": deal.preview,
        "back": deal.back,
        "currency": request.visit.customer.currency,
        "first": period_at(anchor, zone, 0, 12 if is_annual else 1),
        "month": period_at(anchor, zone, 0),
        "is_annual": is_annual,
        **year_notes(deal.offer, deal.term, deal.basket.redeemed if deal.basket else None),
    }


def _scopes(apps: list[App], taken: Sequence[App | None] = ()) -> list[tuple[str, str]]:
    """Return what a new agreement may count: all apps while nothing is taken, else each app still free."""
    if None in taken:
        return []
    free = [(app.code, app.name) for app in apps if app not in taken]
    return free if taken else [("", _("all apps")), *free]


def _subscribed(
    request: MemberRequest, deal: Deal | Quote, form: SubscribeForm, *, apps: list[App]
) -> HttpResponse | None:
    """Subscribe and go to the first invoice; None when refused, with the reason beside the form."""
    app = next((one for one in apps if one.code == form.cleaned_data["app"]), None)
    try:
        invoice = _agreed(request, deal, form, app)
    except CLOSED as refusal:
        return _closed(request, deal if isinstance(deal, Quote) else None, refusal)
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    version = deal.plan_version if isinstance(deal, Quote) else deal.offer.version
    said = _("You are subscribed to %(plan)s. This is the first invoice.") % {"plan": version.plan.name}
    messages.success(request, said)
    return redirect("invoice_detail", invoice.public_id)


def _agreed(request: MemberRequest, deal: Deal | Quote, form: SubscribeForm, app: App | None) -> Invoice:
    given, at, by = form.cleaned_data, clock.now(), actor_of(request)
    how, key = given["collection"], given["key"]
    if isinstance(deal, Quote):
        return accept_quote(deal, collection=how, app=app, key=key, at=at, by=by)[1]
    basket = deal.basket
    assert basket is not None  # noqa: S101  # a deal without a quote is the calculator's
    return subscribe_service(
        customer=request.visit.customer,
        version=deal.offer.version,
        term=deal.term,
        options=basket.options,
        seats=basket.seats_wanted,
        labels=basket.labels,
        facts=basket.facts,
        coupon=basket.cleaned_data["coupon"],
        collection=how,
        app=app,
        at=at,
        by=by,
        key=key,
    )[1]
