"""Visit every part of a document with its path, and tell numbers from other text. PURE."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from plans.problems import join
from plans.terms import (
    Band,
    Charge,
    Document,
    Drawing,
    Figure,
    Formula,
    Meter,
    Pool,
    Step,
    Tariff,
)

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}")
_PRICE_FIELDS = frozenset({"each", "per", "flat", "times", "by"})
_ARITHMETIC = ("plus", "minus", "times", "over", "at_least", "at_most", "included")
NUMBER_FIELDS: dict[type, frozenset[str]] = {
    Formula: frozenset({"of", "cases", "otherwise", *_ARITHMETIC}),
    Step: frozenset(_ARITHMETIC),
    Tariff: _PRICE_FIELDS,
    Band: _PRICE_FIELDS | {"upto", "below"},
    Drawing: frozenset({"weight"}),
    Pool: frozenset({"size"}),
    Figure: frozenset({"of"}),
    Charge: frozenset({"of"}),
    Meter: frozenset({"each"}),
    Document: frozenset({"numbers"}),
}


def is_literal(text: str) -> bool:
    """Return whether a number's text is meant as a literal and not as a name."""
    return text[:1].isdigit() or text[:1] in "+-."


def walk(value: Any, path: str, *, number: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield (path, part) for every struct and for every text that stands where a number may stand."""
    if isinstance(value, msgspec.Struct):
        yield path, value
        numbers = NUMBER_FIELDS.get(type(value), frozenset())
        for name, written in _fields(type(value)):
            child = getattr(value, name)
            if child is not None:
                yield from walk(child, join(path, written), number=name in numbers)
    elif isinstance(value, str):
        if number:
            yield path, value
    elif isinstance(value, (list, dict)):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in pairs:
            yield from walk(child, join(path, key), number=number)


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[tuple[str, str], ...]:
    """Return (attribute, word in the document) of a struct; msgspec reads the annotations anew each time."""
    return tuple((field.name, field.encode_name) for field in msgspec.structs.fields(kind))


def names_in(value: Any) -> set[str]:
    """Return the names that a part of the document refers to directly."""
    return {
        part for _, part in walk(value, "", number=True) if isinstance(part, str) and not is_literal(part)
    }


def spends_in(value: Any) -> set[str]:
    """Return the charge codes and tags that a part refers to through `spend`, directly."""
    found = (part.spend or [] for _, part in walk(value, "") if isinstance(part, Formula))
    return {name for names in found for name in names}


def reachable_names(document: Document, value: Any) -> set[str]:
    """Return every name that a part depends on, through `numbers` and pools too."""
    seen: set[str] = set()
    open_names = list(names_in(value))
    while open_names:
        name = open_names.pop()
        if name not in seen:
            seen.add(name)
            open_names += names_in(document.numbers.get(name, "0"))
    return seen
