"""Units kept apart: a charge ends in money, and what is added or compared has one unit. PURE.

A literal takes the unit it meets, so its unit is None. A number that was multiplied or divided by a literal
is converted (weighted units, ten connections for a user, 4,096 bytes a block): its unit is not known any
more and goes with any other quantity, but never with money.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from plans.problems import Problem, join
from plans.shape_gaps import is_gap
from plans.terms import Document, Fact, Formula, Step
from plans.terms_walk import is_literal, walk

MONEY = "money"
QUANTITY = "quantity"  # of a unit that is not known: converted, or a product of two
PLAIN = "number"  # of no unit: options held, shares of two like quantities
UNKNOWN = "?"  # money or a quantity: a part that has faults of its own
_SAME = ("plus", "minus", "at_least", "at_most", "included")
_FORMS = ("of", "pick", "spend", *_SAME, "times", "over")
_SHARES = frozenset({"percent", "%"})  # what a share is of keeps its unit


def unit_problems(document: Document, builtin: Mapping[str, str]) -> list[Problem]:
    """Return the problems of units; parts with other faults are taken for whatever suits."""
    checker = _Units(document, builtin)
    for index, charge in enumerate(document.charges):
        path = f"charges[{index}]"
        kind = checker.steps(checker.number(charge.of, join(path, "of")), charge.steps, path)
        if kind not in (MONEY, UNKNOWN):
            checker.found.append(Problem(path, "not_money"))
    for index, figure in enumerate(document.figures):
        path = f"figures[{index}]"
        checker.steps(checker.number(figure.of, join(path, "of")), figure.steps, path)
    for path, part in walk(document, ""):
        if isinstance(part, Formula) and not path.startswith("meters."):  # names there are attributes
            checker.number(part, path)
    return list(checker.found_once())


def figure_kind(document: Document, code: str, builtin: Mapping[str, str]) -> str | None:
    """Return whether a figure ends in money or a quantity; None where it is a bare number."""
    figure = next(one for one in document.figures if one.code == code)
    checker = _Units(document, builtin)
    kind = checker.steps(checker.number(figure.of, "of"), figure.steps, "")
    return kind if kind in (None, MONEY, UNKNOWN) else QUANTITY


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
        """Return the unit of a number, or None for what takes the unit it meets."""
        if isinstance(value, str):
            return None if is_literal(value) else self.name(value)
        if sum(getattr(value, word) is not None for word in _FORMS) != 1:
            return UNKNOWN
        if value.spend is not None:
            return MONEY
        if value.pick is not None:
            return self._cases(value, path)
        if value.of is not None:
            return self.steps(self.number(value.of, join(path, "of")), value.steps or [], path)
        return self._operands(value, path)

    def name(self, name: str) -> str | None:
        """Return the unit of what a name stands for; unknown while it is being worked out."""
        if name not in self.known:
            self.known[name] = UNKNOWN  # numbers that refer to each other in a circle end here
            self.known[name] = self._look_up(name)
        return self.known[name]

    def _look_up(self, name: str) -> str | None:
        document = self.document
        if name in document.numbers:
            return self.number(document.numbers[name], join("numbers", name))
        if name in document.meters:
            return _declared(document.meters[name].unit)
        if name in document.options:
            return PLAIN
        given = document.facts.get(name, self.builtin.get(name))
        return UNKNOWN if given is None else _declared(given.unit if isinstance(given, Fact) else given)

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
        kind = self.number(operands[0], join(join(path, word), 0)) if operands else UNKNOWN
        for index, operand in enumerate(operands[1:], start=1):
            where = join(join(path, word), index)
            kind = self.combine(word, kind, self.number(operand, where), where)
        return kind

    def steps(self, kind: str | None, steps: list[Step], path: str) -> str | None:
        """Return the unit after the steps."""
        for index, step in enumerate(steps):
            kind = self._step(kind, step, join(join(path, "steps"), index))
        return kind

    def _step(self, kind: str | None, step: Step, path: str) -> str | None:
        words = [word for word in step.__struct_fields__ if getattr(step, word) is not None]
        if step.price is not None:
            return MONEY
        if len(words) != 1:
            return UNKNOWN
        word = words[0]
        if word in (*_SAME, "times", "over"):
            operand = getattr(step, word)
            return self.combine(word, kind, self.number(operand, join(path, word)), path)
        if word == "table":  # a number of its own, or a share
            return kind if kind in (None, MONEY, UNKNOWN) else QUANTITY
        return kind

    def combine(self, word: str, left: str | None, right: str | None, path: str) -> str | None:
        """Return the unit of two numbers joined by a word."""
        if word in _SAME:
            return self.meet(left, right, word, path)
        if UNKNOWN in (left, right):
            return UNKNOWN
        return _quotient(left, right) if word == "over" else _product(left, right)

    def meet(self, left: str | None, right: str | None, word: str, path: str) -> str | None:
        """Return the unit of two numbers added or compared; note when they do not go together."""
        if None in (left, right) or left == right:
            return left or right
        if UNKNOWN in (left, right):
            return UNKNOWN
        if MONEY in (left, right):
            self.found.append(Problem(path, "unit_mismatch", {"word": word}))
            return left
        if PLAIN in (left, right):
            return right if left == PLAIN else left
        if word != "pick" and QUANTITY not in (left, right):
            params = {"word": word, "left": str(left), "right": str(right)}
            self.found.append(Problem(path, "units_mixed", params))
        return QUANTITY


def _declared(unit: str) -> str:
    """Return a unit as it is declared; a declaration that could not be read suits everything."""
    return UNKNOWN if is_gap(unit) else unit


def _product(left: str | None, right: str | None) -> str | None:
    if MONEY in (left, right):
        return MONEY
    if left is None and right is None:
        return None
    if left in (PLAIN, *_SHARES) or right in (PLAIN, *_SHARES):
        other = right if left in (PLAIN, *_SHARES) else left
        return PLAIN if other is None or other in _SHARES else other
    return QUANTITY


def _quotient(left: str | None, right: str | None) -> str | None:
    if left is None and right is None:
        return None
    if left == right and left != QUANTITY:
        return PLAIN
    if left == MONEY:
        return MONEY
    return left if right in (PLAIN, *_SHARES) and left is not None else QUANTITY
