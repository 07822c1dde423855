"""What a year paid at once saves, read off the rated terms."""

from decimal import Decimal

from billing.services.quoting import preview_terms
from plans.terms import Terms
from subscriptions.models.agreements import Term

LEAST, MOST = Decimal("0.15"), Decimal("0.30")  # what the market gives; beyond it a person looks twice


def annual_savings(terms: Terms) -> dict[str, Decimal]:
    """Return the share that a year saves over twelve months, by currency; free plans are left out.

    Raises what rating refuses. Terms that sell one term only have no saving.
    """
    offered = terms.document.labels.get("term") or list(Term.values)
    if not {Term.MONTHLY, Term.ANNUAL} <= set(offered):
        return {}
    found = {}
    for currency in terms.currencies:
        month, year = (_start(terms, term, currency) for term in (Term.MONTHLY, Term.ANNUAL))
        if month > 0:
            found[currency] = 1 - Decimal(year) / (12 * month)
    return found


def odd_savings(terms: Terms) -> list[tuple[str, Decimal]]:
    """Return (currency, percent) of annual discounts outside 15 to 30 %."""
    return [
        (code, share * 100) for code, share in annual_savings(terms).items() if not LEAST <= share <= MOST
    ]


def _start(terms: Terms, term: str, currency: str) -> int:
    found = preview_terms(terms, term=term, currency=currency, options={}, seats=0, quantities={})
    return found.renewal.total
