"""The pools of the terms that customers are or were on: their rules, and what they are called."""

from collections.abc import Collection, Iterable
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from billing.drawing import drawing_meters
from billing.models import PackHolding
from billing.packs import NEVER, covered
from billing.values import Pack
from plans.models import Meter
from plans.selectors import terms_of
from plans.terms import Document, Pool
from subscriptions.models import SubscriptionPhase
from subscriptions.selectors import zone_of

Pools = dict[int, dict[str, Document]]  # customer -> pool -> the latest terms that have it


def pools_of(customer_ids: Collection[int]) -> Pools:
    """Return, by customer and pool, the latest terms of an agreement that have the pool; one query."""
    phases = SubscriptionPhase.objects.filter(subscription__customer__in=list(customer_ids))
    found: Pools = {}
    for phase in phases.select_related("plan_version", "subscription").order_by("span"):
        document = terms_of(phase.plan_version).document
        known = found.setdefault(phase.subscription.customer_id, {})
        known |= dict.fromkeys(document.pools, document)
    return found


def pool_ends(holdings: Iterable[PackHolding], pools: Pools) -> dict[int, datetime | None]:
    """Return when each pack ends, by its own date or by its pool's rule; None: never."""
    found: dict[int, datetime | None] = {}
    for one in holdings:
        document = pools.get(one.customer_id, {}).get(one.pool)
        rule = Pool() if document is None else document.pools[one.pool]
        pack = Pack(one.public_id, one.quantity, one.expires_at, one.bought_at)
        end = covered(pack, rule, pool=one.pool, zone=zone_of(one.customer))[1]
        found[one.pk] = None if end == NEVER else end
    return found


def pool_names(pools: dict[str, Document]) -> dict[str, str]:
    """Return what customers call pools: by the meters they serve, as pools have no name; one query."""
    served = {pool: drawing_meters(document, [pool]) for pool, document in pools.items()}
    rows = Meter.objects.filter(code__in=set().union(*served.values())) if pools else []
    names = {row.code: row.name for row in rows}
    return {
        pool: prepaid([names[code] for code in sorted(codes) if code in names])
        for pool, codes in served.items()
    }


def prepaid(meters: Collection[str]) -> str:
    """Return the words for prepaid units of some meters, or of ones that nobody named."""
    if not meters:
        return _("your prepaid units")
    return _("%(meters)s, prepaid") % {"meters": pgettext("between items of a list", ", ").join(meters)}
