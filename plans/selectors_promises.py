"""What a published version promised with its tiers; later edits of a tier do not reach it."""

from plans.models import PlanVersion, SlaTier, SupportTier
from plans.promises import sla_promise, support_promise
from plans.sla_terms import SlaPromise
from plans.support_terms import SupportPromise

SLA, SUPPORT = "sla.", "support."


def sla_promise_of(version: PlanVersion, code: str) -> SlaPromise | None:
    """Return what a version promised with an SLA tier; None for a tier nobody knows.

    A version that froze no promise was published when there was one kind only: its tier's target, judged
    by calendar month and credited without being asked for.
    """
    found = sla_promise(version.promises, SLA + code)
    if found is not None:
        return found
    tier = SlaTier.objects.filter(code=code).first()
    return None if tier is None else unfrozen(tier)


def unfrozen(tier: SlaTier) -> SlaPromise:
    """Return the promise of a version that froze none."""
    return SlaPromise(target=format(tier.target.normalize(), "f"))


def shown_sla(version: PlanVersion, tier: SlaTier) -> SlaPromise:
    """Return what the price list says of a tier: what is frozen with the version, without a query."""
    return sla_promise(version.promises, SLA + tier.code) or unfrozen(tier)


def shown_support(version: PlanVersion, tier: SupportTier) -> SupportPromise:
    """Return the same of a support tier."""
    return support_promise(version.promises, SUPPORT + tier.code) or SupportPromise(
        channels=list(tier.channels), response_minutes=dict(tier.response_minutes), hours=tier.hours
    )
