"""What somebody wants the price of, and the first two invoices that an agreement on it would bring. PURE.

A quote, the calculator and a subscription ask the same questions: `start` is what is due at once, `cycle`
what is due when the first month is over (its usage, and on a monthly term the next base). Both are cut and
rated as `billing.services.drafting` cuts and rates invoices, so they cannot say anything else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from billing.cadence import Calendar
from billing.dues import advance_dues, companions, month_dues
from billing.rating import rate
from billing.values import Context, Due, Line, Quantities, Rating
from plans.terms import Terms

START, CYCLE = "start", "cycle"  # the words that invoices are called by


@dataclass(frozen=True, slots=True)
class Basket:
    """What is held and used: `quantities` are those of the first month, facts hold the seats."""

    calendar: Calendar
    currency: str
    facts: Mapping[str, Decimal] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Decimal] = field(default_factory=dict)
    quantities: Quantities = field(default_factory=dict)
    ends: frozenset[str] = frozenset()  # options that are held for the first month only: a coupon's


@dataclass(frozen=True, slots=True)
class Question:
    """One call of `rate()`; what `spend` may see of earlier calls is added when it is made."""

    quantities: Quantities
    due: tuple[Due, ...]
    context: Context


Questions = Mapping[str, Sequence[Question]]  # invoice -> its calls, in order


def questions(terms: Terms, basket: Basket) -> dict[str, list[Question]]:
    """Return what `start` and `cycle` ask of the rater."""
    document, calendar = terms.document, basket.calendar
    first = advance_dues(document, calendar, calendar.anchor)
    past = month_dues(document, calendar)
    following = advance_dues(document, calendar, calendar.edge(1))
    start = [(1, first)] if first else []
    return {
        START: _asked(terms, basket, start),
        CYCLE: _asked(terms, basket, [(k, dues) for k, dues in ((1, past), (2, following)) if dues]),
    }


def later(terms: Terms, asked: Questions) -> list[str]:
    """Return the charges that neither invoice holds, as they are due less often: by quarter, by year."""
    due = {one.charge for parts in asked.values() for part in parts for one in part.due}
    return [charge.code for charge in terms.document.charges if charge.code not in due]


def _asked(terms: Terms, basket: Basket, parts: Sequence[tuple[int, list[Due]]]) -> list[Question]:
    """Return one question, or two where past and future differ in what a price may ask for."""
    found: list[Question] = []
    for k, dues in parts:
        one = Question(basket.quantities, tuple(dues), _context(basket, k))
        if found and found[-1].context == one.context:
            one = replace(one, due=found.pop().due + one.due)
        found.append(one)
    if found:
        closing = companions(terms.document, [due for one in found for due in one.due])
        found[-1] = replace(found[-1], due=(*found[-1].due, *closing))
    return found


def _context(basket: Basket, k: int) -> Context:
    """Return the context of the k-th month: what ends with the first is not held in the second."""
    labels = {**basket.labels, "currency": basket.currency, "term": basket.calendar.term}
    options = {name: held for name, held in basket.options.items() if k == 1 or name not in basket.ends}
    return Context(
        zone=basket.calendar.zone.key,
        facts=basket.facts,
        labels=labels,
        options=options,
        anchor=basket.calendar.anchor,
    )


def rated(terms: Terms, asked: Sequence[Question]) -> list[Rating]:
    """Rate one invoice's questions in turn, each seeing the lines before it."""
    seen: list[Line] = []
    found: list[Rating] = []
    for one in asked:
        rating = rate(terms, one.quantities, one.due, replace(one.context, spent=tuple(seen)))
        seen += rating.lines
        found.append(rating)
    return found
