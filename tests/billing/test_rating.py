"""Bills a person can add up, and the laws every rating keeps."""

import random
from dataclasses import replace
from datetime import UTC, datetime
from decimal import localcontext

import pytest

from billing.calculation import CurrencyNotSold, DuplicateLine, NotCalculable, UnknownCharge
from billing.derivation import from_json, reevaluate, to_json
from billing.numbers import MissingCase, MissingFact
from billing.rating import amounts, rate
from billing.situation_run import askable
from billing.values import Context, Due, Observation, Pack, Provenance
from plans.errors import DomainError
from plans.timespan import Period
from tests.billing.build import JUNE, D, bill, terms, usage

MESSAGES = {"messages": {"unit": "messages"}}


def lines_of(rating):
    return {line.charge: line.amount for line in rating.lines}


def test_the_worked_bill_of_the_grammar():
    document = terms(
        {"code": "base", "tags": ["plan"], "steps": [{"price": {"flat": "40"}}, {"prorate": {"by": "day"}}]},
        {"code": "messages", "tags": ["usage"], "of": "messages",
         "steps": [{"included": "50000"}, {"draw": {"pool": "prepaid"}},
                   {"price": {"each": "3", "per": "10000", "partial": "ceil"}}]},
        {"code": "peak", "tags": ["usage"], "of": "peak",
         "steps": [{"price": {"mode": "graduated", "bands": [
             {"upto": "100", "each": "0"}, {"upto": "500", "each": "0.2"}, {"each": "0.1"}]}}]},
        {"code": "support", "of": {"spend": ["plan", "usage"]},
         "steps": [{"times": "0.05"}, {"at_least": "15"}]},
        round={"total": "0.01"},
        pools={"prepaid": {"order": "first_expiring"}},
        meters={"peak": {"unit": "connections", "reduce": [{"per": ["app"], "take": "max"}, {"take": "sum"}]},
                **MESSAGES},
    )  # fmt: skip
    used = usage(messages=71000, peak=[(400, {"app": "a"}), (20, {"app": "b"}), (600, {"app": "a"})])

    rating = bill(document, used, packs={"prepaid": [Pack("pck_1", D(10000))]})

    assert lines_of(rating) == {"base": 40, "messages": 6, "peak": 92, "support": 15}
    assert rating.total == 153
    assert [(draw.holding, draw.quantity) for draw in rating.draws] == [("pck_1", 10000)]


@pytest.mark.parametrize(
    ("partial", "quantity", "expected"),
    [
        ("ceil", 10000, 0),
        ("ceil", 10001, 1000),
        ("floor", 19999, 0),
        ("floor", 20000, 1000),
        (None, 10500, 50),
    ],
)
def test_an_overage_by_blocks_at_its_edges(partial, quantity, expected):
    price = {"each": "1000", "per": "10000"} | ({"partial": partial} if partial else {})
    document = terms(
        {"code": "over", "of": "messages", "steps": [{"included": "10000"}, {"price": price}]},
        meters=MESSAGES,
    )

    rating = bill(document, usage(messages=quantity))

    assert rating.total == expected
    assert (rating.lines[0].quantity, rating.lines[0].unit) == (quantity - 10000, "messages")


ANNUAL = terms(
    {"code": "base", "tags": ["plan"], "of": "seats",
     "steps": [{"at_least": "10"}, {"price": {"each": "8"}}]},
    {"code": "annual", "credit": True, "of": {"spend": ["plan"]},
     "steps": [{"times": {"pick": "term", "cases": {"monthly": "0", "annual": "0.2"}}}]},
    round={"line": "minor"},
    currency=["EUR", "JPY"],
)  # fmt: skip


@pytest.mark.parametrize(("term", "expected"), [("monthly", [80, 0]), ("annual", [960, -192])])
def test_an_annual_term_is_twelve_months_and_a_discount_line(term, expected):
    rating = bill(ANNUAL, facts={"seats": D(6)}, labels={"term": term, "currency": "EUR"})

    assert [line.amount for line in rating.lines] == expected
    assert rating.total == sum(expected)
    assert rating.lines[1].credit


