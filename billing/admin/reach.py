"""Who has a plan now, version by version, and what publishing the next one does to them, in words."""

from django.db.models import Count
from django.utils.translation import gettext, ngettext

from plans.clock import now
from plans.models import PlanVersion
from subscriptions.models import SubscriptionPhase


def reach(version: PlanVersion, *, moves: bool) -> list[tuple[str, str]]:
    """Return who is pinned to which version of the plan now, and what becomes of them."""
    at = now()
    pinned = (
        SubscriptionPhase.objects.filter(plan_version__plan=version.plan_id, span__contains=at)
        .filter(subscription__span__contains=at)
        .values("plan_version__number")
        .annotate(
            subscriptions=Count("subscription", distinct=True),
            customers=Count("subscription__customer", distinct=True),
        )
        .order_by("plan_version__number")
    )
    facts = []
    for row in pinned:
        name = gettext("On %(plan)s v%(number)s now") % {
            "plan": version.plan.code,
            "number": row["plan_version__number"],
        }
        words = {"count": row["subscriptions"], "customers": row["customers"]}
        facts.append((name, _becomes(row["subscriptions"], moves=moves) % words))
    return facts or [(gettext("Reach"), gettext("Nobody has this plan."))]


def _becomes(count: int, *, moves: bool) -> str:
    if moves:
        return ngettext(
            "%(count)s live subscription of %(customers)s customers; it moves to this version at its next "
            "renewal, or when its price lock ends",
            "%(count)s live subscriptions of %(customers)s customers; they move to this version at their "
            "next renewal, or when their price lock ends",
            count,
        )
    return ngettext(
        "%(count)s live subscription of %(customers)s customers; it keeps its terms and prices",
        "%(count)s live subscriptions of %(customers)s customers; they keep their terms and prices",
        count,
    )
