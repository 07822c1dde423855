"""Shared allowances and prepaid packs while one rating runs; draws are proposals. PURE."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.packs import ALWAYS, covered
from billing.values import Draw, Pack
from plans.terms import Pool
from plans.timespan import Period

ZERO = Decimal(0)
_UTC = ZoneInfo("UTC")


@dataclass(frozen=True, slots=True)
class _Usable:
    """A pack (or the pool's own allowance, holding "") and the usage it may cover."""

    holding: str
    left: Decimal
    start: datetime
    end: datetime


@dataclass(slots=True)
class _Stretch:
    """A part of the period in which the same packs cover, and what was used in it and is not covered yet."""

    period: Period
    wanted: Decimal


@dataclass(slots=True)
class Pools:
    """What is left in each pool, and what was taken so far."""

    rules: Mapping[str, Pool]
    packs: Mapping[str, Sequence[Pack]]
    zone: ZoneInfo = _UTC
    left: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)
    others: dict[Period, "Pools"] = field(default_factory=dict)

    def aside(self, period: Period) -> "Pools":
        """Return the same allowances, untouched and without packs, for a look at another period.

        Charges that look at one period share it, so they draw in document order there too.
        """
        if period not in self.others:
            self.others[period] = Pools(self.rules, {}, self.zone)
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

        A pack covers only what was used while it covers: between two instants that is the growth of
        `used_by`. The earliest usage is covered first; usage without an instant lies at the start.
        """
        packs = self._usable(pool, period)
        stretches = _stretches(packs, period, wanted, used_by)
        taken = ZERO
        for pack in packs:
            part = _cover(stretches, pack)
            if part > 0:
                self.left[pool, pack.holding] = pack.left - part
                self.draws.append(Draw(pool, pack.holding, charge, part))
                taken += part
        return taken

    def _usable(self, pool: str, period: Period) -> list[_Usable]:
        """Return the allowance, then the packs that cover a part of the period, in the order they burn."""
        rule = self.rules[pool]
        found = []
        for pack in [Pack("", ZERO), *self._ordered(pool)]:
            start, end = covered(pack, rule, pool=pool, zone=self.zone)
            left = self.left.get((pool, pack.holding), pack.left)
            if start < period.end and end > period.start and left > 0:
                found.append(_Usable(pack.holding, left, start, end))
        return found

    def _ordered(self, pool: str) -> list[Pack]:
        rule = self.rules[pool]

        def order(pack: Pack) -> tuple[datetime, datetime, str]:
            times = covered(pack, rule, pool=pool, zone=self.zone)[1], pack.bought or ALWAYS
            return (*(reversed(times) if rule.order == "first_bought" else times), pack.holding)

        return sorted(self.packs.get(pool, ()), key=order)


def _stretches(
    packs: Sequence[_Usable], period: Period, wanted: Decimal, used_by: Callable[[datetime], Decimal]
) -> list[_Stretch]:
    """Cut the period where a pack begins or ceases to cover; the parts' usage adds up to `wanted`."""
    inside = {edge for pack in packs for edge in (pack.start, pack.end) if period.start < edge < period.end}
    edges = [period.start, *sorted(inside), period.end]
    found, before = [], ZERO
    for start, end in pairwise(edges):
        reached = wanted if end == period.end else max(before, min(wanted, used_by(end)))
        found.append(_Stretch(Period(start, end), reached - before))
        before = reached
    return found


def _cover(stretches: Sequence[_Stretch], pack: _Usable) -> Decimal:
    """Take from the stretches a pack covers, the earliest first; return how much."""
    taken = ZERO
    for one in stretches:
        if pack.start <= one.period.start and one.period.end <= pack.end:
            part = min(one.wanted, pack.left - taken)
            one.wanted -= part
            taken += part
    return taken
