"""What one more seat costs, rated as an invoice would be: the price list and the calculator say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache

from billing.quote_rating import twelfth
from billing.services import quoting
from plans.errors import DomainError
from plans.seat_terms import seat_terms
from plans.selectors import Offer
from plans.terms import Terms
from plans.terms_asked import asked_of
from subscriptions.models.agreements import Term


@dataclass(frozen=True, slots=True)
class SeatPrice:
    """Minor units a month for every `per` seats; `falls` when later ones cost less."""

    monthly: int
    per: int
    falls: bool
    included: int
    least: int
    is_whole_price: bool  # nothing else is due at the start: the plan is sold by the seat


@dataclass(frozen=True, slots=True)
class _Terms:
    """Terms as a key: equal hash means equal prices."""

    hash: str
    value: Terms = field(compare=False)


def due_first(
    offer: Offer, term: str, currency: str, option: str | None = None, *, seats: int = 0
) -> Mapping[str, int]:
    """Return what the first invoice holds, in minor units by charge; without seats unless they are given."""
    return _rated(_Terms(offer.terms.hash, offer.terms), term, currency, option, seats)


def seat_price(offer: Offer, term: str, currency: str) -> SeatPrice | None:
    """Return what a further step of seats adds to a month; None where seats cost nothing or are asked for."""
    labels = {**asked_of(offer.terms.document).assumed_labels, "currency": currency, "term": term}
    found = seat_terms(offer.terms.document, labels)
    if found is None:
        return None
    start = found.start or found.per
    try:
        before, after = (
            due_first(offer, term, currency, seats=seats) for seats in (start, start + found.per)
        )
    except DomainError:  # beyond a closed list: there is no price to show
        return None
    first, more = sum(before.values()), sum(after.values()) - sum(before.values())
    if more <= 0:
        return None
    whole = not found.included and _grows_in_step(before, after, start=start, per=found.per)
    if whole:
        more = (2 * first * found.per + start) // (2 * start)  # no rounding of a second amount in it
    monthly = more if term == Term.MONTHLY else twelfth(more)
    return SeatPrice(monthly, found.per, found.falls, found.included, found.least, whole)


def _grows_in_step(before: Mapping[str, int], after: Mapping[str, int], *, start: int, per: int) -> bool:
    """Return whether nothing stands still while seats are added, so that no base fee is among the charges."""
    if any(amount and after.get(charge) == amount for charge, amount in before.items()):
        return False
    first, more = sum(before.values()), sum(after.values()) - sum(before.values())
    return abs(2 * (first * per - more * start)) <= per + 2 * start  # both amounts were rounded once


@lru_cache(maxsize=1024)
def _rated(terms: _Terms, term: str, currency: str, option: str | None, seats: int) -> Mapping[str, int]:
    """Rate once per process: published terms never change, so neither does their price."""
    options = {option: Decimal(1)} if option else {}
    rated = quoting.preview_terms(
        terms.value, term=term, currency=currency, options=options, seats=seats, quantities={}
    )
    amounts: dict[str, int] = {}
    for line in rated.start.lines:
        amounts[line.charge] = amounts.get(line.charge, 0) + line.amount
    return amounts
