"""Which agreements go to a newer version at their next renewal, and what keeps one from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q

from plans.models import PlanVersion
from plans.models.plans import MovesExisting, VersionState
from plans.selectors import terms_of
from subscriptions.anchors import edge_at, index_at
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.moves import (
    Edition,
    Holdings,
    hindrances,
    locked_beyond,
    renewal_months,
    sold_at,
)
from subscriptions.selectors import zone_of

LOOK_AHEAD = 60  # months in which a coming move is announced


@dataclass(frozen=True, slots=True)
class Move:
    """One agreement's way to a newer version: at the renewal `edge`, unless something hinders it."""

    phase: SubscriptionPhase
    edge: datetime
    version: PlanVersion
    hindered_by: Sequence[tuple[str, str]]  # kind and name of what the version has no price for


class Movers:
    """The versions that existing subscribers move to, read once for any number of agreements.

    Agreements are expected with their phases (and versions), add-ons and seat changes read.
    """

    def __init__(self, plan_ids: Iterable[int]) -> None:
        rows = PlanVersion.objects.exclude(state=VersionState.DRAFT).filter(
            Q(archived_at__isnull=True) | Q(archived_at__gt=F("effective_at")),
            plan__in=moving_plans(plan_ids),
        )
        self._versions = {row.pk: row for row in rows.select_related("plan")}
        self._editions: dict[int, list[Edition]] = {}
        for row in self._versions.values():
            if row.effective_at is not None:
                moves = row.moves_existing == MovesExisting.AT_RENEWAL
                one = Edition(row.pk, row.number, row.effective_at, row.archived_at, moves)
                self._editions.setdefault(row.plan_id, []).append(one)

    def move_at(self, agreement: Subscription, edge: datetime) -> Move | None:
        """Return the move that falls on one edge of the agreement's months, None where none does."""
        phase = _phase_before(agreement, edge)
        if phase is None or locked_beyond(phase.price_lock_until, edge):
            return None
        target = self._target(phase, edge)
        if target is None or not _is_renewal(agreement, phase.plan_version, target, edge):
            return None
        old, new = terms_of(phase.plan_version).document, terms_of(target).document
        return Move(phase, edge, target, hindrances(old, new, holdings_at(agreement, phase, edge)))

    def coming(self, agreement: Subscription, at: datetime) -> Move | None:
        """Return the first move after `at`, as known now."""
        if not any(phase.plan_version.plan_id in self._editions for phase in agreement.phases.all()):
            return None
        zone = zone_of(agreement.customer)
        k = index_at(agreement.anchor, zone, max(at, agreement.anchor)) + 1
        for step in range(LOOK_AHEAD):
            edge = edge_at(agreement.anchor, zone, k + step)
            if agreement.span.upper is not None and edge >= agreement.span.upper:
                return None
            if (move := self.move_at(agreement, edge)) is not None:
                return move
        return None

    def _target(self, phase: SubscriptionPhase, edge: datetime) -> PlanVersion | None:
        version = phase.plan_version
        sold = sold_at(self._editions.get(version.plan_id, ()), edge)
        newer = sold is not None and sold.moves and sold.number > version.number
        return self._versions[sold.key] if sold is not None and newer else None


def moving_plans(plan_ids: Iterable[int]) -> list[int]:
    """Return those of the plans that have a version which existing subscribers move to."""
    rows = PlanVersion.objects.filter(plan__in=set(plan_ids), moves_existing=MovesExisting.AT_RENEWAL)
    return list(rows.exclude(state=VersionState.DRAFT).values_list("plan", flat=True).distinct())


def _phase_before(agreement: Subscription, edge: datetime) -> SubscriptionPhase | None:
    """Return the phase that reaches over the edge; None where it ends or begins right there."""
    for phase in agreement.phases.all():
        if phase.span.lower < edge and (phase.span.upper is None or phase.span.upper > edge):
            return phase
    return None


def _is_renewal(agreement: Subscription, old: PlanVersion, new: PlanVersion, edge: datetime) -> bool:
    k = index_at(agreement.anchor, zone_of(agreement.customer), edge)
    documents = [terms_of(old).document, terms_of(new).document]
    return k > 0 and k % renewal_months(documents, agreement.term) == 0


def holdings_at(agreement: Subscription, phase: SubscriptionPhase, edge: datetime) -> Holdings:
    """Return what is held at the edge or later."""
    later = (one for one in agreement.add_ons.all() if one.span.upper is None or one.span.upper > edge)
    return Holdings(
        term=agreement.term,
        currency=agreement.currency,
        options=sorted({one.option for one in later}),
        seats=sum(one.delta for one in agreement.seat_changes.all() if one.at <= edge),
        labels=phase.labels,
        facts=phase.facts,
    )
