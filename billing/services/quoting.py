"""What terms would cost, a draft's too: base and a month's usage apart; nothing is stored.

What a customer is shown is `billing.services.quotes`: the two invoices as they would be issued.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from billing.cadence import Calendar
from billing.dues import advance_dues, companions, month_dues
from billing.previews import PreviewLine, PreviewPart, preview_lines
from billing.rating import rate
from billing.selectors_gather import meter_names
from billing.values import Context, Due, Observation
from plans.terms import Terms

# Any month will do: only proration looks at a period's length, and a whole period has none.
SAMPLE = Calendar(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("UTC"), "monthly")


@dataclass(frozen=True, slots=True)
class Preview:
    """What is due at the start, and what a month of the assumed usage adds."""

    currency: str
    start: PreviewPart
    month: PreviewPart


def preview_terms(
    terms: Terms,
    *,
    term: str,
    currency: str,
    options: Mapping[str, Decimal],
    seats: int,
    quantities: Mapping[str, Decimal],
) -> Preview:
    """Rate the start invoice and one month of usage; `quantities` are figures by meter code.

    Raises what rating refuses: a currency not sold, a quantity beyond the last band.
    """
    calendar = Calendar(SAMPLE.anchor, SAMPLE.zone, term)
    context = Context(
        facts={"seats": Decimal(seats)}, labels={"currency": currency, "term": term}, options=options
    )
    assumed = {code: [Observation(value)] for code, value in quantities.items()}
    start = advance_dues(terms.document, calendar, calendar.anchor)
    month = month_dues(terms.document, calendar)
    months = 12 if term == "annual" else 1
    return Preview(
        currency,
        PreviewPart(months, _lines(terms, {}, start, context)),
        PreviewPart(1, _lines(terms, assumed, month, context)),
    )


def _lines(
    terms: Terms, quantities: Mapping[str, Sequence[Observation]], dues: Sequence[Due], context: Context
) -> tuple[PreviewLine, ...]:
    if not dues:
        return ()
    rating = rate(terms, quantities, [*dues, *companions(terms.document, dues)], context)
    return preview_lines(rating, meter_names(terms))
