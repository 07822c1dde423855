"""What was used beside what is charged, and numbers that a person can read."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils.translation import override

from billing.derivation import Node
from billing.explain_tree import sentences_of
from billing.explain_used import used
from billing.explain_words import number_text
from billing.rating import rate
from billing.values import Context, Due
from plans.terms import read_terms
from tests.billing.build import JUNE, usage

EACH = {"price": {"each": "2"}}


def rated(*steps: dict[str, Any], of: Any = "peak", reduce: Any = None) -> Any:
    meter: dict[str, Any] = {"unit": "connections", **({"reduce": reduce} if reduce else {})}
    terms = read_terms(
        {
            "currency": "USD",
            "facts": {"seats": {"unit": "seats"}},
            "meters": {"peak": meter},
            "charges": [{"code": "one", "of": of, "steps": list(steps)}],
        }
    )
    context = Context(facts={"seats": Decimal(5)}, labels={"term": "monthly"})
    return rate(terms, usage(peak=3972), [Due("one", JUNE, ())], context).lines[0]


@pytest.mark.parametrize(
    ("steps", "of", "found"),
    [
        ([{"included": "2000"}, EACH], "peak", 3972),
        ([{"included": "5000"}, EACH], "peak", 3972),
        ([{"included": "3"}, EACH], "seats", 5),
        ([{"at_least": "10"}, EACH], "seats", 5),
        ([EACH], "peak", None),  # everything is charged: one number says it
        ([{"over": "60"}, EACH], "peak", None),  # another unit
        ([{"included": "1"}, EACH], {"plus": ["peak", {"times": ["seats", "2"]}]}, None),  # two things
    ],
)
def test_what_was_used_stands_beside_what_is_charged(steps: Any, of: Any, found: int | None) -> None:
    line = rated(*steps, of=of)

    assert used(line.derivation, line.quantity) == found


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal(5) / Decimal(3), "≈\N{NO-BREAK SPACE}1.666667"),
        (Decimal("99.97"), "99.97"),
        (Decimal("0.000000000001"), "0.000000000001"),
        (1603, "1,603"),
    ],
)
def test_a_number_that_divides_for_ever_is_rounded_and_says_so(value: Any, text: str) -> None:
    with override("en"):
        assert number_text(value) == text


@pytest.mark.parametrize(
    ("take", "said"),
    [("max", "3 readings, the highest = 30"), ("min", "3 readings, the lowest = 10"),
     ("sum", "3 readings = 60"), ("mean", "3 readings, from 10 to 30")],
)  # fmt: skip
def test_readings_of_a_peak_are_not_added_up(take: str, said: str) -> None:
    readings = tuple(Node("reading", Decimal(n), argument={"app": "web"}) for n in (10, 20, 30))
    stage = Node("take", Decimal(30), argument={"take": take}, children=readings)
    meter = Node("meter", Decimal(30), argument={"code": "peak"}, children=(stage,))

    with override("en"):
        told = [one.whole for one in sentences_of(meter, "USD", {})]

    assert f"web, {said}" in told


def test_a_table_that_changes_nothing_says_nothing() -> None:
    line = rated({"table": {"each": "1"}}, EACH)

    with override("en"):
        told = [one.whole for one in sentences_of(line.derivation, "USD", {})]

    assert not any("× 1 =" in one for one in told)
