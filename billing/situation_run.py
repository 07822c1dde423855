"""Answer what a situation asks of a terms document: a bill, a charge, a figure, or a quantity. PURE."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.compile import compiled
from billing.derivation import Node
from billing.rating import rate, rate_figure, rate_number
from billing.situation import (
    Part,
    Situation,
    SituationInvalid,
    context_of,
    period_of,
    quantities_of,
    span_of,
    zone_of,
)
from billing.situation import instant as instant_of
from billing.values import Context, Draw, Due, Observation, Pack, Quantities, Rating
from plans.money import add_up
from plans.terms import Document, Terms
from plans.terms_walk import reachable_names, spends_in
from plans.timespan import Period


@dataclass(frozen=True, slots=True)
class Answer:
    """What was asked, exactly, with the trees that explain it."""

    amount: Decimal
    unit: str
    ratings: tuple[Rating, ...] = ()
    derivations: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class _Bill:
    quantities: Quantities
    due: Due  # period, spans and instant; its charge is filled in
    context: Context


def answer(terms: Terms, situation: Situation) -> Answer:
    """Return the answer; several bills are rated one after the other and added up."""
    ask = situation.ask
    charges = {charge.code for charge in terms.document.charges}
    if ask == "total" or ask in charges:
        return _bills(terms, situation)
    program = compiled(terms)
    bills = [_with_lines(terms, bill, ask) for bill in _parts(terms, situation)]
    if ask in program.figures:
        found = [rate_figure(terms, ask, bill.quantities, bill.due, bill.context) for bill in bills]
        unit = situation.unit or found[0].unit
        return Answer(add_up(one.amount for one in found), unit, (), tuple(one.derivation for one in found))
    if ask not in program.numbers:
        raise SituationInvalid("ask", "given_ask", value=ask, known=", ".join(askable(terms.document)))
    nodes = [rate_number(terms, ask, bill.quantities, bill.due, bill.context) for bill in bills]
    meter = terms.document.meters.get(ask)
    unit = situation.unit or (meter.unit if meter else "")
    return Answer(add_up(node.output for node in nodes), unit, (), tuple(nodes))


def _with_lines(terms: Terms, bill: _Bill, ask: str) -> _Bill:
    """Return the bill with its charges rated, where the figure or number asked for refers to them."""
    document = terms.document
    figures = [one for one in document.figures if one.code == ask]
    parts = [
        *figures,
        *(document.numbers.get(name, "0") for name in reachable_names(document, figures or ask)),
    ]
    if not any(spends_in(part) for part in parts):
        return bill
    due = [replace(bill.due, charge=charge.code) for charge in document.charges]
    lines = rate(terms, bill.quantities, due, bill.context).lines
    return replace(bill, context=replace(bill.context, spent=lines))


def askable(document: Document) -> list[str]:
    """Return what may be asked of a document, in its own order."""
    codes = (one.code for one in (*document.charges, *document.figures))
    return list(dict.fromkeys(["total", *codes, *document.meters, *document.numbers]))


def _bills(terms: Terms, situation: Situation) -> Answer:
    found: list[Rating] = []
    for bill in _parts(terms, situation):
        context = replace(
            bill.context, packs=_left(bill.context, [draw for one in found for draw in one.draws])
        )
        due = [replace(bill.due, charge=charge.code) for charge in terms.document.charges]
        found.append(rate(terms, bill.quantities, due, context))
    lines = [line for rating in found for line in rating.lines if situation.ask in ("total", line.charge)]
    amount = add_up(rating.total for rating in found)
    if situation.ask != "total":
        amount = add_up(line.amount for line in lines)
    return Answer(
        amount,
        situation.unit or found[0].currency,
        tuple(found),
        tuple(line.derivation for line in lines),
    )


def _left(context: Context, draws: Sequence[Draw]) -> dict[str, list[Pack]]:
    """Return the packs less what earlier bills drew from them."""
    found: dict[str, list[Pack]] = {}
    for pool, packs in context.packs.items():
        for pack in packs:
            taken = add_up(
                draw.quantity for draw in draws if (draw.pool, draw.holding) == (pool, pack.holding)
            )
            found.setdefault(pool, []).append(replace(pack, left=pack.left - taken))
    return found


def _parts(terms: Terms, situation: Situation) -> Iterator[_Bill]:
    """Yield one bill for each part; what a part does not say, the whole situation says."""
    zone = zone_of(situation.zone)
    accumulates = any(charge.resets for charge in terms.document.charges)
    known: dict[str, list[Observation]] = {}
    parts: list[Part] = [*situation.bills] or [situation] * situation.count
    for index, part in enumerate(parts):
        whole = _inherited(part, situation)
        spans = tuple(span_of(span, zone, f"spans[{i}]") for i, span in enumerate(whole.spans))
        at = None if whole.at is None else instant_of(whole.at, zone, "at")
        due = Due("", period_of(whole, zone), spans, at)
        quantities = quantities_of(terms, whole, zone)
        if accumulates:
            quantities = _with_earlier(known, quantities, due.period)
        yield _Bill(quantities, due, _counted(context_of(terms, whole, zone), index + 1))


def _counted(context: Context, bill: int) -> Context:
    """Return the context with what needs no saying: the bill's number, and that it is no first purchase."""
    facts = {"period_number": Decimal(bill), **context.facts}
    return replace(context, facts=facts, labels={"first_purchase": "no", **context.labels})


def _with_earlier(
    known: dict[str, list[Observation]], quantities: Quantities, period: Period
) -> dict[str, list[Observation]]:
    """Return the usage of this bill and those before it; an undated value lies at its bill's start."""
    for code, rows in quantities.items():
        dated = [one if one.at is not None else replace(one, at=period.start) for one in rows]
        known.setdefault(code, []).extend(dated)
    return {code: [*rows] for code, rows in known.items()}


def _inherited(part: Part, whole: Situation) -> Part:
    """Return the part with the situation's values where it has none; facts are merged."""
    if part is whole:
        return part
    given = {name: getattr(part, name) or getattr(whole, name) for name in Part.__struct_fields__}
    return Part(**given | {"facts": {**whole.facts, **part.facts}})
