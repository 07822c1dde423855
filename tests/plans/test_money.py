"""Rounding at its edges, in every mode, for both signs, under a hostile decimal context."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.money import (
    UnknownCurrency,
    from_minor,
    minor_exponent,
    minor_step,
    share_multiples,
    split_minor,
    to_minor,
    to_multiple,
)

D = Decimal
MODES = ["half_up", "half_even", "ceil", "floor", "truncate"]
AMOUNTS = st.decimals(min_value=-(10**9), max_value=10**9, places=6)


@pytest.mark.parametrize(("code", "places"), [("JPY", 0), ("EUR", 2), ("CNY", 2), ("KWD", 3), ("CLF", 4)])
def test_the_currency_table_knows_the_places(code, places):
    assert minor_exponent(code) == places


@pytest.mark.parametrize("code", ["", "eur", "XXX", "EURO"])
def test_an_unknown_currency_is_refused(code):
    with pytest.raises(UnknownCurrency):
        to_minor(D(1), code)


@pytest.mark.parametrize(
    ("value", "expected"),
    [  # half_up, half_even, ceil, floor, truncate
        ("0", (0, 0, 0, 0, 0)),
        ("0.004", (0, 0, 1, 0, 0)),
        ("0.005", (1, 0, 1, 0, 0)),
        ("0.015", (2, 2, 2, 1, 1)),
        ("0.025", (3, 2, 3, 2, 2)),
        ("0.0051", (1, 1, 1, 0, 0)),
        ("1.23", (123, 123, 123, 123, 123)),
        ("-0.005", (-1, 0, 0, -1, 0)),
        ("-0.015", (-2, -2, -1, -2, -1)),
        ("-1.239", (-124, -124, -123, -124, -123)),
    ],
)
def test_minor_units_and_multiples_round_alike(value, expected):
    got = tuple(to_minor(D(value), "EUR", mode) for mode in MODES)
    multiples = tuple(int(to_multiple(D(value), D("0.01"), mode) * 100) for mode in MODES)

    assert got == expected
    assert multiples == expected


def test_yen_and_dinar_have_their_own_places():
    assert to_minor(D("12.5"), "JPY") == 13
    assert to_minor(D("12.3456"), "KWD") == 12346
    assert from_minor(12346, "KWD") == D("12.346")
    assert from_minor(-5, "EUR") == D("-0.05")


@pytest.mark.parametrize(
    ("value", "step", "mode", "expected"),
    [
        ("10001", "10000", "ceil", "20000"),
        ("19999", "10000", "floor", "10000"),
        ("2.67", "0.5", "floor", "2.5"),
    ],
)
def test_any_multiple_is_a_step(value, step, mode, expected):
    assert to_multiple(D(value), D(step), mode) == D(expected)


@given(AMOUNTS, st.sampled_from(MODES))
def test_a_small_ambient_precision_changes_nothing(value, mode):
    free = to_multiple(value, D("0.01"), mode), to_minor(value, "EUR", mode)

    with localcontext() as hostile:
        hostile.prec = 3
        assert (to_multiple(value, D("0.01"), mode), to_minor(value, "EUR", mode)) == free


def test_the_largest_remainder_gets_the_last_cent():
    assert split_minor(100, [1, 1, 1]) == [34, 33, 33]
    assert split_minor(-100, [1, 1, 1]) == [-34, -33, -33]
    assert split_minor(5, [D("0.2"), 0, D("0.8")]) == [1, 0, 4]
    assert split_minor(0, [1, 2]) == [0, 0]


@pytest.mark.parametrize("weights", [[], [0, 0], [2, -1]])
def test_nothing_is_shared_by_no_weight(weights):
    with pytest.raises(ValueError, match="weights"):
        split_minor(1, weights)


@given(st.integers(-(10**12), 10**12), st.lists(st.integers(0, 10**6), min_size=1).filter(any))
def test_parts_add_up_to_the_whole(total, weights):
    parts = split_minor(total, weights)

    assert sum(parts) == total
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


@given(st.lists(AMOUNTS, min_size=1, max_size=12), st.sampled_from(MODES))
def test_shared_rounding_moves_no_part_by_a_whole_step(values, mode):
    step = D("0.01")
    total = to_multiple(sum(values), step, mode)

    parts = share_multiples(values, total, step)

    assert sum(parts) == total
    assert all(abs(part - value) < step for part, value in zip(parts, values, strict=True))


def test_minor_units_do_not_depend_on_the_ambient_precision():
    with localcontext() as hostile:
        hostile.prec = 3
        assert from_minor(123_456_789, "EUR") == Decimal("1234567.89")
        assert to_minor(Decimal("1234567.895"), "EUR") == 123_456_790
        hostile.prec, hostile.Emin = 1, -1
        assert minor_step("KWD") == Decimal("0.001")


def test_what_is_refused_is_named():
    with pytest.raises(UnknownCurrency, match="XXQ"):
        minor_exponent("XXQ")
    with pytest.raises(ValueError, match=r"^weights must be positive in sum and none negative$"):
        split_minor(1, [0])
