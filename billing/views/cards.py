"""The card on file: shown, and added through the payment provider's hosted page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import selectors
from billing.services import payments
from plans import clock
from plans.errors import DomainError
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page


@require_safe
@member_page(*MONEY)
def payment_method(request: MemberRequest) -> HttpResponse:
    """Show the card that invoices are charged to."""
    customer = request.visit.customer
    page = {"card": selectors.card_of(customer), "open_balance": selectors.open_balance(customer)}
    return render(request, "billing/payment_method.html", page)


@require_POST
@member_page(*MONEY)
def payment_method_add(request: MemberRequest) -> HttpResponse:
    """Go to the hosted page where a card is entered; no card number ever reaches this site."""
    done = request.build_absolute_uri(reverse("payment_method_done"))
    try:
        url = payments.start_card_setup(
            request.visit.customer,
            success_url=f"{done}?session_id={{CHECKOUT_SESSION_ID}}",
            cancel_url=request.build_absolute_uri(reverse("payment_method")),
            at=clock.now(),
            by=actor_of(request),
        )
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("payment_method")
    return redirect(url)


@require_safe
@member_page(*MONEY)
def payment_method_done(request: MemberRequest) -> HttpResponse:
    """Come back from the hosted page: take the card over and say so."""
    session = request.GET.get("session_id", "")
    try:
        card = payments.finish_card_setup(request.visit.customer, session_id=session, at=clock.now())
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("payment_method")
    if card is None:
        messages.info(request, _("No card was added. You can try again at any time."))
    else:
        messages.success(
            request,
            _("The card ending in %(last4)s is on file; open invoices are charged to it.")
            % {"last4": card.last4},
        )
    return redirect("payment_method")
