"""Hand units that an award gives to the pool they belong to."""

from datetime import datetime

from billing.models import SlaGrant
from plans.actor import Actor


def hand_over(grant: SlaGrant, *, at: datetime, by: Actor) -> None:
    """Turn a grant of units into a pack the customer draws from; until packs are held, it stays due.

    With `billing.services.packs` it is: `grant_pack(customer=grant.customer, pool=grant.pool,
    quantity=grant.quantity, expires_at=grant.expires_at, key=f"sla:{grant.pk}", at=at, by=by,
    reason=str(grant))`, and the grant becomes applied.
    """
