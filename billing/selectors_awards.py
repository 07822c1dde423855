"""Reads of judged windows for the portal: what was promised, measured, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from billing.explain_sla import assessment_sentences
from billing.explain_tree import Explained
from billing.models import AwardState, SlaAssessment, SlaAward, SlaCredit, SlaForm, SlaGrant
from billing.selectors_sla import PREFIX
from plans.models import PlanVersion, SlaTier
from plans.selectors_promises import shown_sla
from plans.sla_terms import SlaPromise
from subscriptions.models import Subscription
from subscriptions.selectors import held_options, phase_at

MOST = 36  # windows on the page


@dataclass(frozen=True, slots=True)
class Judgement:
    """The latest judgement of one window and its award; windows of before awards have none."""

    assessment: SlaAssessment
    award: SlaAward | None
    reasons: Sequence[Explained]
    claimable: bool

    @property
    def missed(self) -> bool:
        """Whether less was measured than was promised."""
        return bool(self.assessment.availability < self.assessment.target)


@dataclass(frozen=True, slots=True)
class Voucher:
    """What is left of a voucher, in minor units."""

    credit: SlaCredit
    left: int


@dataclass(frozen=True, slots=True)
class Held:
    """The tier an agreement holds now, and what its version promised with it."""

    tier: SlaTier
    promise: SlaPromise


def promise_held(subscription: Subscription, at: datetime) -> Held | None:
    """Return what is promised now; None where no SLA tier is held."""
    phase = phase_at(subscription, at)
    held = [one for one in held_options(subscription, at) if one.startswith(PREFIX)]
    tier = SlaTier.objects.filter(code=held[0].removeprefix(PREFIX)).first() if held else None
    if phase is None or tier is None:
        return None
    version: PlanVersion = phase.plan_version
    return Held(tier, shown_sla(version, tier))


def judgements(subscription: Subscription, at: datetime) -> list[Judgement]:
    """Return the windows judged so far, newest first, each once with its latest revision."""
    rows = SlaAssessment.objects.filter(subscription=subscription).select_related("customer")
    latest: dict[tuple[str, datetime], SlaAssessment] = {}
    for row in rows.order_by("-window", "-revision"):
        latest.setdefault((row.sla_code, row.window.lower), row)
    awards = {
        (one.sla_code, one.starts_at): one for one in SlaAward.objects.filter(subscription=subscription)
    }
    return [
        Judgement(row, awards.get(key), assessment_sentences(row), _claimable(awards.get(key), at))
        for key, row in list(latest.items())[:MOST]
    ]


def _claimable(award: SlaAward | None, at: datetime) -> bool:
    return (
        award is not None
        and award.state == AwardState.UNCLAIMED
        and award.claim_by is not None
        and at < award.claim_by
    )


def vouchers(subscription: Subscription, at: datetime) -> list[Voucher]:
    """Return the vouchers that still hold something, those that end first first."""
    rows = SlaCredit.objects.filter(subscription=subscription, expires_at__gt=at, amount__gt=0)
    rows = rows.annotate(drawn=Coalesce(Sum("draws__amount"), 0)).filter(~Q(drawn=F("amount")))
    return [Voucher(row, row.amount - row.drawn) for row in rows.order_by("expires_at", "pk")]


def extra_days(subscription: Subscription) -> Decimal:
    """Return the days given and not yet added to the agreement's end."""
    rows = SlaGrant.objects.filter(
        subscription=subscription, form=SlaForm.EXTRA_DAYS, state=SlaGrant.State.DUE
    )
    return Decimal(rows.aggregate(sum=Coalesce(Sum("quantity"), Decimal(0)))["sum"])
