"""The one rating function: terms, quantities, what is due, and the customer's context in; lines out. PURE.

The caller's purpose is not among the arguments, so a quote and an invoice cannot differ.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.calculation import CurrencyNotSold, DuplicateLine, UnknownCharge, calculation, within
from billing.compile import Compiled, CompiledCharge, compiled
from billing.derivation import Node
from billing.inputs import counts_periods, inputs_json
from billing.meters import counts_for, in_bands
from billing.numbers import ZERO, Chain, Env, Spent, run_steps
from billing.pools import Pools
from billing.rated_line import label_of, moved, priced_quantity
from billing.steps import Every, Round
from billing.values import Context, Due, Line, Quantities, RatedFigure, Rating
from plans.money import share_multiples
from plans.terms import Terms
from subscriptions.anchors import index_at

ENGINE = "1"
_MONTHLY = "monthly"


@dataclass(slots=True)
class _Bill:
    """One rating while it runs."""

    terms: Terms
    program: Compiled
    quantities: Quantities
    context: Context
    currency: str
    pools: Pools
    zone: ZoneInfo
    spent: list[Spent]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Place:
    """One charge, for one due and one value of its split."""

    rule: CompiledCharge
    due: Due
    env: Env
    scope: Mapping[str, str]
    key: str


def rate(terms: Terms, quantities: Quantities, due: Sequence[Due], context: Context) -> Rating:
    """Return lines, proposed pack draws and the exact total.

    Charges are rated in document order whatever the order of `due`. Raises MissingFact,
    MissingCase, UnpriceableQuantity, UnknownCharge and CurrencyNotSold, never a zero instead.
    """
    with calculation():
        bill = _open(terms, quantities, context)
        lines = [_line(bill, place) for place in _places(bill, due)]
        lines, total = _total(bill, lines)
        draws = tuple(bill.pools.draws)
        fingerprint = hashlib.sha256(inputs_json(terms, quantities, due, context)).hexdigest()
        return Rating(tuple(lines), draws, total, bill.currency, tuple(bill.notes), fingerprint, ENGINE)


def amounts(terms: Terms, quantities: Quantities, due: Sequence[Due], context: Context) -> dict[str, Decimal]:
    """Return line key -> signed amount without derivations; equal to `rate()` before total rounding."""
    with calculation():
        bill = _open(terms, quantities, context)
        found = {}
        for place in _places(bill, due):
            amount = _amount(bill, place)
            amount = -amount if place.rule.charge.credit else amount
            found[place.key] = amount
            _note_spent(bill, place, amount)
        return found


def _amount(bill: _Bill, place: _Place) -> Decimal:
    with within(place.rule.code):
        amount = place.rule.number.value(place.env)
        for step in _closing_steps(bill, place):
            amount = step.value(amount, place.env)
        return amount


def rate_figure(terms: Terms, code: str, quantities: Quantities, due: Due, context: Context) -> RatedFigure:
    """Return one figure of the terms; `due` gives its period, spans and instant."""
    with calculation():
        bill = _open(terms, quantities, context)
        if code not in bill.program.figures:
            raise UnknownCharge(code=code)
        rule = bill.program.figures[code]
        env = _env(bill, replace(due, charge=code), None)
        with within(code):
            node = rule.number.explain(env)
        return RatedFigure(code, node.output, bill.currency, node)


def rate_number(terms: Terms, name: str, quantities: Quantities, due: Due, context: Context) -> Node:
    """Return the derivation of a meter or a named formula for one period."""
    with calculation():
        bill = _open(terms, quantities, context)
        if name not in bill.program.numbers:
            raise UnknownCharge(code=name)
        return bill.program.numbers[name].explain(_env(bill, due, None))


def _open(terms: Terms, quantities: Quantities, context: Context) -> _Bill:
    currency = _currency(terms, context)
    document = terms.document
    spent = [_spent_of(line) for line in context.spent]
    zone = ZoneInfo(context.zone)
    pools = Pools(document.pools, context.packs, zone)
    program = compiled(terms)
    return _Bill(terms, program, _banded(program, quantities), context, currency, pools, zone, spent)


def _banded(program: Compiled, quantities: Quantities) -> Quantities:
    """Return the quantities with the time band of every value whose meter has a schedule."""
    if not program.timetables.keys() & quantities.keys():
        return quantities
    found = dict(quantities)
    for code, (timetable, otherwise) in program.timetables.items():
        if code in found:
            found[code] = in_bands(found[code], timetable, otherwise)
    return found


def _currency(terms: Terms, context: Context) -> str:
    """Return the currency of this rating: the customer's, or the only one of the terms."""
    sold = terms.currencies
    wanted = context.labels.get("currency") or (sold[0] if len(sold) == 1 else "")
    if sold and wanted not in sold:
        raise CurrencyNotSold(currency=wanted or "—")
    return wanted


def _env(bill: _Bill, due: Due, scope: tuple[str, str] | None) -> Env:
    """Return what the charge may ask for; inside a split the value's own facts come first."""
    context = bill.context
    facts = {**context.options, **_counted(bill, due), **context.facts}
    labels = {"term": _MONTHLY, **context.labels, "currency": bill.currency}
    if scope is not None:
        own = context.split.get(scope[0], {}).get(scope[1], {})
        facts |= {name: value for name, value in own.items() if isinstance(value, Decimal)}
        labels |= {name: value for name, value in own.items() if isinstance(value, str)}
        labels[scope[0]] = scope[1]
    return Env(
        facts, labels, bill.quantities, due, bill.zone, bill.currency, bill.pools, bill.spent,
        charge=due.charge, scope=scope,
    )  # fmt: skip


