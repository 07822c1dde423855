"""A worked bill as data: terms, situation, and what must come out. PURE."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from billing.situation import Situation, SituationInvalid, number
from billing.situation_check import situation_problems
from billing.situation_run import Answer, answer
from plans.catalogue import CatalogueInvalid
from plans.catalogue_yaml import read_yaml
from plans.problems import Problem, join
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
        return meets(self.case.expected, self.got)


def meets(expected: Expected, got: Answer) -> bool:
    """Return whether an answer is exactly what was expected: the amount to the last digit, and its unit."""
    return got.amount == Decimal(expected.amount) and got.unit == expected.unit


def read_case(text: str) -> Case:
    """Return a checked case; raises CatalogueInvalid with every problem and its place."""
    case, found, _marks = read_yaml(text, Case, case_problems)
    if case is None:
        raise CatalogueInvalid(found)
    return case


def case_problems(case: Case) -> Iterator[Problem]:
    """Yield what is wrong with a case whose shape is right, in the order of the file."""
    yield from within("terms", problems(case.terms))
    yield from within("situation", situation_problems(case.terms, case.situation))
    yield from expected_problems(case.expected)


def within(path: str, found: list[Problem]) -> Iterator[Problem]:
    """Yield problems of an inner document as those of the file around it."""
    for one in found:
        yield one.at(join(path, one.path) if one.path else path)


def expected_problems(expected: Expected) -> Iterator[Problem]:
    """Yield a problem when the expected amount is no number."""
    try:
        number(expected.amount, "expected.amount")
    except SituationInvalid as error:
        yield error.problem


def run_case(case: Case) -> Outcome:
    """Rate the case."""
    return Outcome(case, answer(read_terms(to_tree(case.terms)), case.situation))
