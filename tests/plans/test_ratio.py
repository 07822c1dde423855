"""A quotient loses nothing: it is a Decimal or a fraction, and behaves like the fraction it is."""

import copy
import pickle
from decimal import Decimal, DecimalException, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.money import add_up, share_multiples, split_minor, to_minor, to_multiple
from plans.ratio import Ratio, decimal_text, fraction, plain, quotient, read, settled, shown

D = Decimal
MODES = ["half_up", "half_even", "ceil", "floor", "truncate"]
DECIMALS = st.decimals(min_value=-(10**6), max_value=10**6, places=3)
DIVISORS = st.integers(1, 999).map(D)
NUMBERS = st.builds(quotient, DECIMALS, DIVISORS)
OPERATIONS = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    max,
    min,
    lambda a, b: abs(-a) + b,
]


@pytest.mark.parametrize(
    ("number", "other", "said"),
    [
        ("10", "4", "2.5"),
        ("100", "60", "5/3"),
        ("-1", "3", "-1/3"),
        ("0", "7", "0"),
        ("6", "3", "2"),
        ("1.5", "0.25", "6"),
        ("0.1", "0.3", "1/3"),
        ("1", "1000000", "0.000001"),
    ],
)
def test_a_quotient_is_written_exactly(number, other, said):
    found = quotient(D(number), D(other))
    assert plain(found) == said
    assert read(said) == found
    assert isinstance(found, Ratio) == ("/" in said)


@pytest.mark.parametrize(("number", "other"), [(D(1), D(0)), (D(0), D(0)), (Ratio(Fraction(1, 3)), D(0))])
def test_zero_divides_nothing(number, other):
    with pytest.raises(DecimalException):
        quotient(number, other)


@given(NUMBERS, NUMBERS, st.sampled_from(OPERATIONS))
def test_arithmetic_is_that_of_fractions(one, other, operation):
    with localcontext(prec=3):  # a hostile context of the caller
        one, other = settled(fraction(one)), settled(fraction(other))
        if isinstance(one, Ratio) and isinstance(other, Ratio):
            found = operation(one, other)
            assert fraction(found) == operation(fraction(one), fraction(other))
            assert found == read(plain(found))


@given(NUMBERS, NUMBERS)
def test_order_and_equality_are_those_of_fractions(one, other):
    left, right = fraction(one), fraction(other)
    assert (one < other, one <= other, one > other, one >= other) == (
        left < right, left <= right, left > right, left >= right,
    )  # fmt: skip
    assert (one == other, one != other) == (left == right, left != right)
    assert hash(one) == hash(left)


@given(NUMBERS, st.sampled_from(["0.01", "1", "7", "1000"]), st.sampled_from(MODES))
def test_rounding_agrees_with_that_of_fractions(value, step, mode):
    exact, step = fraction(value) / Fraction(step), D(step)
    found = to_multiple(value, step, mode)
    whole = fraction(found) / fraction(step)
    assert whole.denominator == 1
    assert {
        "ceil": whole - 1 < exact <= whole,
        "floor": whole <= exact < whole + 1,
        "truncate": abs(whole) <= abs(exact) < abs(whole) + 1,
        "half_up": abs(whole - exact) <= Fraction(1, 2),
        "half_even": abs(whole - exact) <= Fraction(1, 2),
    }[mode]


def test_a_tie_between_fractions_is_a_tie():
    third = quotient(1, 3)
    assert to_multiple(third / 2, third, "half_up") == third  # half a step away from 0
    assert to_multiple(third / 2, third, "half_even") == 0
    assert to_multiple(third * 2 - third / 2, third, "half_even") == third * 2


def test_thirds_add_up():
    third = quotient(D(10), D(3))
    assert add_up([third, third, third]) == 10
    assert type(third * 3) is Decimal
    assert to_minor(third, "EUR") == 333
    assert to_minor(third, "EUR", "ceil") == 334
    assert share_multiples([third, third, third], D(10), D("0.01")) == [D("3.34"), D("3.33"), D("3.33")]
    assert split_minor(100, [third, third, third]) == [34, 33, 33]


def test_a_ratio_survives_its_journeys():
    third = quotient(1, 3)
    assert pickle.loads(pickle.dumps(third)) == third
    assert copy.deepcopy(third) * 3 == 1
    assert -third == read("-1/3")
    assert abs(read("-1/3")) == third
    assert third != "1/3"
    assert int(quotient(-10, 3)) == -3
    assert decimal_text(third) == "0." + "3" * 50
    assert shown(third) == "0.333333… (1/3)"
    assert shown(D("2.50")) == "2.5"


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("1E+3", "1000"),
        ("100", "100"),
        ("1.500", "1.5"),
        ("2.0", "2"),
        ("-0.0", "0"),
        ("0E-20", "0"),
        ("0.10", "0.1"),
    ],
)
def test_a_decimal_has_one_spelling(number, said):
    assert plain(D(number)) == decimal_text(D(number)) == shown(D(number)) == said


def test_thousands_of_divisors_do_not_grow_without_end():
    wild = sum((quotient(1, number) for number in range(2, 5000)), D(0))
    assert fraction(wild).denominator.bit_length() < 5000
    assert abs(wild - D("8.094308852984436967")) < D("1e-15")