def _counted(bill: _Bill, due: Due) -> dict[str, Decimal]:
    """Return `period_number` where the terms ask: the agreement's month, from 1, in which a period begins."""
    anchor = bill.context.anchor
    if anchor is None or not counts_periods(bill.terms):
        return {}
    month = index_at(anchor, bill.zone, due.period.start)
    return {"period_number": Decimal(max(month, 0) + 1)}


def _places(bill: _Bill, due: Sequence[Due]) -> Iterator[_Place]:
    """Yield what is to be rated, in document order; charges of options not held are left out."""
    unknown = [one.charge for one in due if one.charge not in bill.program.order]
    if unknown:
        raise UnknownCharge(code=unknown[0])
    seen: set[str] = set()
    order = bill.program.order
    for one in sorted(due, key=lambda one: (order[one.charge], one.period, one.part)):
        rule = bill.program.charges[one.charge]
        if not all(bill.context.options.get(option, ZERO) > 0 for option in rule.source.held):
            continue
        for place in _split(bill, rule, one):
            if place.key in seen:
                raise DuplicateLine(key=place.key)
            seen.add(place.key)
            yield place


def _split(bill: _Bill, rule: CompiledCharge, due: Due) -> Iterator[_Place]:
    dimension = rule.charge.split
    if dimension is None:
        yield _Place(rule, due, _env(bill, due, None), {}, _key(due, {}))
        return
    for value in _values(bill, rule, due, dimension):
        scope = {dimension: value}
        yield _Place(rule, due, _env(bill, due, (dimension, value)), scope, _key(due, scope))


def _values(bill: _Bill, rule: CompiledCharge, due: Due, dimension: str) -> list[str]:
    """Return the values of a dimension: those the context lists and those with usage in the period."""
    found = set(bill.context.split.get(dimension, {}))
    meters = rule.timing.meters if rule.timing else frozenset()
    for code in meters:
        for one in bill.quantities.get(code, ()):
            if dimension in one.attributes and counts_for(one, due.period):
                found.add(one.attributes[dimension])
    for line in bill.spent:
        if dimension in line.scope:
            found.add(line.scope[dimension])
    return sorted(found)


def _key(due: Due, scope: Mapping[str, str]) -> str:
    """Return charge/app/region/band/part; a split by something else stands in the band's place."""
    others = [value for dimension, value in scope.items() if dimension not in ("app", "region")]
    band = others[0] if others else ""
    return "/".join([due.charge, scope.get("app", ""), scope.get("region", ""), band, due.part])


def _closing_steps(bill: _Bill, place: _Place) -> list[Every | Round]:
    """Return what follows a charge's own steps: several quoted periods at once, line rounding."""
    timing = place.rule.timing
    factor = timing.factor(place.env.labels["term"]) if timing else 1
    steps: list[Every | Round] = [Every(factor)] if factor != 1 else []
    return [*steps, bill.program.line_rounding] if bill.program.line_rounding else steps


def _line(bill: _Bill, place: _Place) -> Line:
    charge, number = place.rule.charge, place.rule.number
    start, steps = (number.start, number.steps) if isinstance(number, Chain) else (number, ())
    known = len(bill.pools.draws)
    with within(charge.code):
        tree = run_steps(start.explain(place.env), [*steps, *_closing_steps(bill, place)], place.env)
    draws = bill.pools.draws
    draws[known:] = [replace(draw, line=place.key) for draw in draws[known:]]
    quantity = priced_quantity(tree)
    if charge.credit:
        tree = Node("negative", -tree.output, children=(tree,))
    _note_spent(bill, place, tree.output)
    return Line(
        key=place.key,
        charge=charge.code,
        label=label_of(place.rule.charge, place.scope, bill.program.band_names),
        tags=tuple(charge.tags),
        credit=charge.credit,
        app=place.scope.get("app", ""),
        region=place.scope.get("region", ""),
        period=place.due.covered,
        quantity=quantity,
        unit=_unit(bill, place),
        amount=tree.output,
        derivation=tree,
    )


def _unit(bill: _Bill, place: _Place) -> str:
    """Return the unit printed beside the quantity: that of the charge's only meter, or seats."""
    meters = place.rule.timing.meters if place.rule.timing else frozenset()
    if len(meters) == 1:
        return bill.terms.document.meters[next(iter(meters))].unit
    return ""


def _note_spent(bill: _Bill, place: _Place, amount: Decimal) -> None:
    charge = place.rule.charge
    bill.spent.append(Spent(place.key, charge.code, frozenset(charge.tags), place.scope, amount))


def _spent_of(line: Line) -> Spent:
    scope = {name: value for name, value in (("app", line.app), ("region", line.region)) if value}
    return Spent(line.key, line.charge, frozenset(line.tags), scope, line.amount)


def _total(bill: _Bill, lines: list[Line]) -> tuple[list[Line], Decimal]:
    """Return the lines and their sum, after sharing out the rounding of the total."""
    total = sum((line.amount for line in lines), ZERO)
    rule = bill.program.total_rounding
    if rule is None or not lines:
        return lines, total
    env = _env(bill, Due("", lines[0].period), None)
    rounded = rule.value(total, env)
    shares = share_multiples([line.amount for line in lines], rounded, rule.step(env))
    return [moved(line, share) for line, share in zip(lines, shares, strict=True)], rounded
