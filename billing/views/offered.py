"""The plan an address names, as it is sold in the customer's currency; in which ones, where it is not."""

from datetime import datetime
from functools import wraps

from django.http import Http404, HttpResponse
from django.shortcuts import render

from plans.selectors import Offer, price_list
from subscriptions.models import Customer
from subscriptions.portal import MemberRequest, P, View


class OtherCurrency(Exception):  # noqa: N818
    """The plan is on sale, but not in the customer's currency."""

    def __init__(self, offer: Offer) -> None:
        super().__init__(offer.version.plan.code)
        self.offer = offer


def offer_of(customer: Customer, code: str, at: datetime) -> Offer:
    """Return the plan on sale in the customer's currency; OtherCurrency or 404 where there is none."""
    offers = price_list(at, currency=customer.currency, code=code)
    if offers:
        return offers[0]
    elsewhere = price_list(at, code=code)
    if elsewhere:
        raise OtherCurrency(elsewhere[0])
    raise Http404


def offered_here(view: View[P]) -> View[P]:
    """Say in which currencies a plan is sold where it is not sold in the customer's own."""

    @wraps(view)
    def page(request: MemberRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except OtherCurrency as other:
            offer = other.offer
            told = {
                "plan": offer.version.plan,
                "currencies": offer.terms.currencies,
                "currency": request.visit.customer.currency,
            }
            return render(request, "plans/other_currency.html", told, status=404)

    return page
