"""What a document means, checked: every fault with its path, none hidden behind another. PURE."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from plans.money import EXPONENTS
from plans.problems import Problem, join
from plans.shape_gaps import is_gap
from plans.terms import (
    Document,
    Drawing,
    Formula,
    Meter,
    Prorate,
    Rounding,
    RoundPlan,
    Step,
    Tariff,
)
from plans.terms_check_charges import charge_problems
from plans.terms_check_meters import LITERAL, meter_problems
from plans.terms_check_names import unknown_name
from plans.terms_check_tariff import tariff_problems
from plans.terms_check_time import time_problems
from plans.terms_units import unit_problems
from plans.terms_walk import NAME, is_literal, names_in, walk
from plans.tou import band_codes

# `period_number` counts the agreement's periods from 1: what holds for the first one only asks for it.
BUILTIN_FACTS = {"seats": "seats", "fee": "money", "availability": "percent", "period_number": "periods"}
BUILTIN_LABELS = {"term": ["monthly", "annual"], "first_purchase": ["yes", "no"]}
_ARITHMETIC = ("plus", "minus", "times", "over", "at_least", "at_most", "included")
_DIVISORS = ("over", "per", "weight")


def problems(document: Document) -> list[Problem]:
    """Return every problem of a document whose shape is right."""
    scope = _Scope.of(document)
    found = [*_top(document), *_name_table(scope), *_circles(document)]
    for path, part in walk(document, ""):
        found += _part(scope, path, part)
    found += [*charge_problems(document), *time_problems(document)]
    return found + unit_problems(document, BUILTIN_FACTS)


@dataclass(frozen=True, slots=True)
class _Scope:
    """What a document's texts may refer to."""

    document: Document
    kinds: Mapping[str, list[str]]  # name -> what it stands for
    labels: Mapping[str, Collection[str]]  # empty values: any
    lines: Collection[str]  # codes and tags of charges

    @classmethod
    def of(cls, document: Document) -> "_Scope":
        kinds: dict[str, list[str]] = {}
        for kind in ("meters", "numbers", "facts", "options"):
            for name in getattr(document, kind):
                kinds.setdefault(name, []).append(kind)
        for name in BUILTIN_FACTS:
            kinds.setdefault(name, ["facts"])
        labels: dict[str, Collection[str]] = {
            **BUILTIN_LABELS,
            "currency": _currencies(document),
        }
        labels |= {charge.split: [] for charge in document.charges if charge.split}
        if document.schedules:
            labels["band"] = list(
                dict.fromkeys(c for s in document.schedules.values() for c in band_codes(s))
            )
        lines = {word for charge in document.charges for word in (charge.code, *charge.tags)}
        return cls(document, kinds, labels | document.labels, lines)


def _currencies(document: Document) -> list[str]:
    given = document.currency
    return [given] if isinstance(given, str) else list(given or [])


def _near(name: str, known: Iterable[str]) -> str:
    """Return the names that look alike, or all there are."""
    return ", ".join(difflib.get_close_matches(name, list(known), n=3) or sorted(known))


def _top(document: Document) -> Iterator[Problem]:
    for index, currency in enumerate(_currencies(document)):
        path = "currency" if isinstance(document.currency, str) else join("currency", index)
        if currency not in EXPONENTS:
            yield Problem(path, "unknown_currency", {"currency": currency})
    if isinstance(document.round, RoundPlan):
        for word in ("line", "total"):
            yield from _rounding(document, getattr(document.round, word), f"round.{word}")


def _name_table(scope: _Scope) -> Iterator[Problem]:
    for name, kinds in scope.kinds.items():
        if len(kinds) > 1:
            yield Problem(join(kinds[-1], name), "duplicate_name", {"name": name, "kinds": ", ".join(kinds)})
        if not NAME.fullmatch(name):
            yield Problem(join(kinds[0], name), "bad_name", {"value": name})
    for option, count in Counter(scope.document.options).items():
        if count > 1:
            yield Problem("options", "duplicate_code", {"code": option})


def _circles(document: Document) -> Iterator[Problem]:
    """Yield one problem for every circle among numbers and meters, at its first name."""
    edges: dict[str, set[str]] = {name: names_in(number) for name, number in document.numbers.items()}
    for code, meter in document.meters.items():
        edges[code] = {name for part in (meter.steps, meter.reduce) for name in names_in_steps(part)}
    done: set[str] = set()
    for name in edges:
        circle = _circle(name, edges, [], done)
        if circle:
            section = "numbers" if name in document.numbers else "meters"
            yield Problem(join(section, name), "name_cycle", {"circle": " → ".join(circle)})


def names_in_steps(value: Any) -> set[str]:
    """Return the names in steps; plain texts beside them (keys, units) are none."""
    return {part for _, part in walk(value, "") if isinstance(part, str) and not is_literal(part)}


def _circle(name: str, edges: Mapping[str, set[str]], trail: list[str], done: set[str]) -> list[str] | None:
    if name in trail:
        return [*trail[trail.index(name) :], name]
    if name in done or name not in edges:
        return None
    for other in sorted(edges[name]):
        found = _circle(other, edges, [*trail, name], done)
        if found:
            done.update(found)
            return found
    done.add(name)
    return None


def _part(scope: _Scope, path: str, part: Any) -> Iterable[Problem]:
    """Return the problems of one part of the document, whatever it is."""
    if isinstance(part, str):
        return _number_text(scope, path, part)
    check = _CHECKS.get(type(part))
    return check(scope, path, part) if check else ()


