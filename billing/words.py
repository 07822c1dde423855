"""Every word of the charge grammar and of catalogues, read from their structs, and which a text uses. PURE.

A word is written `Struct.field`; a word with a closed list of values has one more entry for each,
`Stage.take=sum`.
"""

from collections.abc import Iterator
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from billing.oracle import Case
from billing.question import Asked
from plans import catalogue
from plans.shape import Tree

ROOTS: tuple[type[msgspec.Struct], ...] = (Case, Asked, catalogue.Catalogue)


@cache
def structs() -> tuple[type[msgspec.Struct], ...]:
    """Return every struct of the grammar, outer ones first, each once."""
    found: dict[type[msgspec.Struct], None] = {}
    waiting: list[Any] = list(ROOTS)
    while waiting:
        kind = waiting.pop(0)
        if is_struct(kind):
            if kind not in found:
                found |= dict.fromkeys([kind, *(base for base in kind.__mro__ if _has_words(base))])
                waiting += fields(kind).values()
        else:
            waiting += get_args(kind)
    return tuple(found)


@cache
def fields(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Return word -> type of a struct, as it is spelt in a file."""
    hints = get_type_hints(kind)
    return {one.encode_name: hints[one.name] for one in msgspec.structs.fields(kind)}


def _has_words(kind: Any) -> bool:
    return is_struct(kind) and bool(fields(kind))


def name_of(kind: type[msgspec.Struct]) -> str:
    """Return the name of a struct; a catalogue's meter is another thing than the terms' one."""
    name = kind.__name__.lstrip("_")
    return f"Catalogue{name}" if kind is catalogue.Meter else name


def is_struct(kind: Any) -> bool:
    """Return whether a type is a part of the document with words of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def choices(kind: Any) -> tuple[str, ...]:
    """Return the values of a closed list inside a type; empty where any text goes."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    return tuple(value for part in get_args(kind) if part is not str for value in choices(part))


def word_of(kind: type[msgspec.Struct], field: str) -> str:
    """Return the name of a word: a field that a struct inherits belongs to the struct it comes from."""
    owner = [one for one in kind.__mro__ if is_struct(one) and field in fields(one)][-1]
    return f"{name_of(owner)}.{field}"


@cache
def _lists() -> dict[tuple[str, ...], str]:
    """Return closed list -> the word it is first met under; one list may serve several words."""
    found: dict[tuple[str, ...], str] = {}
    for kind in structs():
        for field, held in fields(kind).items():
            if choices(held):
                found.setdefault(choices(held), word_of(kind, field))
    return found


def value_word(held: Any, value: str) -> str:
    """Return the name of one value of a closed list."""
    return f"{_lists()[choices(held)]}={value}"


def all_words() -> set[str]:
    """Return every word, and every value of every closed list."""
    found = set()
    for kind in structs():
        for field, held in fields(kind).items():
            found.add(word_of(kind, field))
            found |= {value_word(held, value) for value in choices(held)}
    return found


def used_words(tree: Tree, kind: Any) -> set[str]:
    """Return the words that a text of this kind uses; the text has been checked."""
    return set(_used(tree, kind))


def _used(tree: Tree, kind: Any) -> Iterator[str]:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        for member in [one for one in get_args(kind) if _suits(tree, one)][:1]:
            yield from _used(tree, member)
    elif origin in (list, dict):
        for part in tree if origin is list else tree.values():
            yield from _used(part, get_args(kind)[-1])
    elif is_struct(kind):
        for word, part in tree.items():
            yield from _of_word(kind, word, part)


def _of_word(kind: type[msgspec.Struct], word: str, part: Tree) -> Iterator[str]:
    held = fields(kind)[word]
    yield word_of(kind, word)
    yield from (value_word(held, value) for value in _chosen(part, held))
    yield from _used(part, held)


def _chosen(tree: Tree, kind: Any) -> Iterator[str]:
    """Yield the values of a closed list that stand here: alone, in a list or by name."""
    rows = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else [tree]
    for value in rows:
        if isinstance(value, str) and value in choices(kind):
            yield value


def _suits(tree: Tree, member: Any) -> bool:
    if isinstance(tree, dict):
        return is_struct(member) or get_origin(member) is dict
    if isinstance(tree, list):
        return get_origin(member) is list
    return not is_struct(member) and get_origin(member) not in (dict, list) and member is not type(None)
