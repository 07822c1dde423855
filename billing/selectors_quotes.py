"""Reads of quotes: a customer's own, or every one for the provider's programs."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.utils.http import urlencode

from billing.baskets import CYCLE, START
from billing.inputs_read import read_inputs
from billing.models import Quote
from billing.previews import PreviewPart
from billing.quote_rating import stored_lines
from billing.selectors_gather import meter_names
from billing.situation import Part
from billing.situation_notes import outside_notes, usage_notes
from plans.composition import MODULE, SLA, SUPPORT
from plans.errors import NotFound
from plans.problems import Problem
from plans.selectors import terms_of
from plans.terms import Terms
from plans.terms_timing import timings
from plans.timespan import Period
from subscriptions.models.agreements import Term


def quotes_of(customer_id: int | None) -> QuerySet[Quote]:
    """Return the quotes of one customer; None = of all, for provider keys."""
    rows = Quote.objects.select_related("plan_version__plan", "customer", "subscription")
    return rows if customer_id is None else rows.filter(customer=customer_id)


def quote_of(customer_id: int | None, public_id: str) -> Quote:
    """Return one quote; NotFound for a stranger's."""
    found = quotes_of(customer_id).filter(public_id=public_id).first()
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class ShownQuote:
    """A quote with its lines as pages show them."""

    quote: Quote
    terms: Terms
    start: PreviewPart
    cycle: PreviewPart


def shown_quote(quote: Quote) -> ShownQuote:
    """Return a quote with its lines; one query, for the meters' names."""
    terms = terms_of(quote.plan_version)
    lines = stored_lines(quote.lines, quote.currency, meter_names(terms))
    months = 12 if quote.term == Term.ANNUAL else 1
    return ShownQuote(
        quote, terms, PreviewPart(months, tuple(lines[START])), PreviewPart(1, tuple(lines[CYCLE]))
    )


def notes_of(shown: ShownQuote) -> list[Problem]:
    """Return what of the usage changes nothing, or is assumed; dated entries outside what is priced too."""
    document, part = shown.terms.document, Part(usage=shown.quote.asked["usage"])
    rules = timings(document)
    counted: dict[str, list[Period]] = {}
    zone = "UTC"
    for tree in shown.quote.inputs["invoices"][CYCLE]:
        inputs = read_inputs(tree)
        zone = inputs.context.zone
        for due in inputs.due:
            for code in rules[due.charge].meters:
                counted.setdefault(code, []).append(due.period)
    return [*usage_notes(document, part), *outside_notes(document, part, counted, ZoneInfo(zone))]


def calculator_query(quote: Quote) -> str:
    """Return the calculator's address part for a quote's figures, so a fresh one is a click away."""
    asked = quote.asked
    options: list[str] = list(asked["options"])
    pairs = [("term", asked["term"])]
    pairs += [(f"use-{meter}", given) for meter, given in asked["usage"].items() if isinstance(given, str)]
    pairs += [("modules", one.removeprefix(MODULE)) for one in options if one.startswith(MODULE)]
    for field, prefix in (("sla", SLA), ("support", SUPPORT)):
        pairs += [(field, one.removeprefix(prefix)) for one in options if one.startswith(prefix)]
    pairs += [("seats", str(asked["seats"]))] if asked["seats"] else []
    return urlencode(pairs)
