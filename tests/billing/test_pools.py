"""Allowances, packs and accumulating charges: who covers what, in which order, until when."""

from datetime import UTC, datetime

import pytest

from billing.derivation import reevaluate
from billing.rating import rate
from billing.situation import Part, Situation, Span
from billing.situation_run import answer
from billing.values import Context, Due, Observation, Pack
from plans.timespan import Period
from tests.billing.build import JUNE, D, bill, terms, usage

M = {"m": {"unit": "u"}, "k": {"unit": "u"}}


def day(number):
    return datetime(2026, 6, number, tzinfo=UTC)


def use(code, *before, **pool):
    return {
        "code": code,
        "of": code,
        "steps": [*before, {"draw": {"pool": "p", **pool}}, {"price": {"each": "1"}}],
    }


def drawn(rating):
    return [(draw.holding, draw.charge, draw.quantity) for draw in rating.draws]


def test_an_allowance_is_shared_in_document_order():
    document = terms(use("m"), use("k"), meters=M, pools={"p": {"size": "10"}})

    rating = bill(document, usage(m=7, k=7))

    assert [line.amount for line in rating.lines] == [0, 4]
    assert drawn(rating) == [("", "m", 7), ("", "k", 3)]


def test_a_weight_says_how_much_of_the_pool_one_unit_takes():
    document = terms(use("m", weight="4"), meters=M, pools={"p": {"size": "10"}})

    rating = bill(document, usage(m=5))

    assert rating.total == D("2.5")
    assert reevaluate(rating.lines[0].derivation) == D("2.5")


@pytest.mark.parametrize(("used", "left", "packs"), [(50, 0, 0), (51, 0, 1), (60, 0, 10), (61, 1, 10)])
def test_included_before_a_draw_is_used_up_first(used, left, packs):
    document = terms(use("m", {"included": "50"}), meters=M, pools={"p": {}})

    rating = bill(document, usage(m=used), packs={"p": [Pack("a", D(10))]})

    assert rating.total == left
    assert sum(draw.quantity for draw in rating.draws) == packs


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("first_expiring", ["", "soon", "late", "never"]),
        ("first_bought", ["", "never", "late", "soon"]),
    ],
)
def test_packs_burn_in_the_order_the_terms_name(order, expected):
    packs = [
        Pack("late", D(1), day(30), day(2)),
        Pack("never", D(1), None, day(1)),
        Pack("soon", D(1), day(29), day(3)),
        Pack("gone", D(9), day(1), day(1)),  # expired as the period begins
    ]
    document = terms(use("m"), meters=M, pools={"p": {"size": "1", "order": order}})

    rating = bill(document, {"m": [Observation(D(9), day(5))]}, packs={"p": packs})

    assert [draw.holding for draw in rating.draws] == expected
    assert rating.total == 5


@pytest.mark.parametrize(
    ("expires", "covered"),
    [
        (day(10), 3),
        (day(11), 3),
        (day(10).replace(second=1), 3),
        (day(21), 8),
        (None, 8),
        (day(2), 0),
    ],
)
def test_a_pack_covers_only_what_was_used_before_it_expired(expires, covered):
    document = terms(use("m"), meters=M, pools={"p": {}})
    rows = {"m": [Observation(D(3), day(9)), Observation(D(5), day(20))]}

    rating = bill(document, rows, packs={"p": [Pack("a", D(100), expires)]})

    assert rating.total == 8 - covered


def test_two_packs_do_not_cover_the_same_usage_twice():
    document = terms(use("m"), meters=M, pools={"p": {}})
    rows = {"m": [Observation(D(3), day(9)), Observation(D(5), day(20))]}

    rating = bill(document, rows, packs={"p": [Pack("a", D(2), day(10)), Pack("b", D(2), day(15))]})

    assert drawn(rating) == [("a", "m", 2), ("b", "m", 1)]
    assert rating.total == 5


BANDS = {"mode": "graduated", "bands": [{"upto": "100", "each": "2"}, {"each": "1"}]}
DAILY = {
    "code": "m",
    "of": "m",
    "every": "day",
    "resets": "month",
    "steps": [{"included": "20"}, {"price": BANDS}],
}


def test_bands_and_allowances_accumulate_over_the_month_though_bills_are_daily():
    document = terms(DAILY, meters=M)
    bills = [
        Part(period=Span(start=f"2026-06-0{n}", end=f"2026-06-0{n + 1}"), usage={"m": "70"})
        for n in (1, 2, 3)
    ]
    bills.append(Part(period=Span(start="2026-07-01", end="2026-07-02"), usage={"m": "70"}))

    found = answer(document, Situation(bills=bills))

    assert [rating.total for rating in found.ratings] == [100, 120, 70, 100]
    assert found.amount - 100 == answer(document, Situation(usage={"m": "210"})).amount == 290
    assert all(reevaluate(node) == node.output for node in found.derivations)
    assert [rating.lines[0].quantity for rating in found.ratings] == [50, 70, 70, 50]


def test_a_shared_allowance_accumulates_too_in_document_order():
    both = [use("m") | {"resets": "month"}, use("k") | {"resets": "month"}]
    document = terms(*both, meters=M, pools={"p": {"size": "10"}})
    rows = {"m": [Observation(D(6), day(1)), Observation(D(6), day(2))], "k": [Observation(D(1), day(1))]}
    second = Period(day(2), day(3))

    rating = rate(document, rows, [Due("m", second), Due("k", second)], Context())

    assert [line.amount for line in rating.lines] == [2, 1]
    assert bill(document, rows, period=JUNE).total == 3


@pytest.mark.parametrize(
    ("period", "rule", "expected"),
    [
        ((day(11), day(30)), {"by": "day", "of": "month"}, 190),  # 19 of 30 days
        ((day(16), datetime(2026, 8, 1, tzinfo=UTC)), {"by": "day", "of": "month"}, 450),  # 15/30 + 31/31
        (
            (day(16), datetime(2026, 7, 17, tzinfo=UTC)),
            {"by": "day", "of": "month", "round": "0.01"},
            306,
        ),  # .5 + .52
        ((day(16), datetime(2026, 7, 17, tzinfo=UTC)), {"by": "month"}, 300),
    ],
)
def test_one_fraction_for_each_calendar_month_touched(period, rule, expected):
    document = terms({"code": "x", "steps": [{"price": {"flat": "300"}}, {"prorate": rule}]})

    assert rate(document, {}, [Due("x", Period(*period))], Context()).total == expected


def test_any_part_of_a_month_counts_whole_by_month():
    year = Period(datetime(2026, 1, 31, tzinfo=UTC), datetime(2027, 1, 31, tzinfo=UTC))
    spans = (Period(datetime(2026, 3, 30, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)),)
    document = terms(
        {"code": "x", "every": "year", "steps": [{"price": {"flat": "1200"}}, {"prorate": {"by": "month"}}]}
    )

    assert rate(document, {}, [Due("x", year, spans)], Context()).total == 200  # touches two of its months
