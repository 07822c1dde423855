"""Strict YAML in and out: text until a schema types it, with line and column for every fault. PURE.

PyYAML parses; its own typing (22:00 = 1320, no = false, 0.0015 = a float) is never asked.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

import yaml

from plans.catalogue_syntax import syntax_fault
from plans.problems import Problem, join
from plans.problems_follow import with_meaning
from plans.shape import Tree, mended
from plans.terms import to_tree

Kind = TypeVar("Kind")
Marks = dict[str, tuple[int, int]]  # path -> line and column, counted from 1
_DEEPEST = 60
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _UnreadableError(Exception):
    """The text is not YAML of the kind a catalogue may use."""

    def __init__(self, code: str, mark: Any, **params: str) -> None:
        line, column = _place(mark)
        self.problem = Problem("", code, params, line, column)


def parse_yaml(text: str) -> tuple[Tree, Marks, list[Problem]]:
    """Return the plain tree, the place of every node, and what was refused on the way."""
    reader = _Reader(text)
    try:
        tree = reader.document()
    except _UnreadableError as error:
        return None, reader.marks, [*reader.problems, error.problem]
    except yaml.YAMLError as error:
        place = _place(getattr(error, "problem_mark", None))
        said = str(getattr(error, "problem", None) or error), str(getattr(error, "context", None) or "")
        return None, reader.marks, [*reader.problems, syntax_fault(*said, *place)]
    return tree, reader.marks, reader.problems


def read_yaml(
    text: str, kind: type[Kind], meaning: Callable[[Any], Iterable[Problem]] | None = None
) -> tuple[Kind | None, list[Problem], Marks]:
    """Return the text as `kind` (None if anything is wrong), all that is wrong, and the places."""
    tree, marks, found = parse_yaml(text)
    if tree is None:
        return None, found, marks
    value, found = shaped(tree, kind, found)
    said = meaning(value) if meaning else ()
    found = [one if one.line else located(one, marks) for one in with_meaning(found, tree, said)]
    return (None if found else value), found, marks


def shaped(tree: Tree, kind: Any, noted: Sequence[Problem]) -> tuple[Any, list[Problem]]:
    """Return a tree as `kind`, stand-ins where it is at fault, and its faults beside those noted already."""
    found: list[Problem] = []
    value = mended(tree, kind, "", found)
    told = {one.path for one in noted}
    return value, [*noted, *(one for one in found if one.path not in told)]


def located(problem: Problem, marks: Marks) -> Problem:
    """Return the problem with line and column of its node, or of the nearest one around it."""
    path = problem.path
    while path and path not in marks:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    line, column = marks.get(path, (1, 1))
    return replace(problem, line=line, column=column)


def dump_yaml(value: object) -> str:
    """Return readable YAML that `read_yaml` turns back into an equal struct."""
    return yaml.dump(
        _as_text(to_tree(value)), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100,
        default_flow_style=None, line_break="\n",
    )  # fmt: skip


def _as_text(tree: Tree) -> Tree:
    if isinstance(tree, dict):
        return {key: _as_text(part) for key, part in tree.items()}
    if isinstance(tree, list):
        return [_as_text(part) for part in tree]
    return str(tree).lower() if isinstance(tree, bool) else str(tree)


class _Dumper(yaml.SafeDumper):
    """Writes every scalar as text: no resolver may ask for quotes around 0.05 or no."""

    yaml_implicit_resolvers: dict[str, Any] = {}

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _place(mark: Any) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


class _Reader:
    def __init__(self, text: str) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
        self.marks: Marks = {}
        self.problems: list[Problem] = []

    def document(self) -> Tree:
        """Return the one document of the stream; an empty file is an empty mapping."""
        self._next()  # stream start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return {}
        tree = self._node(self._next(), "", 0)
        self._next()  # document end
        after = self._next()
        if not isinstance(after, yaml.StreamEndEvent):
            raise _UnreadableError("many_documents", after.start_mark)
        return tree

    def _next(self) -> Any:
        return next(self.events)

    def _node(self, event: Any, path: str, depth: int) -> Tree:
        self.marks.setdefault(path, _place(event.start_mark))
        self._refuse_tricks(event, path, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path, depth)
        if event.value == "" and not event.style:
            self._note("empty_value", path, event.start_mark, key=path.rpartition(".")[2])
        return event.value

    def _refuse_tricks(self, event: Any, path: str, depth: int) -> None:
        """Anchors, aliases and tags would let one text mean another; depth would exhaust the stack."""
        if isinstance(event, yaml.AliasEvent):
            raise _UnreadableError("anchor_or_alias", event.start_mark)
        if event.anchor is not None:
            self._note("anchor_or_alias", path, event.start_mark)
        if event.tag is not None:
            self._note("tag_not_allowed", path, event.start_mark, tag=str(event.tag))
        if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in getattr(event, "value", "")):
            raise _UnreadableError("text_control", event.start_mark)
        if depth > _DEEPEST:
            raise _UnreadableError("too_deep", event.start_mark, most=str(_DEEPEST))

    def _note(self, code: str, path: str, mark: Any, **params: str) -> None:
        line, column = _place(mark)
        self.problems.append(Problem(path, code, params, line, column))

    def _sequence(self, path: str, depth: int) -> list[Tree]:
        items: list[Tree] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, join(path, len(items)), depth + 1))
        return items

    def _mapping(self, path: str, depth: int) -> dict[str, Tree]:
        found: dict[str, Tree] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _UnreadableError("yaml_key", event.start_mark)
            key, here = event.value, join(path, event.value)
            self._refuse_tricks(event, here, depth)
            if key in found:
                self._note("duplicate_key", here, event.start_mark, key=key)
            self.marks[here] = _place(event.start_mark)
            found[key] = self._node(self._next(), here, depth + 1)
        return found
