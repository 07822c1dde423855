"""Whatever a catalogue holds, writing it as YAML and reading it back gives the same catalogue."""

import types
from datetime import UTC, datetime
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.catalogue import Catalogue, Module, Plan, SlaTier
from plans.catalogue_yaml import dump_yaml, read_yaml
from plans.terms import Document

# What YAML would read as something else, or not read at all, if it were not quoted.
TRICKY = [
    "no", "22:00", "0.0015", "1e3", "0x10", "~", "null", "2026-06-01", "- a", "a: b", "a #b", "#", "&a",
    "*a", "!a", "{a", "[a", "a,b", "'a", '"a', "%a", "@a", "`a", "a ", " a", "a\nb", "a\n", "\ta", "<<", "=",
    "…", "蓝", "👍", "a\\b",
]  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(TRICKY),
    st.text(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cn")),
        min_size=1,
        max_size=8,
    ),
)
DEEPEST = 5


def of(kind: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """Values of a type of the schema; deep in, only what is short."""
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        flat = [one for one in args if not _is_deep(one)] if depth >= DEEPEST else list(args)
        return st.one_of([st.none() if one is type(None) else of(one, depth + 1) for one in flat])
    if origin is Literal:
        return st.sampled_from(args)
    if origin is list:
        return st.lists(of(args[0], depth + 1), max_size=0 if depth >= DEEPEST else 2)
    if origin is dict:
        size = 0 if depth >= DEEPEST else 2
        return st.dictionaries(TEXTS, of(args[1], depth + 1), max_size=size)
    return _plain(kind, depth)


def _plain(kind: Any, depth: int) -> st.SearchStrategy[Any]:
    if issubclass(kind, msgspec.Struct):
        hints = get_type_hints(kind)
        return st.builds(
            kind, **{one.name: of(hints[one.name], depth + 1) for one in msgspec.structs.fields(kind)}
        )
    simple: dict[Any, st.SearchStrategy[Any]] = {
        str: TEXTS,
        bool: st.booleans(),
        int: st.integers(0, 10**9),
        datetime: st.datetimes(timezones=st.just(UTC)),
    }
    return simple[kind]


def _is_deep(kind: Any) -> bool:
    held = get_origin(kind) or kind
    return held in (list, dict) or (isinstance(held, type) and issubclass(held, msgspec.Struct))


def come_back(value: Any, kind: Any) -> None:
    written = dump_yaml(value)

    again, problems, _marks = read_yaml(written, kind)

    assert problems == []
    assert again == value
    assert dump_yaml(again) == written


@settings(max_examples=60, deadline=None)
@given(of(Catalogue))
def test_export_and_load_are_inverse_for_a_catalogue(value):
    come_back(value, Catalogue)


@settings(max_examples=60, deadline=None)
@given(st.one_of(of(Document, 1), of(Module, 1), of(SlaTier, 1), of(Plan, 1)))
def test_export_and_load_are_inverse_for_its_parts(value):
    come_back(value, type(value))
