"""Winners, losers and how far amounts move, by currency. PURE."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from plans.money import exact, to_multiple

TENTH = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Moved:
    """What one subscription paid for a period and would pay, in minor units of its currency."""

    currency: str
    old: int
    new: int

    @property
    def delta(self) -> int:
        """What it would pay more; negative where it would pay less."""
        return self.new - self.old

    @property
    def percent(self) -> Decimal | None:
        """The same in percent to a tenth; None where nothing was paid."""
        if not self.old:
            return None
        with exact():
            return to_multiple(Decimal(self.delta * 100) / abs(self.old), TENTH)


@dataclass(frozen=True, slots=True)
class Spread:
    """How one currency's amounts move. Percentiles are nearest ranks."""

    currency: str
    old: int
    new: int
    pay_more: int
    pay_less: int
    same: int
    p50: int  # minor units
    p95: int
    p50_percent: Decimal | None  # None where nobody paid anything
    p95_percent: Decimal | None

    @property
    def delta(self) -> int:
        """What all of them together would pay more."""
        return self.new - self.old


def spreads(moved: Iterable[Moved]) -> list[Spread]:
    """Return one spread for each currency, in the currencies' order."""
    found: dict[str, list[Moved]] = {}
    for one in moved:
        found.setdefault(one.currency, []).append(one)
    return [_spread(currency, rows) for currency, rows in sorted(found.items())]


def _spread(currency: str, rows: Sequence[Moved]) -> Spread:
    deltas = sorted(row.delta for row in rows)
    percents = sorted(row.percent for row in rows if row.percent is not None)
    return Spread(
        currency,
        sum(row.old for row in rows),
        sum(row.new for row in rows),
        sum(1 for delta in deltas if delta > 0),
        sum(1 for delta in deltas if delta < 0),
        sum(1 for delta in deltas if delta == 0),
        deltas[rank(50, len(deltas))],
        deltas[rank(95, len(deltas))],
        percents[rank(50, len(percents))] if percents else None,
        percents[rank(95, len(percents))] if percents else None,
    )


def rank(percentile: int, count: int) -> int:
    """Return the index of a percentile among `count` sorted values (at least one), by nearest rank."""
    return max(-(-percentile * count // 100) - 1, 0)
