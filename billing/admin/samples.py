"""Sample prices of a version: what a basket costs, by the real rater with assumed usage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from billing.admin.shown import charged, priced, signed, tree
from billing.explain import sentences_of
from billing.previews import PreviewPart
from billing.services.quoting import Preview, preview_terms
from plans.errors import DomainError
from plans.models import Meter, PlanVersion
from plans.models.meters import MeterKind
from plans.models.plans import VersionState
from plans.selectors import terms_of
from plans.selectors_catalogue import draft_terms
from plans.templatetags.figures import quantity
from plans.terms import Terms
from subscriptions.models.agreements import Term

SCALES = (1_000, 10_000, 100_000)  # monthly users
# What one monthly user is assumed to use, by unit of the meter. A starting point; every figure is editable.
PER_USER = {
    "users": Decimal(1),
    "messages": Decimal(300),
    "requests": Decimal(30),
    "GB": Decimal("0.05"),
    "connections": Decimal("0.05"),
}


@dataclass(frozen=True, slots=True)
class Basket:
    """What is priced: how, in what, with which options, for which usage."""

    term: str
    currency: str
    seats: int
    options: Mapping[str, Decimal]
    usage: Mapping[str, Decimal]


def terms_for(version: PlanVersion) -> Terms:
    """Return the terms as published, or as the draft would be; TermsInvalid if it cannot be."""
    return draft_terms(version) if version.state == VersionState.DRAFT else terms_of(version)


def meters_in(terms: Terms) -> list[Meter]:
    """Return the meters that the terms charge by, in document order."""
    rows = {row.code: row for row in Meter.objects.filter(code__in=terms.document.meters)}
    return [rows[code] for code in terms.document.meters if code in rows]


def assumed_usage(meters: Sequence[Meter], users: int) -> dict[str, Decimal]:
    """Return a month's figure of each meter for so many monthly users."""
    return {
        meter.code: Decimal(users)
        if meter.kind == MeterKind.UNIQUE
        else Decimal(users) * PER_USER.get(meter.unit, Decimal(1))
        for meter in meters
    }


def rated(terms: Terms, basket: Basket) -> Preview:
    """Rate a basket."""
    return preview_terms(
        terms,
        term=basket.term,
        currency=basket.currency,
        options=basket.options,
        seats=basket.seats,
        quantities=basket.usage,
    )


def shown_part(part: PreviewPart, currency: str) -> dict[str, Any]:
    """Return the rows of one table, with the reason of each amount."""
    rows = [
        {
            "label": line.label_text,
            "quantity": "" if line.quantity is None else charged(line),
            "amount": priced(line.amount, currency),
            "why": tree(sentences_of(line.derivation, currency, line.names)),
        }
        for line in part.lines
    ]
    return {"rows": rows, "total": priced(part.total, currency), "months": part.period_months}


def first_month(terms: Terms, currency: str, usage: Mapping[str, Decimal]) -> int | str:
    """Return base and usage of one month without options, in minor units; a refusal as its sentence."""
    try:
        found = rated(terms, Basket(Term.MONTHLY, currency, 0, {}, usage))
    except DomainError as refusal:
        return str(refusal)
    return found.start.total + found.month.total


def compared(draft: Terms, published: Terms | None) -> list[dict[str, str]]:
    """Return what a month costs at each scale and currency, before and after."""
    meters = meters_in(draft)
    rows = []
    for currency in draft.currencies:
        for users in SCALES:
            usage = assumed_usage(meters, users)
            new = first_month(draft, currency, usage)
            sold = published is not None and currency in published.currencies
            old = first_month(published, currency, usage) if published and sold else None
            rows.append({"users": quantity(users), **_sides(old, new, currency)})
    return rows


def _sides(old: int | str | None, new: int | str, currency: str) -> dict[str, str]:
    both = isinstance(old, int) and isinstance(new, int)
    return {
        "old": priced(old, currency) if isinstance(old, int) else old or "–",
        "new": priced(new, currency) if isinstance(new, int) else new,
        "change": signed(new - old, currency) if both else "–",  # type: ignore[operator]
    }


def dear_years(terms: Terms) -> list[str]:
    """Return the currencies in which a year paid at once costs more than twelve months."""
    found = []
    for currency in terms.currencies:
        base = Basket(Term.MONTHLY, currency, 0, {}, {})
        year = Basket(Term.ANNUAL, currency, 0, {}, {})
        if rated(terms, year).start.total > 12 * rated(terms, base).start.total:
            found.append(currency)
    return found