def test_a_line_rounds_to_the_minor_unit_of_the_customers_currency():
    document = terms(
        {"code": "x", "steps": [{"price": {"flat": "10.5049"}}]},
        round={"line": "minor"},
        currency=["EUR", "JPY"],
    )

    assert bill(document, labels={"currency": "JPY"}).total == 11
    assert bill(document, labels={"currency": "EUR"}).total == D("10.50")
    with pytest.raises(CurrencyNotSold):
        bill(document, labels={"currency": "USD"})
    with pytest.raises(CurrencyNotSold):
        bill(document)


def test_line_rounding_and_total_rounding_differ_and_both_add_up():
    charges = [
        {"code": c, "steps": [{"price": {"flat": f}}]} for c, f in (("hd", "0.3594"), ("fhd", "5.7552"))
    ]

    by_line = bill(terms(*charges, round={"line": "0.01"}))
    by_total = bill(terms(*charges, round={"total": "0.01"}))
    exact = bill(terms(*charges))

    assert [line.amount for line in by_line.lines] == [D("0.36"), D("5.76")]
    assert by_line.total == D("6.12")
    assert by_total.total == D("6.11") == sum(line.amount for line in by_total.lines)
    assert exact.total == D("6.1146")


def test_a_charge_of_an_option_exists_only_while_it_is_held():
    document = terms(
        {"code": "base", "steps": [{"price": {"flat": "10"}}]},
        {"code": "moderation", "held": ["module.moderation"], "steps": [{"price": {"flat": "5"}}]},
        {"code": "hosts", "of": "hosts", "steps": [{"price": {"each": "2"}}]},
        options=["module.moderation", "hosts"],
    )

    assert bill(document).total == 10
    assert bill(document, options={"module.moderation": D(1), "hosts": D(3)}).total == 21


@pytest.mark.parametrize(
    ("by", "span", "expected"),
    [
        ("day", "left", 110),
        ("day", "used", 190),
        ("second", "left", "105.833333333"),
        ("second", "active", 300),
    ],
)
def test_the_day_of_a_change_belongs_to_what_begins_in_it(by, span, expected):
    document = terms(
        {"code": "x", "steps": [{"price": {"flat": "300"}}, {"prorate": {"by": by, "span": span}}]}
    )
    due = Due("x", JUNE, at=datetime(2026, 6, 20, 10, tzinfo=UTC))

    total = rate(document, {}, [due], Context()).total

    assert total.quantize(D("0.000000001")) == D(expected)


def test_open_days_are_the_days_of_all_spans_together():
    spans = tuple(
        Period(datetime(2026, 6, a, tzinfo=UTC), datetime(2026, 6, b, tzinfo=UTC))
        for a, b in ((1, 8), (20, 25))
    )
    document = terms({"code": "x", "steps": [{"price": {"flat": "5000"}}, {"prorate": {"by": "day"}}]})

    assert rate(document, {}, [Due("x", JUNE, spans)], Context()).total == 2000


def test_a_split_charge_makes_a_line_for_every_app_with_its_own_facts():
    document = terms(
        {"code": "plan", "split": "app", "steps": [{"price": {"pick": "edition", "cases": {
            "pro": {"flat": "888"}, "max": {"flat": "2888"}}}}]},
        {"code": "dau", "split": "app", "of": "dau",
         "steps": [{"included": "10000"}, {"price": {"each": "850", "per": "10000", "partial": "floor"}}]},
        meters={"dau": {"unit": "users", "reduce": [{"take": "max"}]}},
        labels={"edition": ["pro", "max"]},
    )  # fmt: skip
    used = usage(dau=[(82370, {"app": "a"}), (17865, {"app": "b"})])

    rating = bill(document, used, split={"app": {"a": {"edition": "pro"}, "b": {"edition": "max"}}})

    assert [(line.key, line.app, line.amount) for line in rating.lines] == [
        ("plan/a///", "a", 888), ("plan/b///", "b", 2888), ("dau/a///", "a", 5950), ("dau/b///", "b", 0),
    ]  # fmt: skip


def test_only_what_lies_in_the_service_period_counts():
    july = Period(JUNE.end, datetime(2026, 8, 1, tzinfo=UTC))
    document = terms({"code": "m", "of": "messages", "steps": [{"price": {"each": "1"}}]}, meters=MESSAGES)
    cells = {"messages": [Observation(D(3), JUNE.start), Observation(D(5), JUNE.end)]}

    assert bill(document, cells).total == 3
    assert bill(document, cells, period=july).total == 5
    two = rate(document, cells, [Due("m", JUNE), Due("m", july, part="2")], Context())
    assert [line.key for line in two.lines] == ["m////", "m////2"]
    with pytest.raises(DuplicateLine):
        rate(document, cells, [Due("m", JUNE), Due("m", july)], Context())


