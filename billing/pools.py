"""Shared allowances and prepaid packs while one rating runs; draws are proposals. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal

from billing.values import Draw, Pack
from plans.terms import Pool
from plans.timespan import Period

ZERO = Decimal(0)
_NEVER = datetime.max.replace(tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Pools:
    """What is left in each pool, and what was taken so far."""

    rules: Mapping[str, Pool]
    packs: Mapping[str, Sequence[Pack]]
    left: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)

    def open_allowance(self, pool: str, size: Decimal) -> None:
        """Fill the pool's own allowance once; it burns before any pack."""
        self.left.setdefault((pool, ""), size)

    def take(self, pool: str, wanted: Decimal, *, charge: str, period: Period) -> Decimal:
        """Return how much of `wanted` the pool covers, in pool units, and note the draws."""
        taken = ZERO
        for holding, at_most in self._holdings(pool, period):
            part = min(wanted - taken, self.left.get((pool, holding), at_most))
            if part > 0:
                self.left[pool, holding] = self.left.get((pool, holding), at_most) - part
                self.draws.append(Draw(pool, holding, charge, part))
                taken += part
        return taken

    def _holdings(self, pool: str, period: Period) -> list[tuple[str, Decimal]]:
        order = self.rules[pool].order
        usable = [
            pack for pack in self.packs.get(pool, ()) if pack.expires is None or pack.expires > period.start
        ]
        usable.sort(key=lambda pack: _order(pack, order))
        return [("", ZERO), *((pack.holding, pack.left) for pack in usable)]


def _order(pack: Pack, order: str) -> tuple[datetime, datetime, str]:
    expires, bought = pack.expires or _NEVER, pack.bought or _FIRST
    return (bought, expires, pack.holding) if order == "first_bought" else (expires, bought, pack.holding)
