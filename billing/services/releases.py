"""Publish a reviewed draft, and keep what was known about its reach."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime
from typing import Any

from billing.blast import Blast, Rated, Unrated, blast_of
from billing.blast_spread import Spread
from billing.models import ReleaseReview
from plans.actor import Actor
from plans.history import changes
from plans.models import PlanVersion
from plans.selectors import terms_of
from plans.services import publish_version


def publish_reviewed(
    version: PlanVersion,
    *,
    effective_at: datetime,
    expected_hash: str,
    reason: str,
    moves_existing: str | None = None,
    at: datetime,
    by: Actor,
) -> PlanVersion:
    """Publish the draft that `expected_hash` was reviewed as, and store the review; a repeat changes nothing.

    Raises what `publish_version` does; then nothing is stored.
    """
    with changes(by, reason=reason):
        done = publish_version(
            version,
            effective_at=effective_at,
            expected_hash=expected_hash,
            reason=reason,
            moves_existing=moves_existing,
            at=at,
            by=by,
        )
        if not ReleaseReview.objects.filter(version=done).exists():
            blast = blast_of(done, terms_of(done), at=at)
            ReleaseReview.objects.create(
                version=done,
                draft_hash=expected_hash,
                terms_hash=done.terms_hash,
                effective_at=effective_at,
                reach=reach_of(blast),
                deltas=deltas_of(blast),
                reviewer=by.id,
                at=at,
                reason=reason,
            )
    return done


def reach_of(blast: Blast) -> dict[str, Any]:
    """Return how many agreements a version concerns, for a JSON column."""
    rated = [*(one.reached for one in blast.rated), *(one.reached for one in blast.unrated)]
    everyone = [*blast.exempt, *blast.beyond, *rated]
    return {
        "live": blast.count,
        "exempt": len(blast.exempt),
        "rated": len(blast.rated),
        "unrated": len(blast.unrated),
        "beyond": len(blast.beyond),
        "by_version": dict(sorted(Counter(str(one.version) for one in everyone).items())),
    }


def deltas_of(blast: Blast) -> dict[str, Any]:
    """Return what moves by how much, for a JSON column; amounts are minor units."""
    return {
        "currencies": {one.currency: _spread(one) for one in blast.spreads},
        "rows": [*map(_row, blast.rated), *map(_row, blast.unrated)],
        "exempt": [
            {"subscription": one.subscription.public_id, "until": _instant(one.locked_until)}
            for one in blast.exempt
        ],
    }


def _spread(one: Spread) -> dict[str, Any]:
    figures = asdict(one)
    return {name: str(value) if name.endswith("percent") and value is not None else value
            for name, value in figures.items() if name != "currency"}  # fmt: skip


def _row(one: Rated | Unrated) -> dict[str, Any]:
    said = {"subscription": one.reached.subscription.public_id, "version": str(one.reached.version)}
    if isinstance(one, Unrated):
        return said | {"refused": one.reason.code}
    moved = one.moved
    return said | {"currency": moved.currency, "old": moved.old, "new": moved.new}


def _instant(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()
