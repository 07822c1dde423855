"""A situation is read with the terms beside it: labels, numbers, days of a zone, several bills."""

from decimal import Decimal

import pytest

from billing.oracle import read_case, run_case
from billing.situation import Situation, SituationInvalid
from billing.situation_run import answer
from billing.steps import FallingEdges
from plans.catalogue import CatalogueInvalid
from plans.shape import build
from plans.terms import read_terms

D = Decimal
TERMS = read_terms({
    "currency": "EUR",
    "facts": {"paid": "money"},
    "labels": {"tier": ["a", "b"]},
    "options": ["seat_pack"],
    "pools": {"p": {}},
    "meters": {"m": {"unit": "messages"}, "e": {"unit": "messages", "each": {"times": ["value", "copies"]}}},
    "numbers": {"both": {"plus": ["m", "e"]}},
    "charges": [
        {"code": "use", "of": "m", "steps": [{"draw": {"pool": "p"}}, {"price": {"each": "1"}}]},
        {"code": "packs", "of": "seat_pack", "steps": [{"price": {"each": "5"}}, {"prorate": {"by": "day"}}]},
    ],
    "figures": [{"code": "left", "of": "paid", "steps": [{"prorate": {"by": "second", "span": "left"}}]}],
})  # fmt: skip


def ask(**given):
    problems: list = []
    situation = build(given, Situation, "", problems)
    assert problems == []
    return answer(TERMS, situation)


def test_usage_may_be_a_number_a_list_or_events_with_attributes():
    assert ask(usage={"m": "3"}, ask="m").amount == 3
    assert ask(usage={"m": ["1", "2.5"]}, ask="m").amount == D("3.5")
    assert ask(usage={"e": [{"value": "2", "copies": "3"}, {"copies": "4"}]}, ask="e").amount == 10
    assert (ask(usage={"m": "1", "e": [{"copies": "1"}]}, ask="both", unit="things")).unit == "things"
    assert ask(ask="m").amount == 0


def test_bills_are_added_and_share_their_packs():
    pack = {"p": [{"left": "10"}]}

    found = ask(bills=[{"usage": {"m": "8"}}, {"usage": {"m": "8"}}], packs=pack)

    assert found.amount == 6
    assert [rating.total for rating in found.ratings] == [0, 6]
    assert ask(usage={"m": "8"}, packs=pack, count="3").amount == 14


def test_options_held_count_once_or_as_often_as_said():
    assert ask(options=["seat_pack"], ask="packs").amount == 5
    assert ask(options={"seat_pack": "3"}, ask="packs").amount == 15


@pytest.mark.parametrize(
    ("zone", "at", "expected"),
    [
        ("UTC", "2026-03-16", "51612.90"),
        ("Europe/Berlin", "2026-03-16", "51547.78"),
        ("UTC", "2026-03-16T12:00:00Z", "50000.00"),
    ],
)
def test_days_are_days_of_the_situations_zone(zone, at, expected):
    found = ask(facts={"paid": "100000"}, period="2026-03", zone=zone, at=at, ask="left")

    assert found.amount.quantize(D("0.01")) == D(expected)
    assert found.unit == "EUR"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"facts": {"paied": "1"}}, "facts.paied"),
        ({"facts": {"paid": "ten"}}, "facts.paid"),
        ({"facts": {"tier": "c"}}, "facts.tier"),
        ({"usage": {"mm": "1"}}, "usage.mm"),
        ({"usage": {"m": "1e3"}}, "usage.m"),
        ({"period": "June"}, "period"),
        ({"ask": "nothing"}, "ask"),
        ({"spans": [{"from": "today", "to": "2026-07-01"}]}, "spans[0].from"),
        ({"packs": {"p": [{"left": "many"}]}}, "packs.p[0].left"),
    ],
)
def test_what_the_terms_do_not_know_is_refused_by_its_path(given, path):
    with pytest.raises(SituationInvalid) as caught:
        ask(**given)

    assert caught.value.params["path"] == path


CASE = """\
id: x
terms:
  currency: EUR
  meters: {m: {unit: messages}}
  charges:
    - {code: use, of: m, steps: [{price: {each: 0.1}}]}
situation: {usage: {m: 5}}
expected: {amount: 0.50, unit: EUR}
"""


def test_a_case_passes_or_differs_by_amount_or_unit():
    assert run_case(read_case(CASE)).passed
    assert not run_case(read_case(CASE.replace("0.50", "0.51"))).passed
    assert not run_case(read_case(CASE.replace("unit: EUR}", "unit: USD}"))).passed


def test_a_fault_in_a_cases_terms_has_its_line():
    with pytest.raises(CatalogueInvalid) as caught:
        read_case(CASE.replace("of: m,", "of: n,"))

    assert [(one.code, one.path, one.line) for one in caught.value.problems] == [
        ("unknown_name", "terms.charges[0].of", 6)
    ]


def test_edges_that_are_formulas_must_rise():
    bands = [{"upto": "seats", "each": "1"}, {"upto": "5", "each": "1"}, {"each": "2"}]
    price = {"price": {"mode": "volume", "bands": bands}}
    terms = read_terms({"currency": "EUR", "charges": [{"code": "c", "of": "seats", "steps": [price]}]})

    assert answer(terms, Situation(facts={"seats": "3"})).amount == 3
    with pytest.raises(FallingEdges):
        answer(terms, Situation(facts={"seats": "6"}))


def test_one_event_needs_no_list_and_a_split_may_hold_several():
    assert ask(usage={"e": {"value": "2", "copies": "3"}}, ask="e").amount == 6
    assert ask(split={"app": {"a": {"m": ["1", "2"], "e": {"copies": "4"}}}}, ask="both").amount == 7


def test_a_figure_sees_what_the_charges_of_its_bill_come_to():
    charge = {"code": "base", "tags": ["plan"], "of": "seats", "steps": [{"price": {"each": "10"}}]}
    half = {"of": {"spend": ["plan"]}, "steps": [{"times": "0.5"}]}
    terms = read_terms({
        "currency": "EUR",
        "numbers": {"half": half},
        "charges": [charge],
        "figures": [{"code": "credit", "of": "half", "steps": [{"at_most": {"spend": ["base"]}}]}],
    })  # fmt: skip

    assert answer(terms, Situation(facts={"seats": "4"}, ask="credit")).amount == 20
    assert answer(terms, Situation(facts={"seats": "4"}, ask="half")).amount == 20
