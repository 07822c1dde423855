"""The benchmark command: bounds, unknown names, and a report whose figures come from samples."""

import pytest

from config.dev import bench
from config.dev.errors import Refused
from tests.bench.contract import Entry, Side, holds, interleaved, spread_of


@pytest.mark.parametrize(
    ("ratio", "bound", "kept"),
    [(1.5, "<=1.5", True), (1.51, "<=1.5", False), (0.4, ">=0.40", True), (0.39, ">=0.40", False)],
)
def test_a_bound_carries_its_sign(ratio, bound, kept):
    assert holds(ratio, bound) is kept


def test_an_entry_that_misses_its_gate_says_so():
    side = Side([3.0, 1.0, 2.0], "µs")
    missed = Entry("x", 2.0, "<=1", "<=0.5", side, side, 0.0)

    assert side.median == 2.0
    assert not missed.passed
    assert "MISSED" in missed.line()
    assert missed.said()["ours"] == {"median": 2.0, "unit": "µs", "samples": [3.0, 1.0, 2.0]}


def test_both_sides_are_measured_in_turns_and_noise_doubles_the_rounds():
    order = []
    lengths = iter([1.0, 9.0] * 20)

    def ours():
        order.append("ours")
        return next(lengths)

    def limit():
        order.append("limit")
        return 1.0

    mine, theirs, noisy = interleaved(ours, limit)

    assert (len(mine), len(theirs), noisy) == (10, 10, True)
    assert order[:4] == ["limit", "ours", "ours", "limit"]
    assert spread_of([1.0, 2.0, 3.0]) == 1.0


def test_an_unknown_benchmark_is_refused_with_those_there_are():
    assert "rating" in bench.names()
    with pytest.raises(Refused, match=r"Known: .*rating"):
        bench.module_of("nonsense")
