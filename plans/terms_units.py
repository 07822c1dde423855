"""Money and quantities kept apart: a charge ends in money, and the two are never added. PURE.

A literal takes the unit it meets, so its kind is None. Two quantities may be compared or added
whatever their units (weighted units, substitution): only money against a quantity is a fault.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plans.problems import Problem, join
from plans.terms import Document, Fact, Formula, Step
from plans.terms_walk import is_literal

MONEY, QUANTITY = "money", "quantity"
_SAME = ("plus", "minus", "at_least", "at_most", "included")


def unit_problems(document: Document, builtin: Mapping[str, str]) -> list[Problem]:
    """Return the problems; expects a document whose names and forms are right."""
    checker = _Units(document, builtin)
    for index, charge in enumerate(document.charges):
        path = f"charges[{index}]"
        kind = checker.steps(checker.number(charge.of, join(path, "of")), charge.steps, path)
        if kind != MONEY:
            checker.found.append(Problem(path, "not_money"))
    for index, figure in enumerate(document.figures):
        path = f"figures[{index}]"
        checker.steps(checker.number(figure.of, join(path, "of")), figure.steps, path)
    return list(checker.found_once())


def figure_kind(document: Document, code: str, builtin: Mapping[str, str]) -> str | None:
    """Return whether a figure ends in money or a quantity; None where it is a bare number."""
    figure = next(one for one in document.figures if one.code == code)
    checker = _Units(document, builtin)
    return checker.steps(checker.number(figure.of, "of"), figure.steps, "")


@dataclass
class _Units:
    document: Document
    builtin: Mapping[str, str]
    found: list[Problem] = field(default_factory=list)
    known: dict[str, str | None] = field(default_factory=dict)

    def found_once(self) -> Iterator[Problem]:
        seen = set()
        for one in self.found:
            if (one.path, one.code) not in seen:
                seen.add((one.path, one.code))
                yield one

    def number(self, value: str | Formula, path: str) -> str | None:
        """Return money, quantity, or None for what takes the unit it meets."""
        if isinstance(value, str):
            return None if is_literal(value) else self.name(value)
        if value.spend is not None:
            return MONEY
        if value.pick is not None:
            return self._cases(value, path)
        if value.of is not None:
            return self.steps(self.number(value.of, join(path, "of")), value.steps or [], path)
        return self._operands(value, path)

    def name(self, name: str) -> str | None:
        if name not in self.known:
            self.known[name] = self._look_up(name)
        return self.known[name]

    def _look_up(self, name: str) -> str | None:
        document = self.document
        if name in document.numbers:
            return self.number(document.numbers[name], join("numbers", name))
        given = document.facts.get(name, self.builtin.get(name, ""))
        unit = given.unit if isinstance(given, Fact) else given
        if name in document.meters:
            unit = document.meters[name].unit
        return MONEY if unit == MONEY else QUANTITY

    def _cases(self, value: Formula, path: str) -> str | None:
        cases = {join(path, f"cases.{case}"): part for case, part in (value.cases or {}).items()}
        if value.otherwise is not None:
            cases[join(path, "else")] = value.otherwise
        kind: str | None = None
        for where, part in cases.items():
            kind = self.meet(kind, self.number(part, where), "pick", where)
        return kind

    def _operands(self, value: Formula, path: str) -> str | None:
        word = next(word for word in (*_SAME, "times", "over") if getattr(value, word) is not None)
        operands = getattr(value, word)
        kind = self.number(operands[0], join(join(path, word), 0))
        for index, operand in enumerate(operands[1:], start=1):
            where = join(join(path, word), index)
            kind = self.combine(word, kind, self.number(operand, where), where)
        return kind

    def steps(self, kind: str | None, steps: list[Step], path: str) -> str | None:
        for index, step in enumerate(steps):
            kind = self._step(kind, step, join(join(path, "steps"), index))
        return kind

    def _step(self, kind: str | None, step: Step, path: str) -> str | None:
        if step.price is not None:
            return MONEY
        for word in (*_SAME, "times", "over"):
            operand = getattr(step, word)
            if operand is not None:
                return self.combine(word, kind, self.number(operand, join(path, word)), path)
        return kind

    def combine(self, word: str, left: str | None, right: str | None, path: str) -> str | None:
        if word in _SAME:
            return self.meet(left, right, word, path)
        if word == "over":
            return QUANTITY if left == right == MONEY else left or right
        return MONEY if MONEY in (left, right) else left or right

    def meet(self, left: str | None, right: str | None, word: str, path: str) -> str | None:
        if left is not None and right is not None and left != right:
            self.found.append(Problem(path, "unit_mismatch", {"word": word}))
        return left or right
