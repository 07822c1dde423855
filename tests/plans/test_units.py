"""Units: what is added or compared has one; a factor converts, and money never mixes."""

from typing import Any

import pytest

from plans.problems import TermsInvalid
from plans.terms import read_terms

METERS = {"msgs": {"unit": "messages"}, "gb": {"unit": "GB"}, "sent": {"unit": "messages"}}
FACTS = {"paid": "money", "share": "percent", "quota": "GB"}


def faults(number: Any) -> list[tuple[str, str]]:
    tree = {
        "currency": "EUR",
        "meters": METERS,
        "facts": FACTS,
        "options": ["extra"],
        "charges": [{"code": "c", "of": number, "steps": [{"price": {"each": "1"}}]}],
    }
    try:
        read_terms(tree)
    except TermsInvalid as error:
        return [(one.code, one.path) for one in error.problems]
    return []


@pytest.mark.parametrize("word", ["plus", "minus", "included", "at_least", "at_most"])
def test_two_units_are_neither_added_nor_compared(word):
    assert faults({word: ["msgs", "gb"]}) == [("units_mixed", f"charges[0].of.{word}[1]")]
    assert faults({"of": "msgs", "steps": [{word: "gb"}]}) == [("units_mixed", "charges[0].of.steps[0]")]
    assert faults({word: ["msgs", "paid"]}) == [("unit_mismatch", f"charges[0].of.{word}[1]")]
    assert faults({word: ["msgs", "sent"]}) == faults({"of": "msgs", "steps": [{word: "sent"}]}) == []


@pytest.mark.parametrize(
    "number",
    [
        {"plus": ["msgs", "5"]},
        {"included": ["msgs", {"times": ["gb", "0.05"]}]},
        {"plus": ["msgs", {"of": "gb", "steps": [{"over": "1000"}, {"round": "1"}]}]},
        {"minus": ["gb", "quota"]},
        {"plus": ["msgs", "extra"]},
        {"times": ["msgs", "gb"]},
        {"plus": [{"times": ["msgs", "gb"]}, "gb"]},
        {"plus": [{"over": ["msgs", "gb"]}, "msgs"]},
        {"plus": [{"over": ["msgs", "sent"]}, "gb"]},
        {"plus": ["gb", {"times": ["share", "quota"]}]},
        {"pick": "term", "cases": {"monthly": "msgs", "annual": "gb"}},
    ],
)
def test_factors_convert_and_shares_have_no_unit(number):
    assert faults(number) == []


@pytest.mark.parametrize(
    "number",
    [
        {"plus": ["msgs", {"times": ["gb", {"over": ["msgs", "sent"]}]}]},
        {"plus": ["msgs", {"times": ["share", "gb"]}]},
        {"plus": ["msgs", {"of": "gb", "steps": [{"round": "1"}]}]},
    ],
)
def test_a_share_of_a_unit_keeps_it(number):
    assert faults(number) == [("units_mixed", "charges[0].of.plus[1]")]


def test_mixed_units_are_found_in_numbers_nobody_uses_and_within_tariffs():
    tariff = {"each": "1", "per": {"plus": ["msgs", "gb"]}}
    tree = {
        "meters": METERS,
        "numbers": {"both": {"plus": ["msgs", "gb"]}},
        "charges": [{"code": "c", "of": "msgs", "steps": [{"price": tariff}]}],
    }

    with pytest.raises(TermsInvalid) as caught:
        read_terms(tree)

    assert {one.path for one in caught.value.problems} == {
        "numbers.both.plus[1]",
        "charges[0].steps[0].price.per.plus[1]",
    }
    assert "“plus” joins messages and GB" in caught.value.problems[0].sentence()
