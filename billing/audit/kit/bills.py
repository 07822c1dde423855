"""A bill: the lines of what is due, in document order, and figures asked for one by one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from billing.audit.kit.amounts import ZERO, CannotRate, Tree, add, minor, multiple, shared
from billing.audit.kit.grammar import Sight, Spent, accumulated, number, rounded, run
from billing.audit.kit.meters import Seen, banded, belongs
from billing.audit.kit.pools import FIRST, NEVER, Pack, Pools
from billing.audit.kit.terms import Cadence, cadences, meters_of
from billing.audit.kit.timing import Span, month_number


class Due(NamedTuple):
    """A charge and the period it is billed for."""

    charge: str
    period: Span
    spans: tuple[Span, ...] = ()
    at: datetime | None = None
    part: str = ""


@dataclass
class Customer:
    """What the price may ask of the customer."""

    zone: ZoneInfo
    facts: Mapping[str, Fraction] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Fraction] = field(default_factory=dict)
    split: Mapping[str, Mapping[str, Mapping[str, Fraction | str]]] = field(default_factory=dict)
    packs: Mapping[str, Sequence[Pack]] = field(default_factory=dict)
    anchor: datetime | None = None  # where the agreement's months are counted from


class Bill(NamedTuple):
    """Amounts by line key, exact, and their sum."""

    lines: dict[str, Fraction]
    total: Fraction
    spent: list[Spent]
    currency: str
    left: dict[tuple[str, str], Fraction]  # of pools and packs, by (pool, holding)


def bill(
    document: Tree,
    customer: Customer,
    seen: Mapping[str, Sequence[Seen]],
    dues: Sequence[Due],
    spent: Sequence[Spent] = (),
) -> Bill:
    """Rate what is due; `spent` are lines of the same invoice that were rated before."""
    sight = _sight(document, customer, seen, list(spent))
    cadence = cadences(document)
    known = len(spent)
    for charge in document.get("charges", []):
        for due in sorted((one for one in dues if one.charge == charge["code"]), key=_place):
            _rate(charge, due, customer, sight, cadence[charge["code"]])
    lines = sight.spent[known:]
    amounts = _rounded_total([line.amount for line in lines], document, sight.currency)
    total = add(amounts)
    keys = {line.key: amount for line, amount in zip(lines, amounts, strict=True)}
    final = [line._replace(amount=keys[line.key]) for line in lines]
    return Bill(keys, total, final, sight.currency, dict(sight.pools.left))


def figure(
    document: Tree,
    code: str,
    customer: Customer,
    seen: Mapping[str, Sequence[Seen]],
    due: Due,
    spent: Sequence[Spent] = (),
) -> Fraction:
    """Return one figure of the terms; `spent` are the lines it may refer to."""
    rule = next(one for one in document["figures"] if one["code"] == code)
    sight = _seen_for(_sight(document, customer, seen, list(spent)), due, None, customer)
    return run(rule.get("of", "1"), rule.get("steps", []), sight)


def amount_of(
    document: Tree,
    name: str,
    customer: Customer,
    seen: Mapping[str, Sequence[Seen]],
    due: Due,
    spent: Sequence[Spent] = (),
) -> Fraction:
    """Return a meter or a formula of the terms."""
    return number(name, _seen_for(_sight(document, customer, seen, list(spent)), due, None, customer))


def minor_units(amounts: Sequence[Fraction], total: Fraction, currency: str) -> list[int]:
    """Return lines in the smallest unit of the currency; together they make the total, rounded once."""
    step = minor(currency)
    whole = multiple(total, step, "half_up") / step
    return [int(part) for part in shared([amount / step for amount in amounts], whole, Fraction(1))]


def _place(due: Due) -> tuple[Span, str]:
    return due.period, due.part


def _sight(
    document: Tree, customer: Customer, seen: Mapping[str, Sequence[Seen]], spent: list[Spent]
) -> Sight:
    sold = document.get("currency", [])
    sold = [sold] if isinstance(sold, str) else sold
    currency = customer.labels.get("currency") or (sold[0] if len(sold) == 1 else "")
    if sold and currency not in sold:
        raise CannotRate(f"these terms are not sold in {currency or 'no currency'}")
    pools = Pools(document.get("pools", {}), customer.packs, customer.zone)
    labels = {"term": "monthly", **customer.labels, "currency": currency}
    return Sight(
        document,
        customer.facts,
        customer.options,
        labels,
        seen,
        (FIRST, NEVER),
        (),
        None,
        customer.zone,
        currency,
        pools,
        spent,
    )


def _seen_for(sight: Sight, due: Due, scope: tuple[str, str] | None, customer: Customer) -> Sight:
    """Return what one charge sees: its period, and inside a split the value's own facts and labels."""
    facts, labels = dict(sight.facts), dict(sight.labels)
    if customer.anchor is not None:
        facts.setdefault(
            "period_number", Fraction(month_number(customer.anchor, due.period[0], customer.zone))
        )
    if scope is not None:
        for name, value in customer.split.get(scope[0], {}).get(scope[1], {}).items():
            if isinstance(value, Fraction):
                facts[name] = value
            else:
                labels[name] = value
        labels[scope[0]] = scope[1]
    return replace(
        sight,
        facts=facts,
        labels=labels,
        period=due.period,
        spans=due.spans,
        at=due.at,
        scope=scope,
        asked={},
    )


