"""Bands at their edges, in every mode; the fast sum equals the parts and the brute force."""

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.money import EXACT, exact
from plans.tariff import Band, Tariff, UnpriceableQuantity

D = Decimal


def bands(*rows: tuple[str | None, str]) -> list[Band]:
    return [Band(edge=None if edge is None else D(edge), each=D(each)) for edge, each in rows]


THREE = bands(("100", "0"), ("500", "0.2"), (None, "0.1"))


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("graduated", "0", "0"),
        ("graduated", "100", "0"),
        ("graduated", "100.5", "0.1"),
        ("graduated", "500", "80"),
        ("graduated", "620", "92"),
        ("volume", "100", "0"),
        ("volume", "101", "20.2"),
        ("volume", "500", "100"),
        ("volume", "501", "50.1"),
        ("bracket", "500", "80"),
        ("bracket", "501", "0.1"),
    ],
)
def test_each_mode_at_its_edges(mode, quantity, expected):
    tariff = Tariff(THREE, mode)

    with exact():
        assert tariff.amount(D(quantity)) == D(expected)
        assert sum(part.amount for part in tariff.parts(D(quantity))) == D(expected)


@pytest.mark.parametrize(("quantity", "index"), [("99.99", 0), ("100", 1), ("100.01", 2), ("0", 0)])
def test_upto_holds_its_edge_and_below_does_not(quantity, index):
    edges = [Band(edge=D(100), closed=False), Band(edge=D(100), closed=True), Band()]

    assert Tariff(edges, "volume").reached(D(quantity)) == index


def test_a_flat_is_due_once_its_band_is_reached():
    tariff = Tariff([Band(edge=D(10), flat=D(5)), Band(flat=D(7), each=D(1))], "graduated")

    with exact():
        assert [tariff.amount(D(q)) for q in ("0", "1", "10", "11")] == [0, 5, 5, 13]


@pytest.mark.parametrize(
    ("mode", "quantity", "expected"),
    [
        ("ceil", "0", "0"),
        ("ceil", "1", "3"),
        ("ceil", "10000", "3"),
        ("ceil", "10001", "6"),
        ("floor", "19999", "3"),
    ],
)
def test_a_started_block_counts_as_the_tariff_says(mode, quantity, expected):
    tariff = Tariff([Band(each=D(3), per=D(10000), partial=mode)])

    with exact():
        assert tariff.amount(D(quantity)) == D(expected)


def test_another_number_may_select_the_band():
    with exact():
        assert Tariff(THREE, "volume").amount(D(10), by=D(101)) == 2


def test_where_a_price_is_asked_for_there_is_no_zero():
    tariff = Tariff([Band(edge=D(10), each=D(1)), Band(ask=True)], "graduated")

    with exact():
        assert tariff.amount(D(10)) == 10
        with pytest.raises(UnpriceableQuantity):
            tariff.amount(D("10.01"))
        with pytest.raises(UnpriceableQuantity):
            tariff.parts(D(11))


STEPS = st.lists(
    st.tuples(st.integers(1, 40), st.decimals(0, 9, places=3), st.decimals(0, 9, places=2)),
    min_size=1,
    max_size=6,
)


@given(STEPS, st.integers(0, 200))
def test_graduated_is_the_price_of_every_single_unit(steps, quantity):
    edge, rows, prices = 0, [], {}
    for width, each, flat in steps:
        prices.update(
            {unit: (each, flat if unit == edge + 1 else D(0)) for unit in range(edge + 1, edge + width + 1)}
        )
        edge += width
        rows.append(Band(edge=D(edge), each=each, flat=flat))
    rows.append(Band(each=D(2), flat=D(1)))
    brute = sum((sum(prices.get(u, (D(2), D(u == edge + 1)))) for u in range(1, quantity + 1)), D(0))

    with exact():
        assert Tariff(rows, "graduated").amount(D(quantity)) == brute


@given(STEPS, st.decimals(0, 300, places=4), st.sampled_from(["graduated", "volume", "bracket"]),
       st.sampled_from([None, "ceil", "floor", "half_even"]), st.integers(1, 7))  # fmt: skip
def test_the_fast_sum_equals_the_parts(steps, quantity, mode, partial, per):
    edge, rows = D(0), []
    for width, each, flat in steps:
        edge += width
        rows.append(Band(edge=edge, each=each, flat=flat, partial=partial, per=D(per)))
    rows.append(Band(each=D(1), times=D("0.9")))

    with localcontext(EXACT):
        tariff = Tariff(rows, mode)
        assert tariff.amount(quantity) == sum((part.amount for part in tariff.parts(quantity)), D(0))
