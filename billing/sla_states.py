"""Where an award stands after each event: the transitions as one table. PURE."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FAIR = timedelta(days=7)  # so long at least a claim is open, however late its window was judged
OVER = frozenset({"rejected", "lapsed"})


@dataclass(frozen=True, slots=True)
class Standing:
    """What an event meets: something payable? claimed, or in no need of it? small enough or approved?"""

    payable: bool
    claimed: bool
    approved: bool


def after_judgement(state: str, now: Standing) -> str:
    """Return the state after a (corrected) judgement; what is over stays over."""
    if state in OVER:
        return state
    if not now.payable:
        return "granted" if state == "granted" else "nothing"
    if not now.claimed and state != "granted":
        return "unclaimed"
    return "granted" if now.approved else "pending"


def after_claim(now: Standing) -> str:
    """Return the state after the customer's claim."""
    return "granted" if now.approved else "pending"


def claim_ends(window_end: datetime, days: int, judged_at: datetime) -> datetime:
    """Return until when a window may be claimed: as promised, at least a week from its judgement."""
    return max(window_end + timedelta(days=days), judged_at + FAIR)
