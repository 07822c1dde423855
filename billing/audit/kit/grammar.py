"""Numbers and their steps, worked out straight from the terms document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, CannotRate, Tree, add, is_literal, minor, multiple
from billing.audit.kit.meters import Seen, chosen, reduced
from billing.audit.kit.pools import Pools
from billing.audit.kit.tariffs import tariff_amount
from billing.audit.kit.terms import ARITHMETIC
from billing.audit.kit.timing import Span, fractions, later, midnight


class Spent(NamedTuple):
    """A line above, as `spend` sees it."""

    key: str
    charge: str
    tags: Sequence[str]
    scope: Mapping[str, str]
    amount: Fraction


@dataclass
class Sight:
    """What a number can see while one charge is worked out."""

    document: Tree
    facts: Mapping[str, Fraction]
    options: Mapping[str, Fraction]
    labels: Mapping[str, str]
    seen: Mapping[str, Sequence[Seen]]
    period: Span
    spans: Sequence[Span]
    at: datetime | None
    zone: ZoneInfo
    currency: str
    pools: Pools
    spent: list[Spent]
    scope: tuple[str, str] | None = None
    asked: dict[tuple[int, datetime], Fraction] = field(default_factory=dict)

    def over(self, period: Span) -> "Sight":
        """Return the same customer over another period, where nothing is drawn from packs."""
        return replace(self, period=period, pools=self.pools.aside(period), asked={})


OPERATIONS: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "plus": lambda number, other: number + other,
    "minus": lambda number, other: number - other,
    "times": lambda number, other: number * other,
    "over": lambda number, other: number / other,
    "at_least": lambda number, other: number if number > other else other,
    "at_most": lambda number, other: number if number < other else other,
    "included": lambda number, other: number - other if number > other else ZERO,
}


def number(given: Tree, sight: Sight) -> Fraction:
    """Return what a number is: a literal, a name, or one of the forms of a formula."""
    if isinstance(given, str):
        return Fraction(given) if is_literal(given) else named(given, sight)
    if "spend" in given:
        return add(line.amount for line in sight.spent if _is_spent(line, given["spend"], sight.scope))
    if "pick" in given:
        return number(picked(given, sight.labels), sight)
    if "of" in given:
        return run(given["of"], given.get("steps", []), sight)
    word = next(word for word in ARITHMETIC if word in given)
    first, *others = given[word]
    found = number(first, sight)
    for other in others:
        found = OPERATIONS[word](found, number(other, sight))
    return found


def _is_spent(line: Spent, names: Sequence[str], scope: tuple[str, str] | None) -> bool:
    named_here = line.charge in names or any(tag in names for tag in line.tags)
    return named_here and (scope is None or line.scope.get(scope[0]) == scope[1])


def picked(given: Tree, labels: Mapping[str, str]) -> Tree:
    """Return the case of the customer's label."""
    label = given["pick"]
    case = labels.get(label, "")
    if case in given.get("cases", {}):
        return given["cases"][case]
    if "else" not in given:
        raise CannotRate(f"the label {label} has no case for {case!r}")
    return given["else"]


def named(name: str, sight: Sight) -> Fraction:
    """Return a meter, a formula, an option held or a fact."""
    document = sight.document
    if name in document.get("meters", {}):
        return metered(name, sight)
    if name in document.get("numbers", {}):
        return number(document["numbers"][name], sight)
    if name in document.get("options", []):
        return sight.facts.get(name, sight.options.get(name, ZERO))
    if name in sight.facts:
        return sight.facts[name]
    if name in sight.options:
        return sight.options[name]
    raise CannotRate(f"the number {name} is not given")


def metered(code: str, sight: Sight) -> Fraction:
    """Return a meter's number over the period."""
    meter = sight.document["meters"][code]
    schedules = sight.document.get("schedules", {})
    found = chosen(sight.seen.get(code, ()), meter, sight.period, sight.scope, schedules)

    def finish(steps: Tree, value: Fraction) -> Fraction:
        return continued(value, "0", steps, sight)

    return finish(meter.get("steps", []), reduced(found, meter, sight.zone, finish))