def _rate(charge: Tree, due: Due, customer: Customer, sight: Sight, cadence: Cadence) -> None:
    """Add the lines of one charge to what is spent; a charge of an option not held has none."""
    if any(customer.options.get(option, ZERO) <= 0 for option in charge.get("held", [])):
        return
    for scope in _scopes(charge, due, customer, sight):
        own = _seen_for(sight, due, scope, customer)
        amount = _amount(charge, own, cadence)
        amount = -amount if charge.get("credit") in (True, "true") else amount
        where = dict([scope]) if scope else {}
        line = Spent(_key(due, where), charge["code"], charge.get("tags", []), where, amount)
        sight.spent.append(line)


def _amount(charge: Tree, sight: Sight, cadence: Cadence) -> Fraction:
    start, steps = charge.get("of", "1"), charge.get("steps", [])
    if "resets" in charge:
        amount = accumulated(start, steps, charge["resets"], sight)
    else:
        amount = run(start, steps, sight)
    amount *= cadence.factor(sight.labels["term"])
    plan = sight.document.get("round", "none")
    line = None if plan == "none" else plan.get("line")
    return amount if line is None else rounded(amount, line, sight.currency)


def _scopes(charge: Tree, due: Due, customer: Customer, sight: Sight) -> Iterator[tuple[str, str] | None]:
    """Yield the values a charge is split by: those named, those used, and those of lines above."""
    dimension = charge.get("split")
    if dimension is None:
        yield None
        return
    found = set(customer.split.get(dimension, {}))
    for code in meters_of(sight.document, charge):
        meter, schedules = sight.document["meters"][code], sight.document.get("schedules", {})
        seen = (banded(one, meter, schedules) for one in sight.seen.get(code, ()))
        found |= {
            one.attributes[dimension]
            for one in seen
            if dimension in one.attributes and belongs(one, due.period)
        }
    found |= {line.scope[dimension] for line in sight.spent if dimension in line.scope}
    yield from ((dimension, value) for value in sorted(found))


def _key(due: Due, where: Mapping[str, str]) -> str:
    band = next((value for name, value in where.items() if name not in ("app", "region")), "")
    return "/".join([due.charge, where.get("app", ""), where.get("region", ""), band, due.part])


def _rounded_total(amounts: list[Fraction], document: Tree, currency: str) -> list[Fraction]:
    """Return the lines after the rounding of their sum is shared out among them."""
    plan = document.get("round", "none")
    rule = None if plan == "none" else plan.get("total")
    if rule is None or not amounts:
        return amounts
    total = rounded(add(amounts), rule, currency)
    to = rule if isinstance(rule, str) else rule["to"]
    return shared(amounts, total, minor(currency) if to == "minor" else Fraction(to))
