"""What terms say of seats in a few words: those included, the fewest, and the step of their price. PURE.

Like `plans.highlights` it reads literals and choices by fixed labels; what one more step costs is rated.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from plans.highlights import literal, tariff_for, unit_price
from plans.terms import Charge, Document, Formula

SEATS = "seats"


@dataclass(frozen=True, slots=True)
class SeatTerms:
    """How seats are charged: `start` is the count from which one more step of `per` seats costs money."""

    included: int
    least: int
    per: int
    falls: bool

    @property
    def start(self) -> int:
        """The seats that a plan includes or asks for at least."""
        return max(self.included, self.least)


def seat_terms(document: Document, labels: Mapping[str, str]) -> SeatTerms | None:
    """Return how the plan charges seats, as its first priced charge of them says; None without one."""
    for charge in document.charges:
        if charge.held or charge.credit or not _is_of_seats(charge, document):
            continue
        for price in charge.steps:
            tariff = tariff_for(price.price, labels)
            found, free = unit_price(tariff, labels) if tariff else (None, None)
            if found is not None and found.per == found.per.to_integral_value():
                included = max(_most(charge, "included", labels), int(free or 0))
                return SeatTerms(included, _most(charge, "at_least", labels), int(found.per), found.falls)
    return None


def _is_of_seats(charge: Charge, document: Document) -> bool:
    of: str | Formula | None = charge.of
    for _hop in range(3):
        if isinstance(of, Formula):
            of = of.of
        if not isinstance(of, str):
            return False
        if of == SEATS:
            return True
        of = document.numbers.get(of, "1")
    return False


def _most(charge: Charge, name: str, labels: Mapping[str, str]) -> int:
    return int(max(_numbers(charge, name, labels), default=Decimal(0)))


def _numbers(charge: Charge, name: str, labels: Mapping[str, str]) -> Iterator[Decimal]:
    for step in charge.steps:
        found = literal(getattr(step, name), labels)
        if found is not None:
            yield found
