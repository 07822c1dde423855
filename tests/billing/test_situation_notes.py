"""What a situation says without effect is told; what cannot be held or meant is refused."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing.situation import Situation
from billing.situation_check import situation_problems
from billing.situation_notes import notes_of
from billing.situation_run import answer
from plans.shape import build
from plans.terms import Document, read_terms

TREE = {
    "currency": "EUR",
    "options": ["room"],
    "pools": {"p": {}},
    "schedules": {
        "hours": {
            "zone": "UTC",
            "else": "day",
            "bands": [{"code": "night", "windows": [{"from": "22:00", "to": "06:00"}]}],
        }
    },
    "meters": {
        "m": {"unit": "messages"},
        "calls": {"unit": "minutes", "schedule": "hours"},
        "who": {"unit": "users", "reduce": [{"take": "distinct"}]},
        "kb": {"unit": "blocks", "each": {"times": ["value", "copies"]}, "where": {"kind": "chat"}},
    },
    "charges": [
        {"code": "base", "every": "quarter", "steps": [{"price": {"flat": "90"}}]},
        {
            "code": "use",
            "of": "m",
            "split": "team",
            "steps": [{"draw": {"pool": "p"}}, {"price": {"each": "1"}}],
        },
        {"code": "calls", "of": "calls", "steps": [{"price": {"each": "1"}}]},
        {"code": "who", "of": "who", "steps": [{"price": {"each": "1"}}]},
        {"code": "kb", "of": "kb", "steps": [{"price": {"each": "1"}}]},
    ],
}  # fmt: skip
DOCUMENT = read_terms(TREE).document


def situation(**given: Any) -> Situation:
    problems: list[Any] = []
    found: Situation = build(given, Situation, "", problems)
    assert problems == []
    return found


def notes(document: Document = DOCUMENT, **given: Any) -> list[tuple[str, str]]:
    return [(one.code, one.path) for one in notes_of(document, situation(**given)) if one.sentence()]


def faults(**given: Any) -> list[tuple[str, str]]:
    return [
        (one.code, one.path) for one in situation_problems(DOCUMENT, situation(**given)) if one.sentence()
    ]


def test_a_schedule_says_the_band_that_where_asks_for():
    windows = [{"from": "22:00", "to": "06:00"}]
    schedule = {"zone": "UTC", "bands": [{"code": "night", "windows": windows}], "else": "day"}
    tree = {
        "currency": "USD",
        "schedules": {"c": schedule},
        "meters": {"night_min": {"unit": "minutes", "schedule": "c", "where": {"band": "night"}}},
        "charges": [{"code": "n", "of": "night_min", "split": "app", "steps": [{"price": {"each": "1"}}]}],
    }
    usage = [
        {"value": "3", "app": "a", "at": "2026-06-02T23:00:00Z"},
        {"value": "4", "app": "a", "at": "2026-06-02T09:00:00Z"},
    ]
    document, situation = read_terms(tree).document, Situation(usage={"night_min": usage})

    assert list(situation_problems(document, situation)) == []
    assert answer(read_terms(tree), situation).amount == 3


def test_a_charge_of_another_period_than_the_bill_is_told_once():
    month = [("note_period", "period")]
    assert notes() == month
    assert notes(period={"from": "2026-04-01", "to": "2026-07-01"}) == []
    assert notes(period={"from": "2026-04-01", "to": "2026-06-30"}) == month
    bills = [{"period": f"2026-0{n}"} for n in (4, 5, 6)]
    assert notes(bills=bills) == [("note_period", "bills[0].period")]


def test_attributes_that_nothing_reads_are_told_and_others_are_not():
    period = {"from": "2026-04-01", "to": "2026-07-01"}
    rows = [
        {"value": "1", "team": "a", "colour": "red"},
        {"value": "2", "team": "b", "colour": "blue", "day": "3"},
    ]
    kb = [{"copies": "2", "kind": "chat", "app": "x", "for": "1"}]
    assert notes(period=period, usage={"m": rows, "kb": kb}) == [("note_unread", "usage.m[0].colour")]
    assert notes(period=period, usage={"who": [{"user": "a"}, {"user": "b"}]}) == []


def test_a_misspelt_value_is_refused():
    assert faults(usage={"m": [{"vlaue": "5", "team": "a"}, {"Value": "5", "team": "a"}]}) == [
        ("given_misspelt", "usage.m[0].vlaue"),
        ("given_misspelt", "usage.m[1].Value"),
    ]
    assert faults(usage={"m": [{"vlaue": "5", "value": "1", "team": "a"}, {"team": "a"}]}) == []


def test_times_outside_the_period_and_times_that_are_missing_are_told():
    quarter = {"from": "2026-04-01", "to": "2026-07-01"}
    calls = [
        {"value": "1", "at": "2026-03-31"},
        {"value": "1", "at": "2026-07-01T00:00:00"},
        {"value": "2", "at": "2026-06-30"},
    ]
    found = notes_of(DOCUMENT, situation(period=quarter, usage={"calls": calls}))
    assert [(one.code, one.path, one.params["count"]) for one in found] == [
        ("note_outside", "usage.calls[0].at", "2")
    ]
    assert notes(period=quarter, usage={"calls": "5"}) == [("note_band", "usage.calls")]
    assert notes(period=quarter, usage={"calls": [{"value": "5", "band": "night"}]}) == []


def test_what_accumulates_sees_the_entries_of_its_other_bills():
    charge = {"code": "c", "of": "m", "every": "week", "resets": "month", "steps": [{"price": {"each": "1"}}]}
    document = read_terms({"currency": "EUR", "meters": {"m": {"unit": "x"}}, "charges": [charge]}).document
    weeks = [{"from": "2026-06-01", "to": "2026-06-08"}, {"from": "2026-06-08", "to": "2026-06-15"}]
    late = {"period": weeks[1], "usage": {"m": [{"value": "1", "at": "2026-06-03"}]}}
    assert notes(document, bills=[{"period": weeks[0]}, late]) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"facts": {"seats": "-1"}}, [("given_negative", "facts.seats")]),
        ({"options": {"room": "-2"}}, [("given_negative", "options.room")]),
        ({"packs": {"p": [{"left": "-1"}]}}, [("given_negative", "packs.p[0].left")]),
        (
            {"packs": {"p": [{"left": "1", "bought": "2026-06-02", "expires": "2026-06-01"}]}},
            [("given_pack_ends", "packs.p[0].expires")],
        ),
        ({"packs": {"p": [{"left": "1", "bought": "2026-06-01", "expires": "2026-06-02"}]}}, []),
    ],
)
def test_nobody_holds_less_than_nothing(given, expected):
    assert faults(**given) == expected


def rated(folder: Path, terms: str, facts: str | bytes, *flags: str) -> str:
    (folder / "prices.yaml").write_text(terms, "utf-8")
    raw = facts if isinstance(facts, bytes) else facts.encode()
    (folder / "facts.yaml").write_bytes(raw)
    out, err = StringIO(), StringIO()
    words = ["--catalogue", str(folder / "prices.yaml"), "--situation", str(folder / "facts.yaml")]
    try:
        call_command("rate", *words, *flags, stdout=out, stderr=err)
    except SystemExit:
        return err.getvalue()
    return out.getvalue()


def test_rate_prints_notes_in_both_languages_and_changes_no_amount(tmp_path):
    terms, facts = json.dumps(TREE), "usage: {calls: 5}\n"

    said = rated(tmp_path, terms, facts)

    assert "note: period: “base” is charged for every quarter, and the period of this bill is: month." in said
    assert "note: usage.calls: “calls” is priced by the time of day" in said
    assert said.endswith("total: 95 EUR\n")
    assert "说明：" in rated(tmp_path, terms, facts, "--language", "zh-Hans")
    tree = json.loads(rated(tmp_path, terms, facts, "--json"))
    assert [(one["code"], one["path"]) for one in tree["notes"]] == [
        ("note_period", "period"),
        ("note_band", "usage.calls"),
    ]


def test_a_fault_of_syntax_is_one_fault_in_our_own_words(tmp_path):
    said = rated(tmp_path, json.dumps(TREE), "usage: {calls: 5\n", "--language", "zh-Hans")
    assert said.count("\n") == 1
    assert "facts.yaml:2:1: " in said
    assert "expected" not in said
    (tmp_path / "case.yaml").write_text("id: a\nterms: [\n", "utf-8")
    err = StringIO()
    with pytest.raises(SystemExit):
        call_command("rate", "--catalogue", str(tmp_path / "case.yaml"), stderr=err)
    assert "situation" not in err.getvalue()


def test_faults_of_shape_and_of_meaning_in_both_files_are_one_answer(tmp_path):
    prices = """\
