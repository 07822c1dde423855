"""Compiled numbers: each has a value, and a derivation node that explains the same value. PURE."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

from billing.derivation import Node
from billing.meters import reduced, select
from billing.pools import Pools
from billing.values import Due, Quantities
from plans.errors import DomainError, _
from plans.terms import Meter
from plans.timespan import Period, local_date, local_midnight, shift_months

ZERO = Decimal(0)
T = TypeVar("T")


class MissingFact(DomainError):  # noqa: N818
    """The terms ask for a number that the caller did not supply."""

    code = "missing_fact"
    text = _("The price needs the number “%(name)s”, and it was not given.")


class MissingCase(DomainError):  # noqa: N818
    """A label has a value that the terms do not know, or none."""

    code = "missing_case"
    text = _("The price depends on “%(label)s”, and “%(value)s” is not one of its cases.")


@dataclass(frozen=True, slots=True)
class Spent:
    """What `spend` sees of a line above."""

    key: str
    charge: str
    tags: frozenset[str]
    scope: Mapping[str, str]  # dimension -> value, where the line is one of a split
    amount: Decimal


@dataclass(slots=True)
class Env:
    """What a number may ask for while one charge is rated."""

    facts: Mapping[str, Decimal]
    labels: Mapping[str, str]
    quantities: Quantities
    due: Due
    zone: ZoneInfo
    currency: str
    pools: Pools
    spent: list[Spent]
    charge: str = ""
    scope: tuple[str, str] | None = None
    memo: dict[str, Node] = field(default_factory=dict)

    def over(self, period: Period) -> "Env":
        """Return the same customer looked at over another period; nothing is drawn there."""
        due = replace(self.due, period=period)
        return replace(self, due=due, pools=self.pools.aside(period), memo={})


class Number(Protocol):
    """A compiled number."""

    def value(self, env: Env) -> Decimal: ...
    def explain(self, env: Env) -> Node: ...


class Step(Protocol):
    """A compiled step: the number so far goes in."""

    def value(self, number: Decimal, env: Env) -> Decimal: ...
    def explain(self, number: Decimal, env: Env) -> Node: ...


@dataclass(frozen=True, slots=True)
class Literal:
    """A number written in the terms."""

    number: Decimal

    def value(self, env: Env) -> Decimal:
        return self.number

    def explain(self, env: Env) -> Node:
        return Node("literal", self.number)


@dataclass(frozen=True, slots=True)
class Fact:
    """A number the caller supplies."""

    name: str

    def value(self, env: Env) -> Decimal:
        try:
            return env.facts[self.name]
        except KeyError:
            raise MissingFact(name=self.name) from None

    def explain(self, env: Env) -> Node:
        return Node("fact", self.value(env), argument={"name": self.name})


@dataclass(frozen=True, slots=True)
class Option:
    """How many of an option are held; 0 if none."""

    name: str

    def value(self, env: Env) -> Decimal:
        return env.facts.get(self.name, ZERO)

    def explain(self, env: Env) -> Node:
        return Node("option", self.value(env), argument={"name": self.name})


@dataclass(frozen=True, slots=True)
class Named:
    """A formula of the document's `numbers`."""

    name: str
    number: Number

    def value(self, env: Env) -> Decimal:
        return self.number.value(env)

    def explain(self, env: Env) -> Node:
        inner = self.number.explain(env)
        return Node("number", inner.output, argument={"name": self.name}, children=(inner,))


@dataclass(frozen=True, slots=True)
class Chain:
    """A number run through steps, in the order written."""

    start: Number
    steps: tuple[Step, ...]

    def value(self, env: Env) -> Decimal:
        number = self.start.value(env)
        for step in self.steps:
            number = step.value(number, env)
        return number

    def explain(self, env: Env) -> Node:
        return run_steps(self.start.explain(env), self.steps, env)


def run_steps(first: Node, steps: Sequence[Step], env: Env) -> Node:
    """Return the chain of `first` and the steps after it; `first` itself where there are none."""
    nodes = [first]
    for step in steps:
        nodes.append(step.explain(nodes[-1].output, env))
    return nodes[0] if len(nodes) == 1 else Node("chain", nodes[-1].output, children=tuple(nodes))


