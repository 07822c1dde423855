"""What the price list says of a tariff in one line."""

from decimal import Decimal
from typing import Any

import pytest

from plans.highlights import UnitPrice, highlights
from plans.terms import read_terms

LABELS = {"currency": "USD", "term": "monthly"}


def read(*steps: dict[str, Any], of: Any = "messages", **more: Any) -> Any:
    terms = read_terms(
        {
            "currency": ["USD", "CNY"],
            "meters": {"messages": {"unit": "messages"}},
            "charges": [{"code": "m", "of": of, "steps": list(steps), **more.pop("charge", {})}],
            **more,
        }
    )
    return highlights(terms.document, LABELS)


@pytest.mark.parametrize(
    ("steps", "included", "price"),
    [
        (
            [{"included": "1000"}, {"price": {"each": "3", "per": "10"}}],
            1000,
            UnitPrice(Decimal(3), Decimal(10)),
        ),
        (
            [{"price": {"pick": "currency", "cases": {"USD": {"each": "2"}, "CNY": {"each": "14"}}}}],
            None,
            UnitPrice(Decimal(2), Decimal(1)),
        ),
        (
            [{"price": {"mode": "graduated", "bands": [{"upto": "100", "each": "0"}, {"each": "0.2"}]}}],
            100,
            UnitPrice(Decimal("0.2"), Decimal(1)),
        ),
        (
            [{"price": {"mode": "graduated", "bands": [{"upto": "9", "each": "0.3"}, {"each": "0.2"}]}}],
            None,
            UnitPrice(Decimal("0.3"), Decimal(1), falls=True),
        ),
        # Under `volume` a free first band is no allowance: past it, every unit costs.
        (
            [{"price": {"mode": "volume", "bands": [{"upto": "100", "each": "0"}, {"each": "0.2"}]}}],
            None,
            UnitPrice(Decimal("0.2"), Decimal(1)),
        ),
    ],
)
def test_an_allowance_and_the_first_price_are_read_out(
    steps: list[dict[str, Any]], included: int | None, price: UnitPrice
) -> None:
    (found,) = read(*steps)

    assert (found.meter, found.included, found.price) == ("messages", included, price)


def test_a_named_number_is_followed_to_its_meter() -> None:
    (found,) = read(
        {"price": {"each": "1"}}, of="billable", numbers={"billable": {"of": "messages", "steps": []}}
    )

    assert found.meter == "messages"


def test_a_charge_without_a_meter_is_left_out() -> None:
    assert read({"price": {"flat": "40"}}, of="1") == []


def test_a_charge_by_time_band_has_a_price_for_each() -> None:
    windows = [{"from": "22:00", "to": "06:00"}]
    night = {"code": "night", "name": {"en": "Night", "zh-Hans": "夜间"}, "windows": windows}
    schedules = {"s": {"zone": "UTC", "bands": [night], "else": "day"}}
    cases = {"night": {"each": "1"}, "day": {"each": "2"}}
    found = read(
        {"price": {"pick": "band", "cases": cases}},
        of="minutes",
        charge={"split": "band"},
        meters={"minutes": {"unit": "minutes", "schedule": "s"}},
        schedules=schedules,
    )

    assert [(one.band, one.band_name.get("en"), one.price) for one in found] == [
        ("night", "Night", UnitPrice(Decimal(1), Decimal(1))),
        ("day", None, UnitPrice(Decimal(2), Decimal(1))),
    ]
