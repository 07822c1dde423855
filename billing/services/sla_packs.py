"""Hand units that an award gives to the pool they belong to."""

from datetime import datetime

from billing.models import SlaGrant
from billing.pack_errors import PackPoolUnknown
from billing.services.packs import grant_pack
from plans.actor import Actor


def hand_over(grant: SlaGrant, *, at: datetime, by: Actor) -> None:
    """Turn a grant of units into a pack the customer draws from; a repeat finds the pack there.

    Where no published plan draws from the pool any more the grant stays due, for staff to see.
    """
    try:
        grant_pack(
            customer=grant.customer,
            pool=grant.pool,
            quantity=grant.quantity,
            expires_at=grant.expires_at,
            reason=str(grant),
            key=f"sla:{grant.pk}",
            at=at,
            by=by,
        )
    except PackPoolUnknown:
        return
    grant.state = SlaGrant.State.APPLIED
    grant.save(update_fields=["state"])
