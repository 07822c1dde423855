"""Which charges never fall when a customer uses more: what the grammar promises by its form alone. PURE.

A charge is monotone when nothing in it takes away: no credit, no `minus`, no `included` or `over` by
something that grows with usage, no bands whose amount falls at an edge, no take that may fall when a
value is added. All numbers given from outside are taken to be zero or more. The answer is careful: no
means "not by its form", not "it falls".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from plans import terms as t
from plans.money import exact
from plans.tariff import Band
from plans.terms_walk import is_literal, names_in, reachable_names, spends_in, walk

_GROWING = frozenset({"sum", "count", "distinct", "max", "nth_highest", "time_average"})
_EITHER_WAY = ("plus", "times", "at_least", "at_most")  # grow with their operand
_AGAINST = ("included", "over")  # fall when their operand grows


def monotone_charges(document: t.Document) -> frozenset[str]:
    """Return the codes of the charges that never fall with more usage."""
    judge = _Judge(document)
    for charge in document.charges:
        if judge.keeps(charge):
            judge.found.add(charge.code)
    return frozenset(judge.found)


@dataclass(frozen=True, slots=True)
class Fall:
    """An edge of a tariff above which the whole costs less than at it, exactly, in the terms' currency."""

    charge: str
    path: str
    edge: Decimal
    at_edge: Decimal
    above: Decimal


def falling_edges(document: t.Document) -> list[Fall]:
    """Return where one unit more makes the price of a charge fall; only prices that are literals are seen."""
    found = []
    for index, charge in enumerate(document.charges):
        for path, part in walk(charge, f"charges[{index}]"):
            if isinstance(part, t.Tariff) and part.bands and part.mode != "graduated" and part.by is None:
                found += [Fall(charge.code, path, *one) for one in _falls(part)]
    return found


def _falls(tariff: t.Tariff) -> Iterator[tuple[Decimal, Decimal, Decimal]]:
    try:
        with exact():
            edges = list(_edges([_band(tariff, band) for band in tariff.bands or []]))
            for pair, low in edges:
                at_edge, above = _amounts(tariff.mode, pair, low)
                if above < at_edge:
                    yield pair[0].edge or Decimal(0), at_edge, above
    except (ValueError, ArithmeticError):
        return


class _Judge:
    def __init__(self, document: t.Document) -> None:
        self.document = document
        self.found: set[str] = set()

    def keeps(self, charge: t.Charge) -> bool:
        if charge.credit or charge.resets is not None:
            return False  # a bill that shows what a month has added depends on what was before it
        return self.number(charge.of) and self.steps(charge.steps)

    def number(self, value: str | t.Formula) -> bool:
        """Return whether a number never falls."""
        if isinstance(value, str):
            return is_literal(value) or self.name(value)
        if value.spend is not None:
            return self.spend(value.spend)
        if value.pick is not None:
            cases = [*(value.cases or {}).values(), *([value.otherwise] if value.otherwise else [])]
            return all(self.number(part) for part in cases)
        if value.of is not None:
            return self.number(value.of) and self.steps(value.steps or [])
        return self.formula(value)

    def name(self, name: str) -> bool:
        if name in self.document.meters:
            return self.meter(self.document.meters[name])
        return name not in self.document.numbers or self.number(self.document.numbers[name])

    def meter(self, meter: t.Meter) -> bool:
        takes = {stage.take for stage in meter.reduce}
        inner = all(self.steps(stage.steps) for stage in meter.reduce)
        return takes <= _GROWING and inner and self.steps(meter.steps)

    def spend(self, names: list[str]) -> bool:
        """A sum of charges keeps rising when each of them does."""
        seen = {c.code for c in self.document.charges if c.code in names or set(c.tags) & set(names)}
        return seen <= self.found

    def formula(self, value: t.Formula) -> bool:
        if value.minus is not None:
            return False
        for word in (*_EITHER_WAY, *_AGAINST):
            operands = getattr(value, word)
            if operands is not None:
                first, *others = operands
                rest = self.number if word in _EITHER_WAY else self.is_fixed
                return self.number(first) and all(rest(other) for other in others)
        return True

    def is_fixed(self, value: str | t.Formula) -> bool:
        """Return whether usage cannot change a number."""
        names = reachable_names(self.document, value)
        spends = spends_in(value) | {
            name for part in names for name in spends_in(self.document.numbers.get(part))
        }
        return not spends and not names & self.document.meters.keys()

    def steps(self, steps: Iterable[t.Step]) -> bool:
        return all(self.step(step) for step in steps)

    def step(self, step: t.Step) -> bool:
        if step.minus is not None:
            return False
        for word in _EITHER_WAY:
            if getattr(step, word) is not None:
                return self.number(getattr(step, word))
        for word in _AGAINST:
            if getattr(step, word) is not None:
                return self.is_fixed(getattr(step, word))
        tariff = step.price or step.table
        return tariff is None or self.tariff(tariff)

    def tariff(self, tariff: t.Tariff) -> bool:
        if tariff.pick is not None:
            cases = [*(tariff.cases or {}).values(), *([tariff.otherwise] if tariff.otherwise else [])]
            return all(self.tariff(part) for part in cases)
        if not self.is_fixed_tariff(tariff):
            return False
        if tariff.bands is None or tariff.mode == "graduated":
            return True
        return tariff.by is None and _rises(tariff)

    def is_fixed_tariff(self, tariff: t.Tariff) -> bool:
        return not any(
            name in self.document.meters or not self.is_fixed(name) for name in names_in(tariff) if name
        ) and not spends_in(tariff)


def _rises(tariff: t.Tariff) -> bool:
    """Return whether no band starts below what the one before it has reached; formulas are not looked at."""
    try:
        with exact():
            edges = _edges([_band(tariff, band) for band in tariff.bands or []])
            amounts = [_amounts(tariff.mode, pair, low) for pair, low in edges]
    except (ValueError, ArithmeticError):
        return False
    return all(above >= at_edge for at_edge, above in amounts)


def _edges(bands: list[Band]) -> Iterable[tuple[tuple[Band, Band], Decimal]]:
    """Yield each pair of neighbours with the lower edge of the first; what is to ask for has no price."""
    low = Decimal(0)
    for lower, upper in pairwise(bands):
        if not upper.ask:
            yield (lower, upper), low
        low = lower.edge or low


def _amounts(mode: str | None, pair: tuple[Band, Band], low: Decimal) -> tuple[Decimal, Decimal]:
    """Return the money at the edge between two bands, and just above it."""
    lower, upper = pair
    edge = lower.edge or Decimal(0)
    if mode == "bracket":
        return lower.amount(edge - low), upper.amount(Decimal(0))
    return lower.amount(edge), upper.amount(edge)


def _band(tariff: t.Tariff, band: t.Band) -> Band:
    """Return a band of literals; ValueError or ArithmeticError where one is a formula."""
    edge = band.upto if band.below is None else band.below
    given = {name: getattr(band, name) or getattr(tariff, name) for name in ("each", "per", "flat", "times")}
    if any(isinstance(value, t.Formula) for value in (*given.values(), edge)):
        raise ValueError
    numbers = {name: Decimal(value) for name, value in given.items() if value is not None}
    return Band(
        edge=None if edge is None else Decimal(str(edge)),
        closed=band.below is None,
        ask=band.ask,
        partial=band.partial or tariff.partial,
        **numbers,
    )
