"""What customers hold in packs, what is left of it, and where the rest went."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import InvoiceStatus, PackDraw, PackHolding
from billing.packs import NEVER
from billing.selectors_pools import pool_ends, pool_names, pools_of, prepaid
from billing.values import Pack
from plans.money import exact
from subscriptions.models import Customer

MEMORY = timedelta(days=400)  # a pack that ended before that covers no usage an invoice may still count
NONE = Value(Decimal(0))
COUNTED = ~Q(draws__line__invoice__status=InvoiceStatus.VOID)


def with_drawn(rows: QuerySet[PackHolding]) -> QuerySet[PackHolding]:
    """Add `drawn`: the units that invoices, not void ones, took from each pack."""
    return rows.annotate(drawn=Coalesce(Sum("draws__quantity", filter=COUNTED), NONE))


def packs_held(customer_ids: Collection[int], *, at: datetime) -> dict[int, dict[str, list[Pack]]]:
    """Return, by customer and pool, the packs of which something is left, in one query."""
    rows = with_drawn(PackHolding.objects.filter(customer__in=list(customer_ids)))
    rows = rows.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at - MEMORY), quantity__gt=F("drawn"))
    found: dict[int, dict[str, list[Pack]]] = {}
    for row in rows.order_by("pk"):
        left = row.quantity - row.drawn  # type: ignore[attr-defined]  # the annotation
        pack = Pack(row.public_id, left, row.expires_at, row.bought_at)
        found.setdefault(row.customer_id, {}).setdefault(row.pool, []).append(pack)
    return found


@dataclass(frozen=True, slots=True)
class DrawRow:
    """One draw as the portal shows it: units before, taken, after."""

    draw: PackDraw
    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True)
class PackRow:
    """One pack as the portal shows it."""

    holding: PackHolding
    name: str  # of its pool, by what it serves
    left: Decimal
    ends_at: datetime | None  # by its own date or by its pool's rule; None: never
    ended: bool
    draws: tuple[DrawRow, ...]


def pack_rows(customer: Customer, at: datetime) -> list[PackRow]:
    """Return a customer's packs with their draws, those that end first on top, ended ones last."""
    rows = PackHolding.objects.filter(customer=customer).select_related("customer")
    holdings = list(rows.prefetch_related("draws__line__invoice"))
    pools = pools_of([customer.pk]) if holdings else {}
    names, ends = pool_names(pools.get(customer.pk, {})), pool_ends(holdings, pools)
    found = []
    for holding in holdings:
        draws, end = _draws(holding), ends[holding.pk]
        left = draws[-1].after if draws else holding.quantity
        name = names.get(holding.pool) or prepaid([])
        found.append(PackRow(holding, name, left, end, end is not None and end <= at, draws))
    return sorted(found, key=lambda row: (row.ended, row.ends_at or NEVER, row.holding.pk))


def _draws(holding: PackHolding) -> tuple[DrawRow, ...]:
    found: list[DrawRow] = []
    left = holding.quantity
    counted = [one for one in holding.draws.all() if one.line.invoice.status != InvoiceStatus.VOID]
    for draw in sorted(counted, key=lambda one: one.pk):
        with exact():
            after = left - draw.quantity
        found.append(DrawRow(draw, left, after))
        left = after
    return tuple(found)
