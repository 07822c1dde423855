"""Confirm and subscribe: due today, what comes next, and the one request that does it."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from billing import selectors
from billing.forms import Buyer, QuoteForm, SubscribeForm
from billing.services.subscribing import subscribe as subscribe_service
from billing.views.calculator import offer_of, quote_form, rated_or_said
from plans import clock
from plans.errors import DomainError
from plans.ids import new_id
from subscriptions.anchors import period_at, start_anchor
from subscriptions.models import App
from subscriptions.models.agreements import Term
from subscriptions.overview import agreement_rows
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page
from subscriptions.selectors import zone_of


@member_page(*MONEY)
def subscribe(request: MemberRequest, code: str) -> HttpResponse:
    """Show what will happen; POST makes it happen once."""
    customer, at = request.visit.customer, clock.now()
    offer = offer_of(customer, code, at)
    basket = quote_form(request.GET, offer, Buyer(customer, at))
    if not basket.is_valid():
        return redirect(f"/plans/{code}/?{request.GET.urlencode()}")
    preview = rated_or_said(basket, customer.currency)
    if preview is None:  # no list price for these figures: the calculation says so
        return redirect(f"/plans/{code}/?{request.GET.urlencode()}")
    apps = list(customer.apps.filter(archived_at=None).order_by("name"))
    live = [row for row in agreement_rows(customer, at) if row.is_live]
    form = SubscribeForm(request.POST or None, scopes=_scopes(apps), initial={"key": new_id("form")})
    if request.method == "GET":  # a form sent twice must still find the app that its first copy took
        taken = [row.agreement.app for row in live if row.agreement.family == offer.version.plan.family]
        form.offer_scopes(_scopes(apps, taken))
    if request.method == "POST" and form.is_valid():
        done = _subscribed(request, basket, form, apps=apps)
        if done is not None:
            return done
    zone = zone_of(customer)
    anchor = start_anchor(at, zone)
    page = {
        "offer": offer,
        "form": form,
        "basket": basket,
        "preview": preview,
        "currency": customer.currency,
        "first": period_at(anchor, zone, 0, 12 if basket.chosen_term == Term.ANNUAL else 1),
        "month": period_at(anchor, zone, 0),
        "is_annual": basket.chosen_term == Term.ANNUAL,
        "others": live,
        "card": selectors.card_of(customer),
        "query": request.GET.urlencode(),
    }
    return render(request, "plans/subscribe.html", page)


def _scopes(apps: list[App], taken: Sequence[App | None] = ()) -> list[tuple[str, str]]:
    """Return what a new agreement may count: all apps while nothing is taken, else each app still free."""
    if None in taken:
        return []
    free = [(app.code, app.name) for app in apps if app not in taken]
    return free if taken else [("", _("all apps")), *free]


def _subscribed(
    request: MemberRequest, basket: QuoteForm, form: SubscribeForm, *, apps: list[App]
) -> HttpResponse | None:
    """Subscribe and go to the first invoice; None when refused, with the reason beside the form."""
    given = form.cleaned_data
    try:
        _agreement, invoice = subscribe_service(
            customer=request.visit.customer,
            version=basket.offer.version,
            term=basket.chosen_term,
            options=basket.options,
            seats=basket.seats_wanted,
            labels=basket.labels,
            facts=basket.facts,
            coupon=basket.cleaned_data["coupon"],
            collection=given["collection"],
            app=next((app for app in apps if app.code == given["app"]), None),
            at=clock.now(),
            by=actor_of(request),
            key=given["key"],
        )
    except DomainError as error:
        form.add_error(None, str(error))
        return None
    plan = basket.offer.version.plan.name
    messages.success(
        request, _("You are subscribed to %(plan)s. This is the first invoice.") % {"plan": plan}
    )
    return redirect("invoice_detail", invoice.public_id)
