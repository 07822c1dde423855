"""Allowances and bought packs while one bill is rated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, Tree
from billing.audit.kit.timing import Span, ends_of_pack, starts_of_pack

FIRST, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Wanted = Callable[[datetime], Decimal]  # an instant of the period -> the pool units used before it


class Pack(NamedTuple):
    """Units the customer bought."""

    holding: str
    left: Decimal
    expires: datetime | None = None
    bought: datetime | None = None


class Pools:
    """What is left of every pool; looks at other periods have their own allowances, and no packs."""

    def __init__(self, rules: Tree, packs: Mapping[str, Sequence[Pack]], zone: ZoneInfo) -> None:
        self.rules, self.packs, self.zone = rules, packs, zone
        self.left: dict[tuple[str, str], Decimal] = {}
        self.others: dict[Span, Pools] = {}

    def aside(self, period: Span) -> "Pools":
        """Return the allowances as a look at another period finds them; charges there share them."""
        return self.others.setdefault(period, Pools(self.rules, {}, self.zone))

    def refill(self, pool: str, size: Decimal) -> None:
        """Fill the pool's own allowance, once."""
        self.left.setdefault((pool, ""), size)

    def take(self, pool: str, wanted: Decimal, period: Span, used: Wanted) -> Decimal:
        """Return how many units the pool covers: its allowance first, then packs in their order."""
        taken = min(wanted, self.left.get((pool, ""), ZERO))
        self.left[pool, ""] = self.left.get((pool, ""), ZERO) - taken
        for pack in self._packs(pool, period):
            key = (pool, pack.holding)
            left = self.left.get(key, pack.left)
            part = min(wanted - taken, left, self._covered(pool, pack, period, wanted, used) - taken)
            part = min(part, wanted - max(taken, self._earlier(pool, pack, period, used)))
            if part > 0:
                self.left[key] = left - part
                taken += part
        return taken

    def _covered(self, pool: str, pack: Pack, period: Span, wanted: Decimal, used: Wanted) -> Decimal:
        """Return what was used before the pack ended."""
        end = self._until(pool, pack)
        return used(end) if end < period[1] else wanted

    def _earlier(self, pool: str, pack: Pack, period: Span, used: Wanted) -> Decimal:
        """Return what was used before the pack begins to cover; what is taken already covers that first."""
        start = self._from(pool, pack)
        return used(start) if period[0] < start else ZERO

    def _packs(self, pool: str, period: Span) -> list[Pack]:
        live = [pack for pack in self.packs.get(pool, ()) if self._until(pool, pack) > period[0]]
        live = [pack for pack in live if self._from(pool, pack) < period[1]]
        by_purchase = self.rules[pool].get("order") == "first_bought"

        def place(pack: Pack) -> tuple[datetime, datetime, str]:
            ends, bought = self._until(pool, pack), pack.bought or FIRST
            return (bought, ends, pack.holding) if by_purchase else (ends, bought, pack.holding)

        return sorted(live, key=place)

    def _until(self, pool: str, pack: Pack) -> datetime:
        rule = self.rules[pool].get("expires")
        if pack.expires is None and rule and pack.bought:
            return ends_of_pack(rule, pack.bought, self.zone)
        return pack.expires or NEVER

    def _from(self, pool: str, pack: Pack) -> datetime:
        rule = self.rules[pool].get("covers_from")
        return starts_of_pack(rule, pack.bought, self.zone) if rule and pack.bought else FIRST