@dataclass(frozen=True, slots=True)
class Since:
    """What a month (or year) costs so far, less what it cost before: bands and allowances accumulate.

    The window starts with the calendar month or year in the customer's zone; a bill that reaches over
    its edge is the sum of its parts in each.
    """

    chain: Chain
    resets: str

    def _windows(self, env: Env) -> list[tuple[Period, Period | None]]:
        """Return (so far, before) for every month or year that the billed period touches."""
        period, step = env.due.period, 12 if self.resets == "year" else 1
        day = local_date(period.start, env.zone).replace(day=1)
        day = day.replace(month=1) if self.resets == "year" else day
        found: list[tuple[Period, Period | None]] = []
        start = local_midnight(day, env.zone)
        while start < period.end:
            day = shift_months(day, step)
            end = min(local_midnight(day, env.zone), period.end)
            before = Period(start, period.start) if start < period.start else None
            found.append((Period(start, end), before))
            start = end
        return found

    def value(self, env: Env) -> Decimal:
        parts = (self._part(env, so_far, before) for so_far, before in self._windows(env))
        return sum(parts, ZERO)

    def _part(self, env: Env, so_far: Period, before: Period | None) -> Decimal:
        known = ZERO if before is None else self.chain.value(env.over(before))
        return self.chain.value(env.over(so_far)) - known

    def explain(self, env: Env) -> Node:
        nodes = [self._explained(env, so_far, before) for so_far, before in self._windows(env)]
        if len(nodes) == 1:
            return nodes[0]
        return Node("added", sum((one.output for one in nodes), ZERO), children=tuple(nodes))

    def _explained(self, env: Env, so_far: Period, before: Period | None) -> Node:
        known = Node("literal", ZERO) if before is None else self.chain.explain(env.over(before))
        now = self.chain.explain(env.over(so_far))
        argument = {"resets": self.resets}
        return Node("since", now.output - known.output, argument=argument, children=(now, known))


@dataclass(frozen=True, slots=True)
class Pick:
    """A choice by label."""

    label: str
    cases: Mapping[str, Number]
    otherwise: Number | None

    def value(self, env: Env) -> Decimal:
        return chosen(self.label, self.cases, self.otherwise, env)[1].value(env)

    def explain(self, env: Env) -> Node:
        case, number = chosen(self.label, self.cases, self.otherwise, env)
        inner = number.explain(env)
        return Node("pick", inner.output, argument={"label": self.label, "case": case}, children=(inner,))


def chosen(label: str, cases: Mapping[str, T], otherwise: T | None, env: Env) -> tuple[str, T]:
    """Return the label's value and what stands for it."""
    value = env.labels.get(label, "")
    found = cases.get(value, otherwise)
    if found is None:
        raise MissingCase(label=label, value=value)
    return value, found


@dataclass(frozen=True, slots=True)
class Spend:
    """The amounts of charges above, as rounded on their lines, credits negative."""

    names: frozenset[str]

    def _lines(self, env: Env) -> list[Spent]:
        return [
            line
            for line in env.spent
            if (line.charge in self.names or line.tags & self.names)
            and (env.scope is None or line.scope.get(env.scope[0]) == env.scope[1])
        ]

    def value(self, env: Env) -> Decimal:
        return sum((line.amount for line in self._lines(env)), ZERO)

    def explain(self, env: Env) -> Node:
        leaves = tuple(Node("line", line.amount, argument={"key": line.key}) for line in self._lines(env))
        total = sum((leaf.output for leaf in leaves), ZERO)
        return Node("spend", total, argument={"names": ", ".join(sorted(self.names))}, children=leaves)


@dataclass(frozen=True, slots=True)
class MeterNumber:
    """A meter reduced over the due's period and scope."""

    code: str
    meter: Meter
    stage_steps: tuple[tuple[Step, ...], ...]
    steps: tuple[Step, ...]

    def value(self, env: Env) -> Decimal:
        return self.explain(env).output

    def explain(self, env: Env) -> Node:
        if self.code not in env.memo:
            env.memo[self.code] = self._explain(env)
        return env.memo[self.code]

    def _explain(self, env: Env) -> Node:
        found = select(
            env.quantities.get(self.code, ()), meter=self.meter, period=env.due.period, scope=env.scope
        )

        def finish(index: int, node: Node) -> Node:
            return run_steps(node, self.stage_steps[index], env) if self.stage_steps else node

        inner = run_steps(reduced(found, self.meter.reduce, env.zone, finish), self.steps, env)
        argument = {"code": self.code, "unit": self.meter.unit}
        return Node("meter", inner.output, argument=argument, children=(inner,))
