"""Agreements with what they come to: moves to newer versions, and leaving early."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing.forms import LeaveForm
from billing.selectors_gather import billable
from billing.selectors_moves import coming_moves
from billing.services import leaving
from plans import clock
from plans.errors import DomainError
from plans.templatetags.figures import money
from subscriptions.models import Subscription
from subscriptions.overview import agreement_rows
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page
from subscriptions.selectors import subscriptions_of


@require_safe
@member_page()
def subscription_list(request: MemberRequest) -> HttpResponse:
    """Show every agreement: what it is on now, what it holds, what is coming, when it ends."""
    at = clock.now()
    rows = agreement_rows(request.visit.customer, at)
    moves = coming_moves((row.agreement for row in rows if row.is_live), at)
    pairs = [(row, moves.get(row.agreement.pk)) for row in rows]
    return render(request, "subscriptions/subscription_list.html", {"rows": pairs})


@member_page(*MONEY)
def subscription_leave(request: MemberRequest, public_id: str) -> HttpResponse:
    """Show what leaving an annual term early gives back; POST does exactly that."""
    at = clock.now()
    rows = billable(subscriptions_of(request.visit.customer))
    agreement: Subscription = get_object_or_404(rows, public_id=public_id)
    try:
        shown = leaving.settlement(agreement, at=at)
    except DomainError as error:
        messages.error(request, str(error))
        return redirect("subscription_list")
    form = LeaveForm(request.POST or None, initial={"refund": shown.refund})
    if request.method == "POST" and form.is_valid():
        try:
            done = leaving.leave_early(
                agreement, expected=form.cleaned_data["refund"], at=at, by=actor_of(request)
            )
        except DomainError as error:
            messages.error(request, str(error))
            return redirect("subscription_leave", public_id)
        said = _("The subscription ends with this month. Nothing is paid back.")
        if done.refund:
            said = _("The subscription ends with this month. %(amount)s is in your credit.")
        messages.success(request, said % {"amount": money(done.refund, done.currency)})
        return redirect("subscription_list")
    row = agreement_rows(request.visit.customer, at, only=agreement)[0]
    return render(request, "billing/leave.html", {"row": row, "shown": shown, "form": form})
