"""Faults of meaning that only follow from a fault of shape, told from those that stand by themselves. PURE.

A part whose shape is wrong is checked with a stand-in in its place (`shape_gaps`). What is then said of the
stand-in, of something it took along (a name declared in it), or of a thing that lacks it, is no fault of the
document's: mending the shape would mend it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from plans.problems import Problem, join
from plans.shape_gaps import is_gap_in, without_gaps

_STEP = re.compile(r"\.?[^.\[\]]+(\[\d+\])?|\[\d+\]")
_WORD = re.compile(r"(?:^|\.)([^.\[\]]+)")
_LINE = re.compile(r".*?(charges|figures|closing)\[\d+\]")
_TIER = re.compile(r"(sla_tiers\[\d+\]|sla\.[^.]+)")
_UNITS = frozenset({"not_money", "unit_mismatch", "units_mixed"})
# What these say of a field depends on the fields beside it.
_BESIDE = frozenset({
    "mode_without_bands", "mixed_forms", "partial_without_per", "quoted_mismatch", "band_not_split",
    "claim_before_judgement", "missing_translation", "no_monthly_price", "given_count", "one_word_only",
    "expires_at_once", "days_not_rising", "validity_not_rising", "exclusion_word", "windows_empty",
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
    "given_label": ("value", _LABELS),
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
    """The faults of shape: where, the names that went with them, and the sections whose names are lost."""

    def __init__(self, shape: Sequence[Problem], tree: Any) -> None:
        self.places = {_place(one): one for one in shape}
        nodes = dict(_nodes(tree))
        self.names, self.sections = set[str](), set[str]()
        for place, fault in self.places.items():
            node = nodes.get(place)
            self.names |= {*_declared(fault, node), *_WORD.findall(place)[-1:]}
            if "schedule" in place or fault.code != "unknown_field" or not isinstance(node, Mapping):
                self.sections |= set(_sections(place, fault))

    def explain(self, one: Problem) -> bool:
        """Return whether a fault of meaning follows from one of these."""
        if is_gap_in(one.path, *one.params.values()):
            return True
        return self._names(one) or any(
            _inside(one.path, place) or _owns(one, place, fault) for place, fault in self.places.items()
        )

    def _names(self, one: Problem) -> bool:
        param, sections = _NAMED.get(one.code, ("", frozenset()))
        if one.code not in _NAMED:
            return False
        name = one.params.get(param, "currency")
        within = (
            sections
            | {one.params.get("section", "terms")}
            | (_PARTS if "section" not in one.params else set())
        )
        return bool(within & self.sections) or name in self.names or name.partition(".")[0] in self.names


def _sections(place: str, fault: Problem) -> Iterator[str]:
    """Yield the section of a lost part, or of its code; a misspelt word counts as the one it is near."""
    words = _WORD.findall(place) or ["terms"]
    if fault.code == "unknown_field":
        known = fault.params["known"].split(", ")
        words[-1] = next(iter(get_close_matches(fault.params["field"], known, n=1)), words[-1])
    yield words[-1]
    if len(words) > 1 and (words[-1] == "code" or words[-2] in ("labels", "schedules")):
        yield words[-2]


def _place(one: Problem) -> str:
    return join(one.path, one.params["field"]) if one.code == "missing_field" else one.path


def _inside(path: str, place: str) -> bool:
    return not place or path == place or path.startswith((f"{place}.", f"{place}["))


def _owns(one: Problem, place: str, fault: Problem) -> bool:
    """Return whether a fault is about a thing that lacks the place, or about a field beside it."""
    if one.code in _BELOW and _inside(place, one.path):
        return True
    if one.code in _AROUND and _inside(place, _parent(one.path)):
        return True
    if one.code in _UNITS and fault.code == "unknown_field" and _makes_a_number(one.path, place):
        return True
    if one.code == "tariff_empty" and _is_child(place, _parent(one.path).removesuffix(".bands")):
        return True
    line = _LINE.match(one.path) if one.code == "band_not_split" else None
    if line is not None and _is_child(place, line[0]):
        return True
    if _is_child(place, one.path):
        field = place[len(one.path) :].lstrip(".").partition("[")[0]
        return one.code != "not_money" or fault.code == "unknown_field" or field in _NUMERIC
    if one.code == "missing_translation" and fault.code != "unknown_field":
        return False
    return one.code in _BESIDE and _is_child(place, _parent(one.path))


def _makes_a_number(path: str, place: str) -> bool:
    """Return whether a misspelt word at a place may be what makes the number at a path: of its own line,
    of its tier, or of a number that any line may use."""
    root = next((match[0] for kind in (_LINE, _TIER) if (match := kind.match(path))), None)
    return "numbers." in place or (root is not None and _inside(place, root))


def _is_child(place: str, path: str) -> bool:
    """Return whether a place is a field of the thing at a path, or an entry of such a field."""
    if not _inside(place, path):
        return False
    return _STEP.fullmatch(place[len(path) :]) is not None


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
