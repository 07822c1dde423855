"""What terms say of seats before anything is rated."""

from typing import Any

import pytest

from plans.seat_terms import SeatTerms, seat_terms
from plans.terms import read_terms

LABELS = {"currency": "USD", "term": "monthly"}


def read(*steps: dict[str, Any], of: str = "seats", **charge: Any) -> SeatTerms | None:
    terms = read_terms(
        {
            "currency": ["USD", "CNY"],
            "facts": {"seats": {"unit": "seats"}},
            "numbers": {"staff": "seats"},
            "options": ["module.ai"],
            "charges": [{"code": "s", "of": of, "steps": list(steps), **charge}],
        }
    )
    return seat_terms(terms.document, LABELS)


PRICE = {"price": {"each": "8.75"}}


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([PRICE], SeatTerms(0, 0, 1, falls=False)),
        ([{"at_least": "10"}, PRICE], SeatTerms(0, 10, 1, falls=False)),
        ([{"included": "3"}, PRICE], SeatTerms(3, 0, 1, falls=False)),
        ([{"price": {"each": "199", "per": "100", "partial": "ceil"}}], SeatTerms(0, 0, 100, falls=False)),
        (
            [{"price": {"mode": "graduated", "bands": [{"upto": "5", "each": "0"}, {"each": "2"}]}}],
            SeatTerms(5, 0, 1, falls=False),
        ),
        (
            [{"price": {"mode": "graduated", "bands": [{"upto": "5", "each": "3"}, {"each": "2"}]}}],
            SeatTerms(0, 0, 1, falls=True),
        ),
    ],
)
def test_seats_are_read_out_of_their_charge(steps: list[dict[str, Any]], found: SeatTerms) -> None:
    assert read(*steps) == found


def test_a_named_number_of_seats_is_followed() -> None:
    assert read(PRICE, of="staff") == SeatTerms(0, 0, 1, falls=False)


def test_a_plan_without_seats_a_credit_and_a_modules_charge_say_nothing() -> None:
    assert read(PRICE, of="1") is None
    assert read(PRICE, credit=True) is None
    assert read(PRICE, held=["module.ai"]) is None