def run(start: Tree, steps: Tree, sight: Sight) -> Fraction:
    """Return a number run through steps, in the order written."""
    return continued(number(start, sight), start, steps, sight)


def continued(value: Fraction, start: Tree, steps: Tree, sight: Sight) -> Fraction:
    """Go on from a value; `start` is what it came from, asked again where a pack ends inside the period."""
    for index, step in enumerate(steps):
        ((word, argument),) = step.items()
        if word == "draw":
            until = partial(_until, start=start, steps=steps[:index], sight=sight)
            value = drawn(value, argument, until, sight)
        else:
            value = stepped(value, word, argument, sight)
    return value


def stepped(value: Fraction, word: str, argument: Tree, sight: Sight) -> Fraction:
    """Return what one step makes of a value."""
    if word in OPERATIONS:
        return OPERATIONS[word](value, number(argument, sight))
    if word == "round":
        return rounded(value, argument, sight.currency)
    if word == "prorate":
        return prorated(value, argument, sight)
    tariff = argument
    while "pick" in tariff:
        tariff = picked(tariff, sight.labels)
    return tariff_amount(tariff, value, lambda given: number(given, sight))


def rounded(value: Fraction, rule: Tree, currency: str) -> Fraction:
    """Return a value rounded as the terms say; the short form is half up."""
    rule = {"to": rule} if isinstance(rule, str) else rule
    step = minor(currency) if rule["to"] == "minor" else Fraction(rule["to"])
    return multiple(value, step, rule.get("mode", "half_up"))


def prorated(value: Fraction, rule: Tree, sight: Sight) -> Fraction:
    """Return the covered part of a value, multiplied before it is divided."""
    parts = fractions(rule, sight.period, sight.spans, sight.at, sight.zone)
    if "round" not in rule:
        return add(value * covered / whole for covered, whole in parts)
    return value * add(
        rounded(Fraction(covered) / whole, rule["round"], sight.currency) for covered, whole in parts
    )


def drawn(value: Fraction, rule: Tree, until: Callable[[datetime], Fraction], sight: Sight) -> Fraction:
    """Return what a pool does not cover."""
    weight = number(rule.get("weight", "1"), sight)
    size = sight.document["pools"][rule["pool"]].get("size")
    if size is not None:
        sight.pools.refill(rule["pool"], number(size, sight))
    if value <= 0 or weight <= 0:
        return value
    wanted = value * weight
    taken = sight.pools.take(rule["pool"], wanted, sight.period, lambda at: until(at) * weight)
    return value - taken / weight if taken else value


def _until(at: datetime, *, start: Tree, steps: Tree, sight: Sight) -> Fraction:
    """Return the number as it would come to a step if the period ended at an instant; asked once."""
    if at <= sight.period[0]:
        return ZERO
    key = (id(steps[-1]) if steps else 0, at)
    if key not in sight.asked:
        sight.asked[key] = run(start, steps, sight.over((sight.period[0], at)))
    return sight.asked[key]


def accumulated(start: Tree, steps: Tree, resets: str, sight: Sight) -> Fraction:
    """Return what this period adds: for each month or year it touches, the amount so far less that before."""
    day = sight.period[0].astimezone(sight.zone).date().replace(day=1)
    day = day.replace(month=1) if resets == "year" else day
    opens, total = midnight(day, sight.zone), ZERO
    while opens < sight.period[1]:
        day = later(day, 12 if resets == "year" else 1)
        closes = min(midnight(day, sight.zone), sight.period[1])
        total += run(start, steps, sight.over((opens, closes)))
        if opens < sight.period[0]:
            total -= run(start, steps, sight.over((opens, sight.period[0])))
        opens = closes
    return total
