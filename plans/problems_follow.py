"""Faults of meaning that only follow from a fault of shape, told from those that stand by themselves. PURE.

A part whose shape is wrong is checked with a stand-in in its place (`shape_gaps`). What is then said of the
stand-in, of something it took along (a name declared in it), or of a thing that lacks it, is no fault of the
document's: mending the shape would mend it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from plans.problems import Problem, join
from plans.shape_gaps import is_gap_in, without_gaps

_WORD = re.compile(r"(?:^|\.)([^.\[\]]+)")
_LINE = re.compile(r".*?(charges|figures|closing)\[\d+\]")
_TIER = re.compile(r"(sla_tiers\[\d+\]|sla\.[^.]+)")
_UNITS = frozenset({"not_money", "unit_mismatch", "units_mixed"})
# What these say of a field depends on the fields beside it.
_BESIDE = frozenset({
    "mode_without_bands", "mixed_forms", "partial_without_per", "quoted_mismatch", "band_not_split",
    "claim_before_judgement", "missing_translation", "no_monthly_price", "given_count", "one_word_only",
    "expires_at_once", "days_not_rising", "coupon_not_credit", "validity_not_rising",
    "exclusion_word", "windows_empty",
})  # fmt: skip
# What these say depends on all there is below.
_BELOW = frozenset({"coupon_unbounded", "figure_not_money", "figure_is_money", "promise_else"})
# What these say depends on all there is below, or below the thing they stand in.
_BELOW = frozenset({"coupon_unbounded", "promise_else"})
_AROUND = frozenset({"figure_not_money", "figure_is_money", "promise_else"})
_PARTS = frozenset(
    {"terms", "modules", "sla_tiers", "support_tiers", "coupons"}
)  # each declares names of all kinds
_NUMBERS = frozenset({"meters", "numbers", "facts", "options"})
_LABELS = frozenset({"labels", "currency", "schedules", "bands", "split"})
_LINES = frozenset({"charges", "tags", "closing"})
# Codes that miss a name: the parameter that says it, and where it could have been declared.
_NAMED: dict[str, tuple[str, frozenset[str]]] = {
    "unknown_name": ("name", _NUMBERS),
    "name_is_charge": ("name", _NUMBERS),
    "name_is_label": ("name", _NUMBERS),
    "unknown_label": ("label", _LABELS),
    "else_needed": ("label", _LABELS),
    "unknown_case": ("case", _LABELS),
    "unknown_spend": ("name", _LINES),
    "spend_below": ("name", _LINES),
    "unknown_pool": ("pool", frozenset({"pools"})),
    "unknown_option": ("option", frozenset({"options"})),
    "unknown_schedule": ("schedule", frozenset({"schedules"})),
    "unknown_reference": ("code", frozenset()),
    "name_of_nothing": ("code", frozenset({"labels", "facts"})),
    "not_offered": ("code", frozenset({"modules"})),
    "requires_not_offered": ("other", frozenset({"modules"})),
    "attribute_not_kept": ("meter", frozenset({"dimensions", "meters", "split"})),
    "duplicate_name": ("name", frozenset()),
    "given_fact": ("name", _LABELS | {"facts", "meters"}),
    "given_label": ("label", _LABELS),
    "given_meter": ("name", frozenset({"meters"})),
    "given_place": ("name", frozenset({"meters"})),
    "given_split": ("name", frozenset({"meters", "schedule"})),
    "given_currency": ("", frozenset({"facts", "currency"})),
    "given_currency_not_sold": ("value", frozenset({"currency"})),
    "given_ask": ("value", _LINES | {"figures", "meters", "numbers"}),
    "unknown_plan": ("plan", frozenset({"plans"})),
    "currency_needed": ("", frozenset({"currency"})),
}
_LONGEST_PATH = 4000  # characters
_NAMING = ("code", "tags", "options", "split")
_NUMERIC = frozenset({"of", "steps"})  # the fields that make a charge end in money


def with_meaning(shape: Sequence[Problem], tree: Any, meaning: Iterable[Problem]) -> list[Problem]:
    """Return the faults of shape and those of meaning that do not follow from them, each once."""
    found = [*shape, *independent(shape, tree, meaning)]
    unnamed = {(one.path, one.params["language"]) for one in found if one.code == "missing_translation"}
    unique = {
        (one.path, one.code, tuple(one.params.items())): one
        for one in found
        if one.code != "missing_field" or (one.path, one.params["field"]) not in unnamed  # told as a name
    }
    return list(unique.values())


def independent(shape: Sequence[Problem], tree: Any, meaning: Iterable[Problem]) -> Iterator[Problem]:
    """Yield the faults of meaning that would stay if the shape were mended."""
    if not shape:
        yield from meaning
        return
    faults = _Faults(shape, tree)
    for one in meaning:
        if not faults.explain(one):
            yield replace(one, params={name: without_gaps(text) for name, text in one.params.items()})


class _Faults:
    """The faults of shape by their places, the names that went with them, the sections that were lost."""

    def __init__(self, shape: Sequence[Problem], tree: Any) -> None:
        self.places = {_place(one): one for one in shape}
        self.above = {outer for place in self.places for outer in _prefixes(place)}
        self.fields = defaultdict[str, list[str]](list)  # thing -> the places that are fields of it
        self.roots = set[str]()  # lines and tiers with a word that may be a misspelt part of their number
        self.names, self.sections = set[str](), set[str]()
        nodes = dict(_nodes(tree))
        for place, fault in self.places.items():
            for outer in _things(place):
                self.fields[outer].append(place)
            if fault.code == "unknown_field":
                self.roots |= set(_roots(place))
            node = nodes.get(place)
            self.names |= {*_declared(fault, node), *_WORD.findall(place)[-1:]}
            if "schedule" in place or fault.code != "unknown_field" or not isinstance(node, Mapping):
                self.sections |= set(_sections(place, fault))

    def explain(self, one: Problem) -> bool:
        """Return whether a fault of meaning follows from one of these."""
        if is_gap_in(one.path, *one.params.values()) or self._names(one):
            return True
        if "" in self.places or any(outer in self.places for outer in _prefixes(one.path)):
            return True
        if any(_lacks(one, place, self.places[place]) for place in self.fields.get(one.path, ())):
            return True
        return self._beside(one) or self._around(one)

    def _names(self, one: Problem) -> bool:
        if one.code not in _NAMED:
            return False
        param, sections = _NAMED[one.code]
        name = one.params.get(param, "currency")
        own = {one.params["section"]} if "section" in one.params else _PARTS
        lost = (sections | own) & self.sections
        return bool(lost) or name in self.names or name.partition(".")[0] in self.names

    def _beside(self, one: Problem) -> bool:
        """Return whether a fault is about a field whose neighbours are at fault."""
        outer = _parent(one.path)
        if one.code == "tariff_empty":
            return outer.removesuffix(".bands") in self.fields
        if one.code == "missing_translation":
            return any(self.places[place].code == "unknown_field" for place in self.fields.get(outer, ()))
        return one.code in _BESIDE and outer in self.fields

    def _around(self, one: Problem) -> bool:
        """Return whether a fault is about all of a thing in which something is at fault."""
        if one.code in _BELOW and one.path in self.above:
            return True
        if one.code in _AROUND and _parent(one.path) in self.above:
            return True
        if one.code in _UNITS:
            return bool({"numbers", *_roots(one.path)} & self.roots)
        line = _LINE.match(one.path) if one.code == "band_not_split" else None
        return line is not None and line[0] in self.fields


def _lacks(one: Problem, place: str, fault: Problem) -> bool:
    """Return whether a fault is about a thing that lacks one of its fields."""
    field = place[len(one.path) :].lstrip(".").partition("[")[0]
    return one.code != "not_money" or fault.code == "unknown_field" or field in _NUMERIC


def _roots(place: str) -> Iterator[str]:
    """Yield the line and the tier a place is in; all numbers are one, as any line may use them."""
    if "numbers." in place:
        yield "numbers"
    for kind in (_LINE, _TIER):
        if match := kind.match(place):
            yield match[0]


def _prefixes(path: str) -> Iterator[str]:
    """Yield the path and every part of the document around it."""
    yield path
    for index in range(len(path) - 1, 0, -1):
        if path[index] in ".[":
            yield path[:index]


def _things(place: str) -> Iterator[str]:
    """Yield what a place is a field of: the thing around it, and the list it is an entry of."""
    outer = _parent(place)
    yield outer
    if place.endswith("]"):
        yield _parent(outer)


def _sections(place: str, fault: Problem) -> Iterator[str]:
    """Yield the section of a lost part, or of its code; a misspelt word counts as the one it is near."""
    words = _WORD.findall(place) or ["terms"]
    if fault.code == "unknown_field":
        known = fault.params["known"].split(", ")
        words[-1] = next(iter(get_close_matches(fault.params["field"], known, n=1)), words[-1])
    yield words[-1]
    if len(words) > 1 and (words[-1] == "code" or words[-2] == "schedules"):
        yield words[-2]


def _place(one: Problem) -> str:
    return join(one.path, one.params["field"]) if one.code == "missing_field" else one.path


def _parent(path: str) -> str:
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def _nodes(tree: Any) -> Iterator[tuple[str, Any]]:
    """Yield every part of a tree with its path; the tree may be deeper than the stack."""
    left = [("", tree)]
    while left:
        path, node = left.pop()
        yield path, node
        if len(path) < _LONGEST_PATH:
            left += [(join(path, key), child) for key, child in _pairs(node)]


def _pairs(node: Any) -> Iterable[tuple[Any, Any]]:
    return node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list) else ()


def _declared(fault: Problem, node: Any) -> Iterator[str]:
    """Yield the names that a part which could not be read may have declared."""
    if not isinstance(node, str):
        yield from _names(node)
    elif fault.code != "unknown_field" or get_close_matches(fault.params["field"], _NAMING):
        yield node


def _names(node: Any) -> Iterator[str]:
    """Yield keys, codes and the texts of lists."""
    left = [node]
    while left:
        part = left.pop()
        for key, child in _pairs(part):
            if isinstance(part, Mapping):
                yield str(key)
            if not isinstance(child, str):
                left.append(child)
            elif not isinstance(part, Mapping) or key in _NAMING:
                yield child
