"""The twelve step words, one class or function each, compiled. PURE."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from billing.derivation import Node
from billing.numbers import Chain, Env, Number, chosen
from billing.proration import fractions
from plans.errors import DomainError, _
from plans.money import Mode, minor_step, to_multiple
from plans.ratio import plain, quotient
from plans.tariff import Band, BandPart, Tariff
from plans.terms import Prorate
from plans.timespan import Period

ZERO = Decimal(0)
ONE = Decimal(1)

ARITHMETIC: dict[str, Callable[[Decimal, Decimal], Decimal]] = {
    "plus": lambda number, other: number + other,
    "minus": lambda number, other: number - other,
    "times": lambda number, other: number * other,
    "over": quotient,
    "at_least": max,
    "at_most": min,
    "included": lambda number, free: max(ZERO, number - free),
}


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """plus, minus, times, over, at_least, at_most, included."""

    word: str
    operand: Number

    def value(self, number: Decimal, env: Env) -> Decimal:
        return ARITHMETIC[self.word](number, self.operand.value(env))

    def explain(self, number: Decimal, env: Env) -> Node:
        other = self.operand.explain(env)
        return Node(self.word, ARITHMETIC[self.word](number, other.output), number, children=(other,))


@dataclass(frozen=True, slots=True)
class Round:
    """To a multiple; `to` is None for the currency's minor unit."""

    to: Decimal | None
    mode: Mode

    def step(self, env: Env) -> Decimal:
        return minor_step(env.currency) if self.to is None else self.to

    def value(self, number: Decimal, env: Env) -> Decimal:
        return to_multiple(number, self.step(env), self.mode)

    def explain(self, number: Decimal, env: Env) -> Node:
        argument = {"to": plain(self.step(env)), "mode": self.mode}
        return Node("round", self.value(number, env), number, argument)


@dataclass(frozen=True, slots=True)
class Every:
    """A price for one quoted period, billed for several at once."""

    times: int

    def value(self, number: Decimal, env: Env) -> Decimal:
        return number * self.times

    def explain(self, number: Decimal, env: Env) -> Node:
        return Node("every", number * self.times, number, {"times": str(self.times)})


@dataclass(frozen=True, slots=True)
class Proration:
    """× the covered part of the period; multiplied first, then divided."""

    rule: Prorate
    rounding: Round | None

    def _fractions(self, env: Env) -> list[tuple[int, int]]:
        due = env.due
        return fractions(self.rule, due.period, spans=due.spans, at=due.at, zone=env.zone)

    def value(self, number: Decimal, env: Env) -> Decimal:
        return self._apply(number, self._fractions(env), env)

    def _apply(self, number: Decimal, parts: list[tuple[int, int]], env: Env) -> Decimal:
        if self.rounding is None:
            return sum((quotient(number * covered, whole) for covered, whole in parts), ZERO)
        rounded = (self.rounding.value(quotient(covered, whole), env) for covered, whole in parts)
        return number * sum(rounded, ZERO)

    def explain(self, number: Decimal, env: Env) -> Node:
        parts = self._fractions(env)
        argument = {
            "by": self.rule.by,
            "span": self.rule.span,
            "fractions": " + ".join(f"{covered}/{whole}" for covered, whole in parts),
        }
        if self.rounding is not None:
            argument |= {"to": plain(self.rounding.step(env)), "mode": self.rounding.mode}
        return Node("prorate", self._apply(number, parts, env), number, argument)


@dataclass(frozen=True, slots=True)
class Drawing:
    """Take from a shared pool; what is not covered goes on."""

    pool: str
    weight: Number
    size: Number | None
    reached: Chain  # the number as it comes to this step, to be asked for a shorter period

    def value(self, number: Decimal, env: Env) -> Decimal:
        return self.explain(number, env).output

    def explain(self, number: Decimal, env: Env) -> Node:
        weight = self.weight.value(env)
        if self.size is not None:
            env.pools.open_allowance(self.pool, self.size.value(env))
        taken, known = ZERO, len(env.pools.draws)
        if number > 0 and weight > 0:
            wanted = number * weight
            taken = env.pools.take(
                self.pool, wanted, charge=env.charge, period=env.due.period,
                used_by=lambda instant: self._used_by(instant, weight, env),
            )  # fmt: skip
        argument = {"pool": self.pool, "weight": plain(weight), "taken": plain(taken)}
        if self.size is not None:
            own = (one.quantity for one in env.pools.draws[known:] if not one.holding)
            argument["from_allowance"] = plain(sum(own, ZERO))
        left = number - quotient(taken, weight) if taken else number
        return Node("draw", left, number, argument)

    def _used_by(self, instant: datetime, weight: Decimal, env: Env) -> Decimal:
        """Return the pool units wanted for what was used before an instant inside the period."""
        return self.reached.value(env.over(Period(env.due.period.start, instant))) * weight


