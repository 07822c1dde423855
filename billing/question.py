"""What `rate` is asked: a file of prices and a file of facts, read into terms and a situation. PURE."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from billing.oracle import Case, Expected, case_problems, expected_problems
from billing.situation import Situation
from billing.situation_check import situation_problems
from billing.situation_notes import notes_of
from plans.catalogue import Catalogue, Plan, Version
from plans.catalogue_check import SECTIONS, composed, terms_of
from plans.catalogue_check import problems as catalogue_problems
from plans.catalogue_yaml import Marks, located, parse_yaml, shaped
from plans.errors import DomainError, _
from plans.problems import Problem, join
from plans.problems_follow import independent, with_meaning
from plans.shape import Tree
from plans.terms import Document, Terms, read_terms, to_tree
from plans.terms_check import problems as terms_problems

PRICES, FACTS = "prices", "facts"  # which of the two files a problem stands in


class Asked(Situation):
    """A situation as a file of its own: which plan it is about, and what is expected, if known."""

    plan: str | None = None  # code, or code@version
    expected: Expected | None = None
    description: str = ""


class QuestionInvalid(DomainError):  # noqa: N818
    """The files cannot be rated; `found` is every problem with the file it stands in."""

    code = "question_invalid"
    text = _("The files have %(count)s problems.")

    def __init__(self, found: Sequence[tuple[str, Problem]]) -> None:
        super().__init__(count=len(found))
        self.found = list(found)


@dataclass(frozen=True, slots=True)
class Question:
    """Terms and a situation that suit each other."""

    terms: Terms
    situation: Situation
    marks: Marks  # of the file that the situation stands in
    prefix: str = ""  # where in that file: `situation` in a case
    plan: str | None = None
    version: int | None = None
    expected: Expected | None = None
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of a catalogue's meters
    notes: tuple[Problem, ...] = ()  # what changes nothing, or counts otherwise than it may seem
    unpriced: tuple[str, ...] = ()  # meters of the catalogue that were used and have no price in this plan


@dataclass(slots=True)
class _File:
    """One file while it is read: faults of its shape, then those of its meaning."""

    name: str
    tree: Tree  # None where the text cannot be read at all
    marks: Marks
    shape: list[Problem]
    found: list[Problem] = field(default_factory=list)

    @classmethod
    def read(cls, name: str, text: str) -> "_File":
        tree, marks, found = parse_yaml(text)
        return cls(name, tree, marks, found)

    def typed(self, kind: Any) -> Any:
        """Return the tree as `kind`, its faults noted and stand-ins in their place; None if unreadable."""
        if self.tree is None:
            return None
        value, self.shape = shaped(self.tree, kind, self.shape)
        return value

    def problems(self, beside: "_File | None" = None) -> Iterator[tuple[str, Problem]]:
        """Yield what is wrong, without what only follows from a fault of shape here or in the file beside."""
        found = with_meaning(self.shape, self.tree, self.found)
        if beside is not None:
            there = [one.at(join("terms", one.path)) for one in beside.shape]
            found = list(independent(there, {"terms": beside.tree}, found))
        for one in found:
            yield self.name, one if one.line is not None else located(one, self.marks)


def read_question(prices: str, facts: str | None, plan: str | None = None) -> Question:
    """Return what is to be rated; raises QuestionInvalid with every problem of both files.

    `prices` is a catalogue, bare terms, or a worked bill; `facts` is a situation, and may be left out
    beside a worked bill, which has its own. `plan` wins over the one the situation names.
    """
    first = _File.read(PRICES, prices)
    second = _File.read(FACTS, facts) if facts is not None else None
    kind = kind_of(first.tree)
    asked: Asked | None = None if second is None else second.typed(Asked)
    whole = first.typed(kind)
    make = None
    if second is not None:
        make = _answerable(first, second, whole, asked, plan)
    elif kind is Case and whole is not None:
        first.found += case_problems(whole)
        make = partial(_of_case, whole, first.marks)
    elif first.tree is not None:
        first.found.append(Problem("", "missing_field", {"field": "situation"}))
    found = [*first.problems(), *(second.problems(first) if second else ())]
    if found or make is None:
        raise QuestionInvalid(found)
    question = make()
    return replace(question, notes=tuple(notes_of(question.terms.document, question.situation)))


def _of_case(case: Case, marks: Marks) -> Question:
    terms = read_terms(to_tree(case.terms))
    return Question(terms, case.situation, marks, "situation", expected=case.expected)


def kind_of(tree: Tree) -> type[Catalogue] | type[Case] | type[Document]:
    """Return what a file of prices is, judged by its words."""
    if not isinstance(tree, dict):
        return Document
    if "terms" in tree or "expected" in tree:
        return Case
    lists = any(isinstance(tree.get(section), list) for section in SECTIONS)
    return Catalogue if lists or "plans" in tree else Document


def _answerable(
    first: _File, second: _File, whole: Any, asked: Asked | None, plan: str | None
) -> Callable[[], Question] | None:
    """Return how the question is made, or None; its problems are noted in the files."""
    if asked is not None and asked.expected is not None:
        second.found += expected_problems(asked.expected)
    if isinstance(whole, Catalogue):
        return _of_catalogue(first, second, whole, asked, plan)
    document = None if whole is None else _document(whole)
    if document is not None:
        first.found += terms_problems(document)
    if document is None or asked is None:
        return None
    second.found += situation_problems(document, asked)
    if asked.plan or plan:
        (first if plan else second).found.append(Problem("" if plan else "plan", "plan_unused"))
    expected = asked.expected
    return lambda: Question(read_terms(to_tree(document)), asked, second.marks, expected=expected)


def _document(whole: Case | Document) -> Document:
    return whole.terms if isinstance(whole, Case) else whole


def _of_catalogue(
    first: _File, second: _File, whole: Catalogue, asked: Asked | None, plan: str | None
) -> Callable[[], Question] | None:
    first.found += catalogue_problems(whole)
    if asked is None:
        return None
    chosen = _chosen(first if plan else second, whole, plan or asked.plan)
    if chosen is None:
        return None
    document = composed(whole, chosen[1])
    unpriced = _left_out(asked, {one.code for one in whole.meters} - document.meters.keys())
    second.found += situation_problems(document, asked)
    names = {one.code: {"en": one.names.en, "zh-Hans": one.names.zh} for one in whole.meters}
    code, number, expected = chosen[0].code, chosen[1].number, asked.expected
    return lambda: Question(
        terms_of(whole, chosen[1]), asked, second.marks, "", code, number, expected, names, unpriced=unpriced
    )


def _left_out(asked: Asked, codes: set[str]) -> tuple[str, ...]:
    """Take what the plan has no price for out of the usage; one situation may be rated by several plans."""
    found: set[str] = set()
    for part in (asked, *asked.bills):
        found |= part.usage.keys() & codes
        part.usage = {code: given for code, given in part.usage.items() if code not in codes}
    return tuple(sorted(found))


def _chosen(file: _File, catalogue: Catalogue, wanted: str | None) -> tuple[Plan, Version] | None:
    """Return the plan wanted (or the only one) and its version, the highest unless one is named."""
    known = ", ".join(plan.code for plan in catalogue.plans)
    code, _at, number = (wanted or "").partition("@")
    plans = [plan for plan in catalogue.plans if plan.code == code or not wanted]
    if len(plans) != 1:
        problem = Problem("plan", "unknown_plan", {"plan": code, "known": known})
        file.found.append(problem if wanted else Problem("", "plan_needed", {"known": known}))
        return None
    versions = [one for one in plans[0].versions if not number or str(one.number) == number]
    if not versions:
        numbers = ", ".join(str(one.number) for one in plans[0].versions) or "—"
        params = {"plan": plans[0].code, "version": number or "—", "known": numbers}
        file.found.append(Problem("plan", "unknown_version", params))
        return None
    return plans[0], versions[-1]
