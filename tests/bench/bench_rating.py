"""`rating`: one graduated charge of five bands on compiled terms, the amount alone.

The limit is the plain way: walk the bands with Decimals. Absolute, in microseconds a charge: its gate is
loose, as it is a time and no ratio. Every amount is compared with fractions, and with its derivation.
"""

import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from billing.compile import compiled
from billing.derivation import reevaluate
from billing.numbers import Chain, Env
from billing.pools import Pools
from billing.values import Due
from plans.money import exact
from plans.terms import read_terms
from plans.timespan import Period
from tests.bench.contract import Entry, Side, interleaved, machine, spread_of

CHARGES = 20_000
EDGES = ["0", "1000", "10000", "100000", "1000000"]
PRICES = ["0.03", "0.02", "0.015", "0.01", "0.005"]
JUNE = Period(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC))


def run() -> Iterator[Entry]:
    """Measure, after every amount was checked."""
    charge, env, facts = _charge()
    quantities = _quantities()
    _verify(charge, env, facts, quantities)
    ours, limit, noisy = interleaved(_ours(charge, env, facts, quantities), _limit(quantities))
    ratios = [mine / theirs for mine, theirs in zip(ours, limit, strict=True)]
    mine, theirs = Side(ours, "µs"), Side(limit, "µs")
    yield Entry("rating", mine.median, "<=3", "<=1.5", mine, theirs, spread_of(ratios), noisy, machine())


def _charge() -> tuple[Chain, Env, dict[str, Decimal]]:
    bands = [{"upto": edge, "each": price} for edge, price in zip(EDGES[1:], PRICES, strict=False)]
    price = {"mode": "graduated", "bands": [*bands, {"each": PRICES[-1]}]}
    terms = read_terms(
        {
            "currency": "EUR",
            "facts": {"used": "units"},
            "charges": [{"code": "x", "of": "used", "steps": [{"price": price}]}],
        }
    )
    number = compiled(terms).charges["x"].number
    assert isinstance(number, Chain)
    facts: dict[str, Decimal] = {}
    env = Env(facts, {}, {}, Due("x", JUNE), ZoneInfo("UTC"), "EUR", Pools({}, {}), [])
    return number, env, facts


def _quantities() -> list[Decimal]:
    """Return quantities of every band, edges and fractions included."""
    rng = random.Random(20261124)
    drawn = [Decimal(rng.randrange(2 * 10**9)).scaleb(-rng.choice([0, 1, 3])) for _turn in range(CHARGES)]
    return [*map(Decimal, EDGES), *(Decimal(edge) + 1 for edge in EDGES), *drawn][:CHARGES]


def _verify(charge: Chain, env: Env, facts: dict[str, Decimal], quantities: list[Decimal]) -> None:
    with exact():
        for quantity in quantities:
            facts["used"] = quantity
            amount = charge.value(env)
            assert Fraction(amount) == _by_fractions(quantity), quantity
            tree = charge.explain(env)
            assert tree.output == amount == reevaluate(tree), quantity


def _by_fractions(quantity: Decimal) -> Fraction:
    edges = [*map(Fraction, EDGES), Fraction(quantity) + 1]
    parts = (max(Fraction(0), min(Fraction(quantity), high) - low) for low, high in pairwise(edges))
    return sum((part * Fraction(price) for part, price in zip(parts, PRICES, strict=True)), Fraction(0))


def _ours(
    charge: Chain, env: Env, facts: dict[str, Decimal], quantities: list[Decimal]
) -> Callable[[], float]:
    def timed() -> float:
        with exact():
            began = time.perf_counter()
            for quantity in quantities:
                facts["used"] = quantity
                charge.value(env)
            return (time.perf_counter() - began) / len(quantities) * 1e6

    return timed


def _limit(quantities: list[Decimal]) -> Callable[[], float]:
    edges = [*map(Decimal, EDGES[1:]), None]
    bands = list(zip(edges, map(Decimal, PRICES), strict=True))

    def timed() -> float:
        with exact():
            began = time.perf_counter()
            for quantity in quantities:
                _walked(bands, quantity)
            return (time.perf_counter() - began) / len(quantities) * 1e6

    return timed


def _walked(bands: list[tuple[Decimal | None, Decimal]], quantity: Decimal) -> Decimal:
    total, below = Decimal(0), Decimal(0)
    for edge, price in bands:
        top = quantity if edge is None or quantity < edge else edge
        total += (top - below) * price
        below = top
        if top == quantity:
            break
    return total
