"""Numbers as billing needs them, and an event judged by its type's rules."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage.parsing import Envelope
from usage.parsing_events import MeterRule, TypeRules, Window, check_window, judge
from usage.parsing_values import Refused, quantity

AT = datetime(2026, 11, 20, tzinfo=UTC)
WINDOW = Window(AT - timedelta(days=35), AT + timedelta(minutes=5))
RULES = TypeRules(
    meters=(MeterRule(1, "value", None), MeterRule(2, None, "user")),
    numbers=frozenset({"value"}),
    users=frozenset({"user"}),
    dimensions=frozenset({"kind"}),
)


def event(*, time: datetime = AT, **data: Any) -> Envelope:
    return Envelope(0, "e1", "gw", "message.sent", "app_1", time, {"value": 1, "user": "u1", **data})


def code_of(value: object) -> str:
    with pytest.raises(Refused) as no:
        quantity(value, "data.value")
    assert no.value.field == "data.value"
    return no.value.code


@pytest.mark.parametrize(
    ("value", "spelled"),
    [
        (0, "0"),
        ("0", "0"),
        ("1", "1"),
        ("1.50", "1.5"),
        ("2.000", "2"),
        (Decimal("0.1"), "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1e-12"), "0.000000000001"),
        ("0.1000000000000000000", "0.1"),
        (Decimal("12345678901234567.1"), "12345678901234567.1"),
        (10**18 - 1, "999999999999999999"),
        ("999999999999999999.999999999999", "999999999999999999.999999999999"),
    ],
)
def test_A15_a_number_is_kept_exactly_in_one_spelling(value: object, spelled: str) -> None:
    assert quantity(value, "data.value") == spelled


@pytest.mark.parametrize(
    "value",
    ["NaN", "nan", "Infinity", "-Infinity", "1e999", "sNaN", "0x10", "", ".5", "5.", "1e3", "+1", "007"],
)
def test_A11_what_is_no_plain_number_is_refused(value: str) -> None:
    assert code_of(value) == "not_a_number"


@pytest.mark.parametrize(
    "value", [Decimal("1E+999"), Decimal("Infinity"), 10**18, 10**30, "1" + "0" * 18, "9" * 65]
)
def test_A13_ten_to_the_eighteenth_and_more_is_out_of_range(value: object) -> None:
    assert code_of(value) == "out_of_range"


@pytest.mark.parametrize(
    "value", ["0." + "0" * 12 + "1", Decimal("1E-13"), Decimal("1E-999999"), Decimal("0." + "1" * 40)]
)
def test_A13_the_thirteenth_decimal_place_is_refused_not_rounded(value: object) -> None:
    assert code_of(value) == "too_precise"


@pytest.mark.parametrize("value", [-1, "-1", "-0", Decimal("-0.5"), "-0.000000000000000001"])
def test_A12_a_negative_value_is_refused(value: object) -> None:
    assert code_of(value) == "negative"


@pytest.mark.parametrize("value", ["1_000", "１２", "١٢", " 5 ", "5\n", "1,5"])
def test_A14_digits_are_ascii_and_alone(value: str) -> None:
    assert code_of(value) == "not_a_number"


@pytest.mark.parametrize("value", [True, False, [1], {"a": 1}])
def test_A14_a_truth_value_or_a_list_is_no_number(value: object) -> None:
    assert code_of(value) == "wrong_type"


@given(
    st.decimals(min_value=0, max_value=Decimal(10**18) - 1, places=12, allow_nan=False, allow_infinity=False)
)
def test_numbers_and_texts_of_equal_worth_are_spelled_alike(value: Decimal) -> None:
    spelled = quantity(f"{value:f}", "v")

    assert spelled == quantity(value, "v")
    assert Decimal(spelled) == value


def test_equal_bodies_hash_alike_however_they_are_written() -> None:
    plain = judge(event(value=1), RULES)
    shanghai = AT.astimezone(tz=None)

    assert plain.payload_hash == judge(event(value="1.0"), RULES).payload_hash
    assert (
        plain.payload_hash
        == judge(event(value=Decimal("1.00"), time=shanghai.astimezone(UTC)), RULES).payload_hash
    )
    assert plain.payload_hash != judge(event(value=2), RULES).payload_hash
    assert plain.payload_hash != judge(event(time=AT - timedelta(seconds=1)), RULES).payload_hash
    assert plain.payload_hash != judge(event(region="eu"), RULES).payload_hash


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ({"valeu": 1}, "unknown_property", "data.valeu"),
        ({"value": None}, "required", "data.value"),
        ({"user": 83411}, "wrong_type", "data.user"),
        ({"user": ""}, "required", "data.user"),
        ({"user": "u" * 201}, "too_long", "data.user"),
        ({"region": "r" * 33}, "too_long", "data.region"),
        ({"region": {"a": 1}}, "wrong_type", "data.region"),
        ({"kind": "a\x00"}, "invalid_text", "data.kind"),
        ({"value": "NaN"}, "not_a_number", "data.value"),
    ],
)
def test_data_is_strict(data: dict[str, Any], code: str, field: str) -> None:
    with pytest.raises(Refused) as no:
        judge(event(**data), RULES)

    assert (no.value.code, no.value.field) == (code, field)


def test_a_needed_property_that_is_missing_is_named() -> None:
    with pytest.raises(Refused) as no:
        judge(Envelope(0, "e1", "gw", "message.sent", "app_1", AT, {"value": 1}), RULES)

    assert (no.value.code, no.value.field) == ("required", "data.user")


def test_A20_the_window_ends_five_minutes_ahead() -> None:
    assert check_window(event(time=AT + timedelta(minutes=5)), WINDOW) is None
    with pytest.raises(Refused, match="in_future"):
        check_window(event(time=AT + timedelta(minutes=5, microseconds=1)), WINDOW)


def test_A21_the_window_begins_thirty_five_days_back() -> None:
    assert check_window(event(time=AT - timedelta(days=35)), WINDOW) is None
    with pytest.raises(Refused, match="too_old"):
        check_window(event(time=AT - timedelta(days=35, microseconds=1)), WINDOW)
