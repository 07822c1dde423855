"""What no published bill decides, in tables: seats, commitments, tax inside prices, cadences, half cents."""

from datetime import datetime

import pytest

from billing.rating import rate, rate_figure
from billing.values import Context, Due
from plans.timespan import Period
from tests.billing.build import JUNE, D, bill, terms, usage

SEATS = {"code": "seats", "of": "seats"}


@pytest.mark.parametrize(("seats", "paid"), [(0, 30), (9, 30), (10, 30), (11, 33), (300, 900), (301, 900)])
def test_seats_have_a_minimum_and_a_ceiling(seats, paid):
    steps = [{"at_least": "10"}, {"at_most": "300"}, {"price": {"each": "3"}}]

    assert bill(terms({**SEATS, "steps": steps}), facts={"seats": D(seats)}).total == paid


@pytest.mark.parametrize(("seats", "paid"), [(0, 0), (3, 0), (4, 10), (5, 20)])
def test_included_seats_are_free(seats, paid):
    steps = [{"included": "3"}, {"price": {"each": "10"}}]

    assert bill(terms({**SEATS, "steps": steps}), facts={"seats": D(seats)}).total == paid


@pytest.mark.parametrize(
    ("used", "lines"),
    [(0, [0, 500]), (499, [499, 1]), (500, [500, 0]), (501, [501, 0])],
)
def test_a_commitment_is_made_up_to_and_never_more(used, lines):
    document = terms(
        {"code": "use", "of": "m", "tags": ["usage"], "steps": [{"price": {"each": "1"}}]},
        {
            "code": "rest",
            "of": "500",
            "steps": [{"price": {"each": "1"}}, {"included": {"spend": ["usage"]}}],
        },
        meters={"m": {"unit": "u"}},
    )

    assert [line.amount for line in bill(document, usage(m=used)).lines] == lines


@pytest.mark.parametrize(("used", "billed"), [(0, 100), (99, 100), (100, 100), (101, 101)])
def test_a_committed_quantity_is_the_least_that_is_priced(used, billed):
    steps = [{"at_least": "100"}, {"price": {"each": "1"}}]

    assert (
        bill(
            terms({"code": "m", "of": "m", "steps": steps}, meters={"m": {"unit": "u"}}), usage(m=used)
        ).total
        == billed
    )


@pytest.mark.parametrize(
    ("gross", "tax", "net"),
    [
        ("120.00", "20.00", "100.00"),
        ("0.01", "0.00", "0.01"),
        ("0.03", "0.01", "0.02"),
        ("99.99", "16.67", "83.32"),
        ("0", "0", "0"),
    ],
)
def test_a_tax_inside_the_price_is_a_figure_and_changes_no_total(gross, tax, net):
    document = terms(
        {"code": "plan", "tags": ["plan"], "steps": [{"price": {"flat": gross}}]},
        figures=[
            {
                "code": "tax",
                "of": {"spend": ["plan"]},
                "steps": [{"times": "20"}, {"over": "120"}, {"round": "0.01"}],
            },
        ],
    )
    rating = bill(document)

    inside = rate_figure(document, "tax", {}, Due("tax", JUNE), Context(spent=rating.lines))

    assert rating.total == D(gross)
    assert (inside.amount, rating.total - inside.amount) == (D(tax), D(net))


@pytest.mark.parametrize(
    ("amount", "mode", "rounded"),
    [
        ("0.125", "half_even", "0.12"), ("0.135", "half_even", "0.14"), ("0.145", "half_even", "0.14"),
        ("0.125", "half_up", "0.13"), ("0.1249999999", "half_up", "0.12"), ("0.129", "truncate", "0.12"),
        ("0.121", "ceil", "0.13"), ("0.12", "ceil", "0.12"), ("0.129", "floor", "0.12"),
    ],
)  # fmt: skip
def test_half_a_cent_goes_where_the_terms_say(amount, mode, rounded):
    steps = [{"price": {"flat": amount}}, {"round": {"to": "0.01", "mode": mode}}]

    assert bill(terms({"code": "x", "steps": steps})).total == D(rounded)


def test_half_a_fen_below_zero_is_rounded_away_from_zero_half_up():
    credit = {"code": "c", "credit": True, "steps": [{"price": {"flat": "0.125"}}, {"round": "0.01"}]}

    assert bill(terms(credit)).total == D("-0.13")


@pytest.mark.parametrize(
    ("every", "quoted", "factor"),
    [
        ("month", "month", 1), ("quarter", "month", 3), ("quarter", "quarter", 1),
        ("half_year", "quarter", 2), ("year", "month", 12), ("year", "quarter", 4),
        ("week", "day", 7), ("week", "week", 1), ("day", "day", 1),
    ],
)  # fmt: skip
def test_a_price_for_one_period_is_billed_for_several(every, quoted, factor):
    document = terms({"code": "x", "every": every, "quoted": quoted, "steps": [{"price": {"flat": "10"}}]})

    assert bill(document).total == 10 * factor


def days(first, last, month="2026-06"):
    return Period(
        datetime.fromisoformat(f"{month}-{first:02}T00:00Z"),
        datetime.fromisoformat(f"{month}-{last:02}T00:00Z"),
    )


def test_weeks_price_their_own_usage_each_with_an_allowance_of_its_own():
    document = terms(
        {"code": "m", "of": "m", "every": "week", "steps": [{"included": "10"}, {"price": {"each": "1"}}]},
        meters={"m": {"unit": "u"}},
    )
    rows = usage(m=25)

    first = rate(document, rows, [Due("m", days(1, 8)), Due("m", days(8, 15), part="2")], Context())

    assert [line.amount for line in first.lines] == [15, 15]


def test_a_quarter_bills_three_months_and_prorates_by_its_own_days():
    quarter = Period(datetime.fromisoformat("2026-04-01T00:00Z"), datetime.fromisoformat("2026-07-01T00:00Z"))
    joined = (Period(datetime.fromisoformat("2026-05-01T00:00Z"), quarter.end),)
    document = terms(
        {
            "code": "x",
            "every": "quarter",
            "quoted": "month",
            "steps": [{"price": {"flat": "91"}}, {"prorate": {"by": "day"}}],
        }
    )

    whole = rate(document, {}, [Due("x", quarter)], Context())
    part = rate(document, {}, [Due("x", quarter, joined)], Context())

    assert (whole.total, part.total) == (273, 183)  # 61 of 91 days


@pytest.mark.parametrize(
    ("bill_number", "first", "paid"),
    [(1, "yes", 10), (2, "yes", 100), (1, "no", 100)],
)
def test_a_first_purchase_costs_a_tenth_in_its_first_month_and_only_the_plan_does(bill_number, first, paid):
    nine_tenths = {
        "table": {
            "mode": "volume",
            "by": "period_number",
            "bands": [{"upto": "1", "each": "0.9"}, {"each": "0"}],
        }
    }
    document = terms(
        {"code": "plan", "tags": ["plan"], "steps": [{"price": {"flat": "100"}}]},
        {"code": "extra", "tags": ["module"], "steps": [{"price": {"flat": "50"}}]},
        {
            "code": "welcome",
            "credit": True,
            "of": {
                "pick": "first_purchase",
                "cases": {"yes": {"of": {"spend": ["plan"]}, "steps": [nine_tenths]}, "no": "0"},
            },
            "steps": [{"times": "1"}],
        },
    )
    context = {"facts": {"period_number": D(bill_number)}, "labels": {"first_purchase": first}}

    assert bill(document, **context).total == paid + 50
