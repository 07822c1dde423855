"""Two documents -> named differences, in the order a person reads the document. PURE.

Things with a code are matched by it (`charges[base]`), so a charge that moved is not a removal
and an addition; its place is compared as well, as the order is part of the price.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from plans.shape import Tree
from plans.terms import canonical_json

Kind = Literal["added", "removed", "changed", "moved"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two documents say something else; a side that says nothing is None."""

    path: str
    kind: Kind
    old: str | None = None
    new: str | None = None


def differences(old: Tree, new: Tree) -> list[Difference]:
    """Return what changed from `old` to `new`; two documents of equal meaning give none."""
    return list(_compare(old, new, ""))


def _compare(old: Tree, new: Tree, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _mappings(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif old != new:
        yield Difference(path, "changed", _text(old), _text(new))


def _mappings(
    old: dict[str, Tree], new: dict[str, Tree], path: str, place: str = ".%s"
) -> Iterator[Difference]:
    for key in [*old, *(key for key in new if key not in old)]:
        here = (path + place % key).lstrip(".")
        if key not in new:
            yield Difference(here, "removed", old=_text(old[key]))
        elif key not in old:
            yield Difference(here, "added", new=_text(new[key]))
        else:
            yield from _compare(old[key], new[key], here)


def _lists(old: list[Tree], new: list[Tree], path: str) -> Iterator[Difference]:
    before, after = _by_code(old), _by_code(new)
    if before is None or after is None:
        yield from _mappings(_by_index(old), _by_index(new), path, "[%s]")
        return
    yield from _mappings(before, after, path, "[%s]")
    yield from _moves([c for c in before if c in after], [c for c in after if c in before], path)


def _moves(before: list[str], after: list[str], path: str) -> Iterator[Difference]:
    if before != after:
        yield Difference(path, "moved", ", ".join(before), ", ".join(after))


def _by_code(items: list[Tree]) -> dict[str, Tree] | None:
    """Return the items by their code, None if they have none; plain texts are their own code."""
    codes = [item.get("code") if isinstance(item, dict) else item for item in items]
    named = [code for code in codes if isinstance(code, str)]
    unique = len(set(named)) == len(items)
    return dict(zip(named, items, strict=True)) if unique else None


def _by_index(items: list[Tree]) -> dict[str, Tree]:
    return {str(index): item for index, item in enumerate(items)}


def _text(value: Tree) -> str:
    return value if isinstance(value, str) else canonical_json(value).decode()
