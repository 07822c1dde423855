"""Each step word as a sentence that a person can check."""

from decimal import Decimal

import pytest

from billing.explain_tree import sentences_of
from billing.rating import rate
from billing.values import Context, Due
from plans.terms import Terms, read_terms
from tests.billing.build import JUNE, usage

BANDS = [{"upto": "100", "each": "0"}, {"upto": "500", "each": "0.2"}, {"each": "0.1"}]


TOP = {"currency": "USD", "facts": {"seats": {"unit": "seats"}}, "meters": {"m": {"unit": "messages"}}}


def terms(*charges) -> Terms:
    return read_terms({**TOP, "charges": list(charges)})


def told(document: Terms, code: str, used=None, **facts) -> list[tuple[int, str, str]]:
    context = Context(facts={name: Decimal(value) for name, value in facts.items()})
    due = [Due(charge.code, JUNE) for charge in document.document.charges]
    rating = rate(document, used or {}, due, context)
    line = next(line for line in rating.lines if line.charge == code)
    return [(one.depth, one.text, one.value) for one in sentences_of(line.derivation, "USD", {})]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([{"price": {"flat": "40"}}], [(0, "Fixed price of $40.00", "$40.00")]),
        (
            [{"price": {"flat": "40"}}, {"times": "1.1"}, {"at_least": "50"}],
            [
                (0, "Fixed price of $40.00", "$40.00"),
                (0, "$40.00 × 1.1", "$44.00"),
                (0, "$44.00, but at least $50.00", "$50.00"),
            ],
        ),
        (
            [{"price": {"flat": "0.333"}}, {"round": "0.01"}, {"minus": "0.1"}, {"over": "2"}],
            [
                (0, "Fixed price of $0.333", "$0.333"),
                (0, "$0.333 rounded to 0.01", "$0.33"),
                (0, "$0.33 − $0.10", "$0.23"),
                (0, "$0.23 ÷ 2", "$0.115"),
            ],
        ),
        (
            [{"price": {"flat": "30"}}, {"prorate": {"by": "day"}}],
            [(0, "Fixed price of $30.00", "$30.00"), (0, "$30.00 for 30 of 30 days", "$30.00")],
        ),
    ],
)
def test_fixed_prices_and_arithmetic(steps, expected):
    assert told(terms({"code": "base", "steps": steps}), "base") == expected


def test_bands_are_one_sentence_each_below_their_sum():
    document = terms({"code": "m1", "of": "m", "steps": [{"price": {"mode": "graduated", "bands": BANDS}}]})

    assert told(document, "m1", usage(m=620))[-4:] == [
        (0, "620 priced in steps", "$92.00"),
        (1, "100 at no charge (over 0, up to 100)", "$0.00"),
        (1, "400 × $0.20 (over 100, up to 500)", "$80.00"),
        (1, "120 × $0.10 (over 500)", "$12.00"),
    ]


def test_nothing_left_is_said_so():
    document = terms({"code": "m1", "of": "m", "steps": [{"included": "50"}, {"price": {"each": "3"}}]})

    assert told(document, "m1", usage(m=20))[-2:] == [
        (0, "20 − 50 included", "0"),
        (0, "Nothing is left to price", "$0.00"),
    ]


def test_seats_and_formulas_speak_too():
    document = terms(
        {
            "code": "s",
            "of": "seats",
            "steps": [{"included": {"times": ["seats", "0.5"]}}, {"price": {"each": "2"}}],
        }
    )

    assert told(document, "s", seats="10") == [
        (0, "Seats", "10"),
        (0, "10 − 5 included", "5"),
        (1, "Seats", "10"),
        (1, "10 × 0.5", "5"),
        (0, "5 × $2.00", "$10.00"),
    ]