def test_what_is_missing_is_an_error_and_never_a_zero():
    seats = terms({"code": "s", "of": "seats", "steps": [{"price": {"each": "1"}}]})
    label = terms(
        {"code": "s", "steps": [{"price": {"pick": "tier", "cases": {"a": {"flat": "1"}}}}]},
        labels={"tier": ["a"]},
    )

    with pytest.raises(MissingFact):
        bill(seats)
    with pytest.raises(MissingCase):
        bill(label, labels={"tier": "b"})
    with pytest.raises(UnknownCharge):
        rate(seats, {}, [Due("t", JUNE)], Context())


def test_a_division_by_nothing_is_refused_by_name():
    share = terms({"code": "s", "of": "fee", "steps": [{"over": "seats"}]})

    assert bill(share, facts={"fee": D(10), "seats": D(4)}).total == D("2.5")
    for fee in (D(10), D(0)):
        with pytest.raises(NotCalculable):
            bill(share, facts={"fee": fee, "seats": D(0)})


@pytest.mark.parametrize(
    ("steps", "fee", "said"),
    [
        ([{"over": "seats"}], D(10), "The charge “s” cannot be worked out: it divides by a number that is"),
        ([{"over": "seats"}], D(0), "The charge “s” cannot be worked out: it divides by a number that is"),
        ([*[{"times": "99999999999999999999"}] * 3, {"round": "minor"}], D("1.3"), "more than 50 digits"),
        (
            [{"price": {"mode": "volume", "bands": [{"upto": "5", "each": "1"}, {"ask": "true"}]}}],
            D(6),
            "“s” has no list price for 6",
        ),
    ],
)
def test_a_refusal_of_the_arithmetic_names_the_charge(steps, fee, said):
    document = terms({"code": "s", "of": "fee", "steps": steps})
    due = [Due("s", JUNE)]
    context = Context(facts={"fee": fee, "seats": D(0)})

    for way in (rate, amounts):
        with pytest.raises(DomainError, match=said):
            way(document, {}, due, context)


def test_shuffled_input_gives_the_same_bytes_and_a_hostile_precision_too():
    document = terms(
        {"code": "third", "of": {"over": ["messages", "7"]}, "steps": [{"price": {"each": "0.013"}}]},
        {"code": "tax", "of": {"spend": ["third"]}, "steps": [{"times": "0.19"}]},
        meters=MESSAGES,
    )
    cells = [
        Observation(D(i), attributes={"app": f"a{i % 3}"}, provenance=Provenance("measured", f"r{i}"))
        for i in range(20)
    ]
    due = [Due("third", JUNE), Due("tax", JUNE)]
    first = rate(document, {"messages": cells}, due, Context())

    for seed in range(5):
        mixed = random.Random(seed).sample(cells, len(cells))
        with localcontext() as hostile:
            hostile.prec = 4
            again = rate(document, {"messages": mixed}, due[::-1], Context())
        assert again == first
        assert [to_json(line.derivation) for line in again.lines] == [
            to_json(line.derivation) for line in first.lines
        ]
    other = rate(document, {"messages": [replace(cells[0], value=D("0.1")), *cells[1:]]}, due, Context())
    assert other.inputs_hash != first.inputs_hash


def test_every_tree_yields_its_root_and_the_fast_path_the_same_amounts():
    rating = bill(ANNUAL, facts={"seats": D(6)}, labels={"term": "annual", "currency": "EUR"})
    fast = amounts(ANNUAL, {}, [Due("base", JUNE), Due("annual", JUNE)],
                   Context(facts={"seats": D(6)}, labels={"term": "annual", "currency": "EUR"}))  # fmt: skip

    for line in rating.lines:
        assert reevaluate(from_json(to_json(line.derivation))) == line.amount == fast[line.key]


def test_what_may_be_asked_names_a_code_once():
    document = terms(
        {"code": "messages", "of": "messages", "steps": [{"price": {"each": 1}}]}, meters=MESSAGES
    )

    assert askable(document.document) == ["total", "messages"]
