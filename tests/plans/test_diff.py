"""Named differences of two documents."""

from hypothesis import given
from hypothesis import strategies as st

from plans.diff import Difference, differences

BASE = {"code": "base", "steps": [{"price": {"flat": "40"}}]}
USAGE = {"code": "messages", "of": "messages", "steps": [{"included": "50000"}, {"price": {"each": "3"}}]}


def test_a_changed_price_is_named_by_its_charge() -> None:
    dearer = {**USAGE, "steps": [{"included": "50000"}, {"price": {"each": "4"}}]}

    found = differences({"charges": [BASE, USAGE]}, {"charges": [BASE, dearer]})

    assert found == [Difference("charges[messages].steps[1].price.each", "changed", "3", "4")]


def test_added_removed_and_moved_are_told_apart() -> None:
    extra = {"code": "seats", "of": "seats"}

    assert differences({"charges": [BASE]}, {"charges": [BASE, extra]}) == [
        Difference("charges[seats]", "added", new='{"code":"seats","of":"seats"}')
    ]
    assert differences({"charges": [BASE, extra]}, {"charges": [BASE]}) == [
        Difference("charges[seats]", "removed", old='{"code":"seats","of":"seats"}')
    ]
    assert differences({"charges": [BASE, extra]}, {"charges": [extra, BASE]}) == [
        Difference("charges", "moved", "base, seats", "seats, base")
    ]
    assert differences({"tags": ["a", "b"]}, {"tags": ["a", "c"]}) == [
        Difference("tags[b]", "removed", old="b"),
        Difference("tags[c]", "added", new="c"),
    ]


def test_another_shape_is_one_change() -> None:
    assert differences({"round": "none"}, {"round": {"line": "minor"}}) == [
        Difference("round", "changed", "none", '{"line":"minor"}')
    ]


TREES = st.recursive(
    st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@given(TREES, TREES)
def test_no_difference_means_equal(old: object, new: object) -> None:
    assert differences(old, old) == []
    assert (differences(old, new) == []) == (old == new)
