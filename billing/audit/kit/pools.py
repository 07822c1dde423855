"""Allowances and bought packs while one bill is rated."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, Tree
from billing.audit.kit.timing import Span, ends_of_pack, starts_of_pack

FIRST, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
Wanted = Callable[[datetime], Fraction]  # an instant of the period -> the pool units used before it


class Pack(NamedTuple):
    """Units the customer bought."""

    holding: str
    left: Fraction
    expires: datetime | None = None
    bought: datetime | None = None


class Pools:
    """What is left of every pool; looks at other periods have their own allowances, and no packs."""

    def __init__(self, rules: Tree, packs: Mapping[str, Sequence[Pack]], zone: ZoneInfo) -> None:
        self.rules, self.packs, self.zone = rules, packs, zone
        self.left: dict[tuple[str, str], Fraction] = {}
        self.others: dict[Span, Pools] = {}

    def aside(self, period: Span) -> "Pools":
        """Return the allowances as a look at another period finds them; charges there share them."""
        return self.others.setdefault(period, Pools(self.rules, {}, self.zone))

    def refill(self, pool: str, size: Fraction) -> None:
        """Fill the pool's own allowance, once."""
        self.left.setdefault((pool, ""), size)

    def take(self, pool: str, wanted: Fraction, period: Span, used: Wanted) -> Fraction:
        """Return how many units the pool covers: its allowance first, then packs in their order.

        A pack covers what was used while it covers, the earliest first.
        """
        packs = [Pack("", self.left.get((pool, ""), ZERO)), *self._packs(pool, period)]
        edges = {edge for pack in packs for edge in self._cover(pool, pack) if period[0] < edge < period[1]}
        open_units = self._units(sorted(edges), wanted, period, used)
        taken = ZERO
        for pack in packs:
            left = self.left.get((pool, pack.holding), pack.left)
            start, end = self._cover(pool, pack)
            for span in open_units:
                if start <= span[0] and span[1] <= end:
                    part = min(left, open_units[span])
                    open_units[span] -= part
                    left -= part
                    taken += part
            self.left[pool, pack.holding] = left
        return taken

    def _units(
        self, edges: list[datetime], wanted: Fraction, period: Span, used: Wanted
    ) -> dict[Span, Fraction]:
        """Return the units used between each two instants at which a pack begins or ends."""
        found, start, before = {}, period[0], ZERO
        for edge in edges:
            reached = max(before, min(wanted, used(edge)))
            found[start, edge] = reached - before
            start, before = edge, reached
        return {**found, (start, period[1]): wanted - before}

    def _cover(self, pool: str, pack: Pack) -> Span:
        """Return the span of usage a pack covers; the allowance covers all."""
        return (self._from(pool, pack), self._until(pool, pack)) if pack.holding else (FIRST, NEVER)

    def _packs(self, pool: str, period: Span) -> list[Pack]:
        held = [one for one in self.packs.get(pool, ()) if self.left.get((pool, one.holding), one.left) > 0]
        live = [pack for pack in held if self._until(pool, pack) > period[0]]
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
