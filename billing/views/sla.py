"""What was promised of an agreement's availability, what was measured, and what came of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing import selectors_awards
from billing.models import SlaAward
from billing.services import sla_awards
from plans import clock
from plans.errors import DomainError
from plans.promise_words import sla_words
from subscriptions.portal import MONEY, MemberRequest, actor_of, member_page
from subscriptions.selectors import subscriptions_of


@require_safe
@member_page(*MONEY)
def sla_page(request: MemberRequest, public_id: str) -> HttpResponse:
    """Show the promise, every window judged so far with its arithmetic, and what may be claimed."""
    at = clock.now()
    agreement = get_object_or_404(subscriptions_of(request.visit.customer), public_id=public_id)
    held = selectors_awards.promise_held(agreement, at)
    page = {
        "agreement": agreement,
        "held": held,
        "promise": sla_words(held.promise) if held else [],
        "rows": selectors_awards.judgements(agreement, at),
        "vouchers": selectors_awards.vouchers(agreement, at),
        "extra_days": selectors_awards.extra_days(agreement),
    }
    return render(request, "billing/sla.html", page)


@require_POST
@member_page(*MONEY)
def sla_claim(request: MemberRequest, public_id: str, pk: int) -> HttpResponse:
    """Ask for what a window earned; a second click changes nothing."""
    award = get_object_or_404(
        SlaAward, pk=pk, customer=request.visit.customer, subscription__public_id=public_id
    )
    try:
        claimed = sla_awards.claim(award.pk, at=clock.now(), by=actor_of(request))
    except DomainError as error:
        messages.error(request, str(error))
    else:
        waits = claimed.state == "pending"
        said = _("Claimed. Your provider looks at it first.") if waits else _("Claimed. It is yours now.")
        messages.success(request, said)
    return redirect("sla", public_id=public_id)
