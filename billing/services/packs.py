"""Packs: given or sold by staff, drawn by invoices, never beyond what is left."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from billing.drawing import Packs, drawn, packs_after
from billing.locks import lock_customers
from billing.models import Invoice, InvoiceLine, PackDraw, PackHolding
from billing.pack_errors import PackEndsTooEarly, PackPoolUnknown, PackReasonMissing, PackWithoutUnits
from billing.selectors_packs import packs_held
from billing.services.drafting import Draft
from billing.values import Draw
from plans.actor import Actor
from plans.history import changes
from plans.ids import new_id
from plans.models import PlanVersion
from plans.models.plans import VersionState
from plans.money import to_multiple
from subscriptions.errors import KeyReused
from subscriptions.models import Customer

MOST = Decimal(10) ** 15
PLACE = Decimal("0.000000000001")  # as fine as the columns keep


class PackStore:
    """What is left of some customers' packs while a batch of invoices draws on them.

    The customers are held by the caller, so nobody else draws before the batch is committed.
    """

    def __init__(self, customer_ids: Iterable[int], *, at: datetime) -> None:
        self._packs: dict[int, Packs] = dict(packs_held(set(customer_ids), at=at))

    def of(self, customer_id: int) -> Packs:
        """Return the packs of a customer by pool, with what is left of them now."""
        return self._packs.get(customer_id, {})

    def take(self, customer_id: int, draws: Iterable[Draw]) -> None:
        """Note draws; the next invoice of the batch sees what they leave."""
        self._packs[customer_id] = packs_after(self.of(customer_id), draws)


def grant_pack(
    *,
    customer: Customer,
    pool: str,
    quantity: Decimal,
    reason: str,
    bought_at: datetime | None = None,
    expires_at: datetime | None = None,
    key: str | None = None,
    at: datetime,
    by: Actor,
) -> PackHolding:
    """Give a customer units of a pool, bought at `at` unless given; a repeat with the same `key` is one pack.

    Raises PackPoolUnknown where no published plan draws from the pool, PackWithoutUnits, PackEndsTooEarly,
    PackReasonMissing, and KeyReused for another pack under the same key.
    """
    bought = bought_at or at
    with changes(by):
        lock_customers([customer.pk])
        if key and (known := PackHolding.objects.filter(customer=customer, key=key).first()):
            if (known.pool, known.quantity, known.expires_at) != (pool, quantity, expires_at):
                raise KeyReused
            return known
        _check(pool, quantity, bought, expires_at, reason=reason)
        return PackHolding.objects.create(
            customer=customer,
            pool=pool,
            quantity=quantity,
            bought_at=bought,
            expires_at=expires_at,
            reason=reason.strip()[:200],
            key=key or new_id("pack"),
            by=by.id,
        )


def _check(
    pool: str, quantity: Decimal, bought_at: datetime, expires_at: datetime | None, *, reason: str
) -> None:
    if not quantity.is_finite() or not 0 < quantity < MOST or quantity % PLACE:
        raise PackWithoutUnits(quantity=str(quantity)[:40])
    if expires_at is not None and expires_at <= bought_at:
        raise PackEndsTooEarly(expires_at=expires_at.isoformat(), bought_at=bought_at.isoformat())
    if not reason.strip():
        raise PackReasonMissing
    known = known_pools()
    if pool not in known:
        raise PackPoolUnknown(pool=pool[:64], known=", ".join(known[:20]) or "—")


def known_pools() -> list[str]:
    """Return the codes of the pools that published plans draw from."""
    rows = PlanVersion.objects.exclude(state=VersionState.DRAFT).values_list("terms__pools", flat=True)
    return sorted({pool for pools in rows if pools for pool in pools})


def store_draws(invoices: Sequence[Invoice], drafts: Sequence[Draft], lines: Sequence[InvoiceLine]) -> None:
    """Store what the lines of issued invoices drew; the database refuses more than a pack holds."""
    found = {(line.invoice_id, line.line_key): line for line in lines}
    rows = [
        (found[invoice.pk, line.key], holding, to_multiple(quantity, PLACE, "floor"))
        for invoice, draft in zip(invoices, drafts, strict=True)
        for line in draft.lines
        for holding, quantity in drawn(line.draws).items()
    ]
    if not rows:
        return
    keys = dict(
        PackHolding.objects.filter(public_id__in={holding for _line, holding, _quantity in rows}).values_list(
            "public_id", "pk"
        )
    )
    PackDraw.objects.bulk_create(
        PackDraw(holding_id=keys[holding], line=line, quantity=quantity)
        for line, holding, quantity in rows
        if quantity
    )