currency: EUR
meters: {m: {unit: messages, reduse: []}, n: {unit: GB}}
labels: {tier: a}
charges:
  - {code: a, of: mm, steps: [{price: {each: 1}}]}
  - {code: b, of: m, steps: [{price: {pick: tier, cases: {a: {each: 1, flatt: 2}}}}]}
  - {code: c, of: {plus: [m, n]}, steps: [{price: {each: 1}}]}
"""
    facts = """\
facts: {tier: a, seets: 5, seats: [1]}
usage: {m: [{value: x}, [1]], nn: 5}
zome: UTC
period: 2026-13
"""

    said = rated(tmp_path, prices, facts).splitlines()

    assert [line.rpartition("/")[2].partition(": ")[0] + " " + line.split(": ")[1] for line in said] == [
        "prices.yaml:2:30 meters.m.reduse",
        "prices.yaml:3:10 labels.tier",
        "prices.yaml:5:15 charges[0].of",
        "prices.yaml:6:72 charges[1].steps[0].price.cases.a.flatt",
        "prices.yaml:7:30 charges[2].of.plus[1]",
        "facts.yaml:1:18 facts.seets",
        "facts.yaml:1:28 facts.seats",
        "facts.yaml:2:13 usage.m[0]",
        "facts.yaml:2:25 usage.m[1]",
        "facts.yaml:2:31 usage.nn",
        "facts.yaml:3:1 zome",
        "facts.yaml:4:1 period",
    ]


def test_a_file_in_another_encoding_or_too_large_is_refused_with_a_sentence(tmp_path):
    with pytest.raises(CommandError, match=r"facts.yaml is not text in UTF-8: byte 4 \(0xE9\)"):
        rated(tmp_path, json.dumps(TREE), b"a: \xe9")
    with pytest.raises(CommandError, match="larger than 1 MB"):
        rated(tmp_path, json.dumps(TREE), "#" * (1024 * 1024 + 1))


def test_one_unreadable_bill_fails_alone(tmp_path):
    good = "terms: {currency: EUR, charges: [{code: a, steps: [{price: {flat: 1}}]}]}\nsituation: {}\n"
    (tmp_path / "a.yaml").write_text(f"id: a\n{good}expected: {{amount: 1, unit: EUR}}\n", "utf-8")
    (tmp_path / "b.yaml").write_bytes(b"id: \xff")
    out = StringIO()

    with pytest.raises(SystemExit):
        call_command("check_oracles", str(tmp_path), stdout=out, stderr=StringIO())

    assert "pass  a:" in out.getvalue()
    assert "b.yaml is not text in UTF-8: byte 5 (0xFF)" in out.getvalue()
