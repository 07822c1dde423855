# ruff: noqa: E501 — strategies read best unbroken
"""Whatever a document looks like, it is read or refused by name: nothing else may happen."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.catalogue import read_catalogue
from plans.problems import TermsInvalid
from plans.terms import read_terms
from tests.billing.documents import documents
from tests.plans.catalogue_sample import SAMPLE

WORDS = st.sampled_from(
    ["m", "n", "c0", "plan", "-1", "1e9", "0", "", "minor", "none", "term", "true", "graduated", "x y", "９"]
)
TREES = st.recursive(
    WORDS | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(st.sampled_from(["of", "steps", "price", "pick", "cases", "bands", "plus", "round", "x"]), inner, max_size=2),
    max_leaves=6,
)  # fmt: skip


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, child in pairs:
        found += places(child, (*path, key))
    return found


def replaced(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(tree)
    changed[path[0]] = replaced(tree[path[0]], path[1:], value)
    return changed


def faults(read: Any, source: Any) -> list[Any]:
    try:
        read(source)
    except TermsInvalid as error:
        return error.problems
    return []


@settings(max_examples=200, deadline=None)
@given(documents(), TREES, st.data())
def test_a_valid_document_with_one_part_replaced_is_read_or_refused(tree, part, data):
    broken = replaced(tree, data.draw(st.sampled_from(places(tree))), part)

    assert all(one.sentence() for one in faults(read_terms, broken))


@settings(max_examples=150, deadline=None)
@given(
    st.integers(0, len(SAMPLE) - 1),
    st.sampled_from(["", ":", "-", "{", "]", "&a ", "*a", "!x ", "\t", "\n", "'", "#", "\x00", "，"]),
)
def test_a_catalogue_with_one_character_changed_is_read_or_refused(at, text):
    found = faults(read_catalogue, SAMPLE[:at] + text + SAMPLE[at + 1 :])

    assert all(one.line and one.column and one.sentence() for one in found)


@pytest.mark.parametrize("text", ["{", "[" * 100000, b"\xff", "NaN", '{"charges": NaN}', "1e400"])
def test_what_is_not_json_is_refused(text):
    with pytest.raises(TermsInvalid):
        read_terms(text)


def test_a_document_deeper_than_the_stack_is_refused():
    deep: Any = "1"
    for _ in range(5000):
        deep = {"of": deep}

    with pytest.raises(TermsInvalid) as caught:
        read_terms({"numbers": {"n": deep}})

    assert [one.code for one in caught.value.problems] == ["too_deep"]
