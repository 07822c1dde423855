"""A worked bill as data: terms, situation, and what must come out. PURE."""

from dataclasses import dataclass
from decimal import Decimal

from billing.situation import Situation
from billing.situation_run import Answer, answer
from plans.catalogue import CatalogueInvalid
from plans.catalogue_yaml import located, read_yaml
from plans.shape import Strict
from plans.terms import Document, read_terms, to_tree
from plans.terms_check import problems


class Expected(Strict):
    """The exact amount and its unit (a currency, or what is counted)."""

    amount: str
    unit: str


class Case(Strict, kw_only=True):
    """One worked bill with its source."""

    id: str
    kind: str = "charge"
    source: str = ""
    description: str = ""
    terms: Document
    situation: Situation
    expected: Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out, beside what had to."""

    case: Case
    got: Answer

    @property
    def passed(self) -> bool:
        """Return whether amount and unit are exactly those expected."""
        expected = self.case.expected
        return self.got.amount == Decimal(expected.amount) and self.got.unit == expected.unit


def read_case(text: str) -> Case:
    """Return a checked case; raises CatalogueInvalid with every problem and its place."""
    case, found, marks = read_yaml(text, Case)
    if case is not None:
        inside = problems(case.terms)
        found = [located(one.at(f"terms.{one.path}" if one.path else "terms"), marks) for one in inside]
    if case is None or found:
        raise CatalogueInvalid(found)
    checked: Case = case
    return checked


def run_case(case: Case) -> Outcome:
    """Rate the case."""
    return Outcome(case, answer(read_terms(to_tree(case.terms)), case.situation))
