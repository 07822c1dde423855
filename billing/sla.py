"""One window of one availability promise: what was measured, what was paid for it, the credit. PURE.

The fee of a window is what the base lines charged for the time they share with it: a base line
whose service period is the window counts whole, one that reaches over it by the share of its true
length. A discount counts by the part of it that was given on base lines, so the cap is what was paid.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.derivation import Node
from billing.sla_measure import Away, Measure, Measured, Part, parts, unreported, within
from billing.values import Context, Due, RatedFigure
from plans.money import exact, split_minor, to_minor, to_multiple
from plans.ratio import quotient
from plans.terms import Document
from plans.timespan import Period

__all__ = [
    "Away",
    "Judged",
    "Measure",
    "Measured",
    "Paid",
    "Part",
    "capped",
    "counted_units",
    "facts_of",
    "fee_of",
    "figure_of",
    "on_base",
    "parts",
    "question",
    "shares",
    "unreported",
    "within",
]

SHOWN = Decimal("0.00000001")  # availability is kept to eight places; credits use the exact quotient
PLACES = Decimal("0.000001")  # of days and units


@dataclass(frozen=True, slots=True)
class Paid:
    """A line that paid for time: minor units for a period, credits negative."""

    period: Period
    amount: int


def fee_of(lines: Iterable[Paid], window: Period) -> int:
    """Return what was charged for the window, in minor units; each line by the share it overlaps."""
    with exact():
        whole = Decimal(0)
        for line in lines:
            shared = line.period.overlap(window)
            if shared is not None:
                whole += quotient(line.amount * shared.microseconds, line.period.microseconds)
        return max(int(to_multiple(whole, Decimal(1))), 0)


def on_base(amount: int, tree: Node, base: Container[str]) -> int:
    """Return the part of a discount (minor units) that was given on base lines of the sum it is of."""
    summed = _first_spend(tree)
    if summed is None or not summed.output:
        return 0
    with exact():
        given = sum((leaf.output for leaf in summed.children if leaf.argument["key"] in base), Decimal(0))
        return int(to_multiple(quotient(amount * given, summed.output), Decimal(1)))


def _first_spend(tree: Node) -> Node | None:
    if tree.word == "spend":
        return tree
    return next((found for child in tree.children if (found := _first_spend(child)) is not None), None)


def shares(fee: int, measured: Sequence[Part]) -> list[int]:
    """Share the fee among apps and regions by what was measured there; equally where units differ."""
    units = {part.unit for part in measured}
    same = len(units) == 1 and any(part.total for part in measured)
    weights: list[Decimal | int] = [part.total if same else 1 for part in measured]
    return split_minor(fee, weights)


def figure_of(document: Document, option: str) -> str | None:
    """Return the code of the figure that a tier brought into the terms."""
    codes = [figure.code for figure in document.figures if option in figure.held]
    return option if option in codes else next(iter(codes), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One part with its fee and credit in minor units, or the quantity it gives."""

    part: Part
    fee: int
    amount: int
    derivation: Node
    quantity: Decimal = Decimal(0)


def capped(part: Part, fee: int, figure: RatedFigure) -> Judged:
    """Return the part's credit in minor units: never below nothing, never above its fee."""
    amount = min(max(to_minor(figure.amount, figure.unit), 0), fee)
    return Judged(part, fee, amount, figure.derivation)


def counted_units(part: Part, fee: int, figure: RatedFigure) -> Judged:
    """Return the part's days or units, to six places, never below nothing."""
    quantity = to_multiple(max(figure.amount, Decimal(0)), PLACES, "floor")
    return Judged(part, fee, 0, figure.derivation, quantity)


def question(window: Period, code: str) -> Due:
    """Return what the figure is rated for."""
    return Due(code, window)


def facts_of(context: Context, part: Part, fee: Decimal, *, days: int = 0) -> Context:
    """Return the context in which the tier's figure is rated: fee, availability, outages, and the place."""
    facts = {
        **context.facts,
        "fee": fee,
        "availability": part.availability,
        "failed_minutes": part.failed_minutes,
        "period_minutes": part.minutes,
        "excluded_minutes": part.excluded_minutes,
        "longest_outage": part.longest,
        "outages": Decimal(part.outages),
        "period_days": Decimal(days),
    }
    labels = {**context.labels, "app": part.app, "region": part.region}
    return replace(context, facts=facts, labels=labels)
