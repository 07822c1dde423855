"""Shared allowances and prepaid packs while one rating runs; draws are proposals. PURE."""

from collections.abc import Callable, Mapping, Sequence
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
    others: dict[Period, "Pools"] = field(default_factory=dict)

    def aside(self, period: Period) -> "Pools":
        """Return the same allowances, untouched and without packs, for a look at another period.

        Charges that look at one period share it, so they draw in document order there too.
        """
        if period not in self.others:
            self.others[period] = Pools(self.rules, {})
        return self.others[period]

    def open_allowance(self, pool: str, size: Decimal) -> None:
        """Fill the pool's own allowance once; it burns before any pack."""
        self.left.setdefault((pool, ""), size)

    def take(
        self,
        pool: str,
        wanted: Decimal,
        *,
        charge: str,
        period: Period,
        used_by: Callable[[datetime], Decimal],
    ) -> Decimal:
        """Return how much of `wanted` the pool covers, in pool units, and note the draws.

        A pack covers no more than what was used before it expired: `used_by(instant)`.
        """
        taken = ZERO
        for pack in [Pack("", ZERO), *self._usable(pool, period)]:
            key = (pool, pack.holding)
            part = min(wanted - taken, self.left.get(key, pack.left))
            if pack.expires is not None and pack.expires < period.end:
                part = min(part, used_by(pack.expires) - taken)
            if part > 0:
                self.left[key] = self.left.get(key, pack.left) - part
                self.draws.append(Draw(pool, pack.holding, charge, part))
                taken += part
        return taken

    def _usable(self, pool: str, period: Period) -> list[Pack]:
        order = self.rules[pool].order
        packs = self.packs.get(pool, ())
        usable = (pack for pack in packs if pack.expires is None or pack.expires > period.start)
        return sorted(usable, key=lambda pack: _order(pack, order))


def _order(pack: Pack, order: str) -> tuple[datetime, datetime, str]:
    expires, bought = pack.expires or _NEVER, pack.bought or _FIRST
    return (bought, expires, pack.holding) if order == "first_bought" else (expires, bought, pack.holding)
