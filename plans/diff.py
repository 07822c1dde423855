"""Two documents -> named differences, in the order a person reads the document. PURE.

Things with a code are matched by it (`charges[base]`), bands by their edge, steps by their word where their
words differ, so a charge that moved is not a removal and an addition; its place is compared as well, as the
order is part of the price.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from plans.shape import Tree
from plans.terms import canonical_json

Kind = Literal["added", "removed", "changed", "moved"]
Key = str | int  # a field, a code, a band's edge or a step's word; a place in a list that has none of these
Keys = tuple[Key, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents say something else; a side that says nothing is None."""

    path: str
    kind: Kind
    old: str | None = None
    new: str | None = None
    keys: Keys = field(default=(), compare=False)  # the path in parts, for `found_at`


def differences(old: Tree, new: Tree) -> list[Difference]:
    """Return what changed from `old` to `new`; two documents of equal meaning give none."""
    return list(_compare(old, new, "", ()))


def found_at(tree: Tree, keys: Keys) -> Tree:
    """Return the part of a document that a difference's keys lead to; None where there is none."""
    for index, key in enumerate(keys):
        if isinstance(tree, list):
            tree = _member(tree, key, str(keys[index - 1]) if index else "")
        elif isinstance(tree, dict):
            tree = tree.get(key)
        else:
            return None
    return tree


def _member(items: list[Tree], key: Key, name: str) -> Tree:
    if isinstance(key, int):
        return items[key] if key < len(items) else None
    for keyed in (_by_code(items), _by_edge(items, name), _by_word(items, name)):
        if keyed is not None and key in keyed:
            return keyed[key]
    return None


def _compare(old: Tree, new: Tree, path: str, keys: Keys) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(old, new, path, keys)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path, keys)
    elif old != new:
        yield Difference(path, "changed", _text(old), _text(new), keys)


def _mappings(
    old: Mapping[Key, Tree], new: Mapping[Key, Tree], path: str, keys: Keys, place: str = ".%s"
) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        here, deeper = (path + place % key).lstrip("."), (*keys, key)
        if key not in new:
            yield Difference(here, "removed", old=_text(old[key]), keys=deeper)
        elif key not in old:
            yield Difference(here, "added", new=_text(new[key]), keys=deeper)
        else:
            yield from _compare(old[key], new[key], here, deeper)


def _lists(old: list[Tree], new: list[Tree], path: str, keys: Keys) -> Iterator[Difference]:
    before, after = _keyed(old, new, str(keys[-1]) if keys else "")
    if before is None or after is None:
        yield from _mappings(dict(enumerate(old)), dict(enumerate(new)), path, keys, "[%s]")
        return
    yield from _mappings(before, after, path, keys, "[%s]")
    shared = [c for c in before if c in after], [c for c in after if c in before]
    yield from _moves(*shared, path, keys)


def _moves(before: Sequence[Key], after: Sequence[Key], path: str, keys: Keys) -> Iterator[Difference]:
    if before != after:
        yield Difference(path, "moved", ", ".join(map(str, before)), ", ".join(map(str, after)), keys)


Keyed = dict[Key, Tree] | None


def _keyed(old: list[Tree], new: list[Tree], name: str) -> tuple[Keyed, Keyed]:
    """Return both lists by what tells their items apart: codes, edges of bands, words of steps."""
    for way in (_by_code, lambda items: _by_edge(items, name), lambda items: _by_word(items, name)):
        before, after = way(old), way(new)
        if before is not None and after is not None:
            same = way is not _by_code and list(before) == list(after)
            return (None, None) if same and name == "steps" else (before, after)
    return None, None


def _by_code(items: list[Tree]) -> Keyed:
    """Return the items by their code, None if they have none; plain texts are their own code."""
    codes = [item.get("code") if isinstance(item, dict) else item for item in items]
    named = [code for code in codes if isinstance(code, str)]
    unique = len(set(named)) == len(items)
    return dict(zip(named, items, strict=True)) if unique else None


def _by_edge(items: list[Tree], name: str) -> Keyed:
    """Return bands by their upper edge, so that one put between two others is an addition."""
    if name != "bands" or not all(isinstance(item, dict) for item in items):
        return None
    edges = [_edge(item) for item in items]
    return dict(zip(edges, items, strict=True)) if len(set(edges)) == len(items) else None


def _edge(band: Mapping[str, Tree]) -> str:
    return next((f"{word} {_text(band[word])}" for word in ("upto", "below") if word in band), "rest")


def _by_word(items: list[Tree], name: str) -> Keyed:
    """Return steps by their word, the second of a kind as `times 2`; None if one has not exactly one word."""
    if name != "steps" or not all(isinstance(item, dict) and len(item) == 1 for item in items):
        return None
    found: dict[Key, Tree] = {}
    for item in items:
        (word,) = item
        count = 1 + sum(1 for other in found if str(other).partition(" ")[0] == word)
        found[word if count == 1 else f"{word} {count}"] = item
    return found


def _text(value: Tree) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()
