"""Cliffs: where one more unit costs a jump, found by trying the bill itself."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.cliffs import Cliff, next_cliff


def blocks(size: int, price: int, used: int, free: int = 0) -> Callable[[int], int]:
    """Every started block of `size` above `free` costs `price`."""
    return lambda more: -(-max(0, used + more - free) // size) * price


def volume(edge: int, below: int, above: int, used: int) -> Callable[[int], int]:
    """The price of the whole quantity changes where it reaches `edge`."""
    return lambda more: (used + more) * (above if used + more >= edge else below)


CASES = [
    ("in a block", blocks(500, 100_000, 188), 1000, Cliff(313, 100_000)),
    ("at the edge of a block", blocks(500, 100_000, 500), 1000, Cliff(1, 100_000)),
    ("free so far", blocks(1000, 5_000, 30_000, free=50_000), 60_000, Cliff(20_001, 5_000)),
    ("too far", blocks(500, 100_000, 188), 300, None),
    ("a tier of the whole quantity", volume(10_000, 2, 5, 9_000), 5_000, Cliff(1_000, 30_002)),
    ("every unit costs", lambda more: more * 125, 10_000, None),
    ("a unit costs little", lambda more: more * 3 // 1000, 1_000_000, None),
    ("an allowance ends", lambda more: max(0, more - 40) * 100, 1_000, None),
    ("a discount", lambda more: more * 10 - (5_000 if more > 700 else 0), 1_000, None),
    ("nothing costs", lambda _more: 4_000, 10**9, None),
    ("no reach", blocks(500, 100_000, 188), 0, None),
]


@pytest.mark.parametrize(
    ("cost", "reach", "expected"), [case[1:] for case in CASES], ids=[c[0] for c in CASES]
)
def test_the_next_jump_is_found_and_no_slope_is_taken_for_one(
    cost: Callable[[int], int], reach: int, expected: Cliff | None
) -> None:
    assert next_cliff(cost, reach) == expected


@given(st.integers(2, 10**6), st.integers(10, 10**8), st.integers(0, 10**7))
def test_the_next_block_is_exact(size: int, price: int, used: int) -> None:
    bill = blocks(size, price, used)
    distance = size - (used - 1) % size if used else 1

    assert next_cliff(bill, 2 * size) == Cliff(distance, price)
    assert bill(distance) - bill(distance - 1) == price


@given(st.integers(1, 10**9), st.integers(0, 10**5))
def test_few_trials_are_enough(reach: int, price: int) -> None:
    tried = 0

    def cost(units: int) -> int:
        nonlocal tried
        tried += 1
        return units * price

    assert next_cliff(cost, reach) is None
    assert tried < 200
