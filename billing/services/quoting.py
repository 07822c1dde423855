"""What terms would cost, a draft's too: base and a month's usage apart; nothing is stored.

What a customer is shown is `billing.services.quotes`: the two invoices as they would be issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.assumed import readings_of
from billing.cadence import Calendar
from billing.dues import advance_dues, companions, month_dues
from billing.inputs import counts_periods
from billing.previews import PreviewLine, PreviewPart, preview_lines
from billing.rating import rate
from billing.selectors_gather import meter_names
from billing.values import Context, Due, Observation
from plans.composition import COUPON
from plans.terms import Terms
from plans.terms_asked import asked_of

# Any month will do: only proration looks at a period's length, and a whole period has none.
SAMPLE = Calendar(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), "monthly")


@dataclass(frozen=True, slots=True)
class Preview:
    """What is due at the start, what a month of the assumed usage adds, what later terms come to."""

    currency: str
    start: PreviewPart
    month: PreviewPart
    renewal: PreviewPart  # the start's lines a year on, when coupons and first-period promotions are over


def preview_terms(
    terms: Terms,
    *,
    term: str,
    currency: str,
    options: Mapping[str, Decimal],
    seats: int,
    quantities: Mapping[str, Decimal],
    labels: Mapping[str, str] | None = None,
    facts: Mapping[str, Decimal] | None = None,
) -> Preview:
    """Rate the start invoice and one month of usage; `quantities` are figures by meter code.

    `labels` and `facts` answer what the terms ask of a customer; what is not answered is assumed: the first
    value of a label, 0, and no first purchase.

    Raises what rating refuses: a currency not sold, a quantity beyond the last band.
    """
    calendar = Calendar(SAMPLE.anchor, SAMPLE.zone, term)
    said = {**(labels or {}), "currency": currency, "term": term}
    context = _assumed(terms, options, labels=said, facts={**(facts or {}), "seats": Decimal(seats)})
    assumed = {code: readings_of(terms.document, code, value) for code, value in quantities.items()}
    start = advance_dues(terms.document, calendar, calendar.anchor)
    month = month_dues(terms.document, calendar)
    months = 12 if term == "annual" else 1
    first = PreviewPart(months, _lines(terms, {}, start, context))
    usage = PreviewPart(1, _lines(terms, assumed, month, context))
    lasting = {option: held for option, held in options.items() if not option.startswith(COUPON)}
    if lasting == dict(options) and not counts_periods(terms):
        return Preview(currency, first, usage, first)
    later = _lines(
        terms,
        {},
        advance_dues(terms.document, calendar, calendar.edge(12)),
        replace(context, options=lasting),
    )
    return Preview(currency, first, usage, PreviewPart(months, later))


def _assumed(
    terms: Terms, options: Mapping[str, Decimal], *, labels: Mapping[str, str], facts: Mapping[str, Decimal]
) -> Context:
    """Return the sample customer with what is said, and an assumption for the rest of what the terms ask."""
    asked = asked_of(terms.document)
    return Context(
        facts={**dict.fromkeys(asked.facts, Decimal(0)), **facts},
        labels={"first_purchase": "no", **asked.assumed_labels, **labels},
        options=options,
        anchor=SAMPLE.anchor,
    )


def _lines(
    terms: Terms, quantities: Mapping[str, Sequence[Observation]], dues: Sequence[Due], context: Context
) -> tuple[PreviewLine, ...]:
    if not dues:
        return ()
    rating = rate(terms, quantities, [*dues, *companions(terms.document, dues)], context)
    return preview_lines(rating, meter_names(terms))
