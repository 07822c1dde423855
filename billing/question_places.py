"""Where in a situation's file a refusal of the rater belongs. PURE."""

from billing.calculation import CurrencyNotSold
from billing.numbers import MissingCase, MissingFact
from billing.proration import MissingInstant
from billing.situation import SituationInvalid
from plans.catalogue_yaml import Marks, located
from plans.errors import DomainError
from plans.problems import Problem, join
from plans.tariff import UnpriceableQuantity

_PLACES: tuple[tuple[type[DomainError], str], ...] = (
    (MissingFact, "facts"),
    (MissingCase, "facts"),
    (CurrencyNotSold, "facts"),
    (MissingInstant, "at"),
    (UnpriceableQuantity, "usage"),
)


def place_of(error: DomainError, marks: Marks, prefix: str) -> tuple[int, int, str]:
    """Return line, column and path of what has to change for the rater to say yes."""
    inside = next((path for kind, path in _PLACES if isinstance(error, kind)), "")
    if isinstance(error, SituationInvalid):
        inside = error.problem.path
    path = join(prefix, inside) if prefix and inside else prefix or inside
    found = located(Problem(path, "missing_field"), marks)
    return found.line or 1, found.column or 1, path or "file"
