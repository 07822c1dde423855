"""Words that cannot mean anything where they stand are refused."""

from typing import Any

import pytest

from plans.catalogue import CatalogueInvalid, read_catalogue
from plans.problems import TermsInvalid
from plans.terms import read_terms

FLAT: dict[str, Any] = {"code": "a", "steps": [{"price": {"flat": "1"}}]}


def faults(**tree: Any) -> list[tuple[str, str]]:
    try:
        read_terms(tree)
    except TermsInvalid as error:
        return [(one.code, one.path) for one in error.problems if one.sentence()]
    return []


@pytest.mark.parametrize("every", ["quarter", "half_year", "year"])
def test_a_long_bill_cannot_accumulate_over_a_month(every):
    use = {"code": "u", "of": "m", "resets": "month", "every": every, "steps": [{"price": {"each": "1"}}]}
    meters = {"m": {"unit": "x"}}
    assert faults(meters=meters, charges=[use]) == [("resets_shorter", "charges[0].resets")]
    assert faults(meters=meters, charges=[use | {"resets": "year"}]) == []
    assert faults(meters=meters, charges=[use | {"every": "week"}]) == []


def test_a_spend_names_something():
    charge = {"code": "s", "of": {"spend": []}, "steps": [{"times": "0.1"}]}
    assert faults(charges=[FLAT, charge]) == [("spend_empty", "charges[1].of.spend")]


def test_numbers_that_are_too_large_and_ranks_that_are_not_whole_are_told_as_that():
    def said(n: str, take: str = "nth_highest") -> str:
        with pytest.raises(TermsInvalid) as caught:
            read_terms({"meters": {"m": {"unit": "x", "reduce": [{"take": take, "n": n}]}}})
        return caught.value.problems[0].sentence()

    assert said("1.5") == "“1.5” is not a whole number from 1, such as 3 for the third highest."
    assert "at most 20 digits" in said("1" + "0" * 30)


def test_names_that_a_charge_or_meter_may_share_with_what_is_built_in():
    """A charge is only meant by spend; a meter of one's own comes before the built-in fact."""
    meters = {"seats": {"unit": "seats", "reduce": [{"take": "max"}]}, "sold": {"unit": "money"}}
    charges = [
        {"code": "availability", "of": "seats", "steps": [{"price": {"each": "1"}}]},
        {"code": "share", "of": "sold", "steps": [{"times": "0.02"}]},
    ]
    assert faults(currency="EUR", meters=meters, charges=charges) == []


def test_a_module_that_requires_what_excludes_it_can_never_be_held():
    def module(code: str, **rules: Any) -> str:
        words = "".join(f", {word}: [{', '.join(codes)}]" for word, codes in rules.items())
        return f"  - {{code: {code}, names: {{en: A, zh-Hans: 甲}}{words}}}\n"

    together = "modules:\n" + module("a", requires=["b"]) + module("b", requires=["a"])
    assert read_catalogue(together).modules  # held together, or not at all
    never = (
        "modules:\n" + module("a", requires=["b"]) + module("b", requires=["c"]) + module("c", excludes=["a"])
    )

    with pytest.raises(CatalogueInvalid) as caught:
        read_catalogue(never)

    assert [(one.code, one.path) for one in caught.value.problems] == [("never_held", "modules[0].requires")]