def _number_text(scope: _Scope, path: str, text: str) -> Iterator[Problem]:
    if is_literal(text):
        yield from _literal(path, text)
    elif not NAME.fullmatch(text):
        yield Problem(path, "bad_name", {"value": text})
    elif text not in scope.kinds and not _inside_each(path):
        yield unknown_name(scope.lines, scope.document.labels, path, text, _near(text, scope.kinds))


def _inside_each(path: str) -> bool:
    """Return whether names here are an event's attributes: only a meter's `each` may use those."""
    parts = path.split(".")
    return parts[0] == "meters" and len(parts) > 2 and parts[2].split("[")[0] == "each"


def _literal(path: str, text: str) -> Iterator[Problem]:
    if text.startswith("-"):
        yield Problem(path, "negative_literal", {"value": text})
    elif not LITERAL.fullmatch(text):
        yield Problem(path, "bad_number", {"value": text})
    elif path.split(".")[-1] in _DIVISORS and not text.strip("0."):
        yield Problem(path, "zero_divisor")


def _formula(scope: _Scope, path: str, formula: Formula) -> Iterator[Problem]:
    forms = [word for word in ("of", "pick", "spend", *_ARITHMETIC) if getattr(formula, word) is not None]
    if len(forms) != 1:
        yield Problem(path, "one_word_only", {"words": ", ".join(("of", "pick", "spend", *_ARITHMETIC))})
        return
    word = forms[0]
    if formula.steps is not None and word != "of":
        yield Problem(join(path, "steps"), "mixed_forms", {"words": f"{word}, steps"})
    if word in _ARITHMETIC and len(getattr(formula, word)) < 2:
        yield Problem(join(path, word), "too_few_operands", {"word": word})
    if word == "over":
        yield from (
            p for i, n in enumerate(formula.over or []) if i for p in _not_zero(join(path, "over"), i, n)
        )
    if formula.spend == []:
        yield Problem(join(path, "spend"), "spend_empty")
    yield from _pick(scope, path, formula)


def _not_zero(path: str, index: int, number: str | Formula) -> Iterator[Problem]:
    if isinstance(number, str) and is_literal(number) and not number.strip("0."):
        yield Problem(join(path, index), "zero_divisor")


def _pick(scope: _Scope, path: str, part: Formula | Tariff) -> Iterator[Problem]:
    """Check a choice: its label is declared, and every value of the label has a case or there is an else."""
    if part.pick is None:
        if part.cases is not None or part.otherwise is not None:
            yield Problem(path, "missing_field", {"field": "pick"})
        return
    label, cases = part.pick, part.cases or {}
    if label not in scope.labels:
        yield Problem(join(path, "pick"), "unknown_label", {"label": label, "known": ", ".join(scope.labels)})
        return
    values = scope.labels[label]
    if any(is_gap(value) for value in values):
        return  # which values there are cannot be told
    if values:
        yield from _listed_cases(path, label, cases, part.otherwise is not None, values)
    elif part.otherwise is None:
        yield Problem(path, "else_needed", {"label": label})


def _listed_cases(
    path: str, label: str, cases: Mapping[str, Any], has_else: bool, values: Collection[str]
) -> Iterator[Problem]:
    missing = [value for value in values if value not in cases]
    if missing and not has_else:
        yield Problem(path, "missing_case", {"label": label, "missing": ", ".join(missing)})
    for case in cases:
        if case not in values:
            yield Problem(join(join(path, "cases"), case), "unknown_case", {"case": case, "label": label})


def _step(scope: _Scope, path: str, step: Step) -> Iterator[Problem]:
    words = [word for word in step.__struct_fields__ if getattr(step, word) is not None]
    if len(words) != 1:
        yield Problem(path, "one_word_only", {"words": ", ".join(step.__struct_fields__)})
    yield from _rounding(scope.document, step.round, join(path, "round"))


def _rounding(document: Document, given: str | Rounding | None, path: str) -> Iterator[Problem]:
    to = given.to if isinstance(given, Rounding) else given
    if to is None:
        return
    if to == "minor":
        if not _currencies(document):
            yield Problem(path, "currency_needed")
    elif not LITERAL.fullmatch(to):
        yield Problem(path, "bad_number", {"value": to})
    elif not to.strip("0."):
        yield Problem(path, "zero_multiple")


def _tariff(scope: _Scope, path: str, tariff: Tariff) -> Iterator[Problem]:
    yield from (*_pick(scope, path, tariff), *tariff_problems(path, tariff))


def _prorate(scope: _Scope, path: str, rule: Prorate) -> Iterator[Problem]:
    yield from _rounding(scope.document, rule.round, join(path, "round"))


def _drawing(scope: _Scope, path: str, drawing: Drawing) -> Iterator[Problem]:
    if path.startswith("meters."):
        yield Problem(path, "meter_draws")
    if drawing.pool not in scope.document.pools:
        yield Problem(join(path, "pool"), "unknown_pool", {"pool": drawing.pool})


_CHECKS: dict[type[msgspec.Struct], Callable[[_Scope, str, Any], Iterable[Problem]]] = {
    Formula: _formula,
    Step: _step,
    Tariff: _tariff,
    Prorate: _prorate,
    Drawing: _drawing,
    Meter: lambda _scope, path, meter: meter_problems(path, meter),
}