class FallingEdges(DomainError):  # noqa: N818
    """Edges that are formulas came out in the wrong order for this customer."""

    code = "falling_edges"
    text = _("The edges of the bands do not rise: %(edges)s.")


class TariffSource(Protocol):
    """Gives the tariff that holds for this customer, and the number that selects its band, if another."""

    def tariff(self, env: Env) -> tuple[Tariff, Decimal | None]: ...
    def said(self, env: Env) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True)
class FixedTariff:
    """All prices are literals: bands and running sums are made once."""

    fixed: Tariff
    by: Number | None

    def tariff(self, env: Env) -> tuple[Tariff, Decimal | None]:
        return self.fixed, None if self.by is None else self.by.value(env)

    def said(self, env: Env) -> dict[str, str]:
        return {}


@dataclass(frozen=True, slots=True)
class OpenTariff:
    """Some price is itself a number: bands are made when it is known."""

    mode: str
    bands: tuple[tuple[Mapping[str, Any], Mapping[str, Number]], ...]  # plain fields; fields to work out
    by: Number | None

    def tariff(self, env: Env) -> tuple[Tariff, Decimal | None]:
        made = [Band(**{**fields, **_worked_out(numbers, env)}) for fields, numbers in self.bands]
        edges = [band.edge for band in made if band.edge is not None]
        if edges != sorted(edges):
            raise FallingEdges(edges=", ".join(map(plain, edges)))
        return Tariff(made, self.mode), None if self.by is None else self.by.value(env)

    def said(self, env: Env) -> dict[str, str]:
        return {}


def _worked_out(numbers: Mapping[str, Number], env: Env) -> dict[str, Any]:
    return {name: number.value(env) for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class PickedTariff:
    """A whole tariff chosen by label."""

    label: str
    cases: Mapping[str, TariffSource]
    otherwise: TariffSource | None

    def tariff(self, env: Env) -> tuple[Tariff, Decimal | None]:
        return chosen(self.label, self.cases, self.otherwise, env)[1].tariff(env)

    def said(self, env: Env) -> dict[str, str]:
        case, source = chosen(self.label, self.cases, self.otherwise, env)
        return {self.label: case, **source.said(env)}


@dataclass(frozen=True, slots=True)
class Priced:
    """`price` and `table`: a quantity through a tariff."""

    word: str
    source: TariffSource

    def value(self, number: Decimal, env: Env) -> Decimal:
        tariff, by = self.source.tariff(env)
        return tariff.amount(number, by)

    def explain(self, number: Decimal, env: Env) -> Node:
        tariff, by = self.source.tariff(env)
        argument = {"mode": tariff.mode, **self.source.said(env)}
        if by is not None:
            argument["by"] = plain(by)
        children = tuple(_band_node(part) for part in tariff.parts(number, by))
        return Node(self.word, sum((child.output for child in children), ZERO), number, argument, children)


def _band_node(part: BandPart) -> Node:
    band = part.band
    said = {"band": str(part.index + 1), "above": plain(part.above)}
    if band.edge is not None:
        said["upto" if band.closed else "below"] = plain(band.edge)
    for name, value, usual in (
        ("each", band.each, ZERO),
        ("per", band.per, ONE),
        ("times", band.times, ONE),
        ("flat", band.flat, ZERO),
    ):
        if value != usual:
            said[name] = plain(value)
    if band.partial is not None:
        said["partial"] = band.partial
    return Node("band", part.amount, part.part, said)
