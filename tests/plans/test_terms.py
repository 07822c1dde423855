# ruff: noqa: E501 — one fault a row reads best
"""Every fault of a terms document has its own code and path; equal terms have equal bytes."""

import json
from decimal import Decimal

import pytest

from plans.problems import TEXTS, TermsInvalid
from plans.shape import build
from plans.terms import Document, json_schema, read_terms
from plans.terms_compose import Part, compose
from plans.terms_timing import timings

P = "charges[0].steps[0].price"
BASE = {"code": "base", "tags": ["plan"], "steps": [{"price": {"flat": "1"}}]}


def faults(tree) -> list[tuple[str, str]]:
    try:
        read_terms(tree)
    except TermsInvalid as error:
        sentences = [one.sentence() for one in error.problems]
        return [] if "" in sentences else [(one.code, one.path) for one in error.problems]
    return []


def charge(*steps, of="1", **more) -> dict:
    return {"charges": [{"code": "c", "of": of, "steps": list(steps), **more}]}


def price(**tariff) -> dict:
    return charge({"price": tariff})


def number(value) -> dict:
    """A document whose only question is this number."""
    return charge({"price": {"each": "1"}}, of=value) | {
        "meters": {"m": {"unit": "x"}},
        "labels": {"l": ["a", "b"], "free": []},
    }


@pytest.mark.parametrize(
    ("tree", "code", "path"),
    [
        (number("-1"), "negative_literal", "charges[0].of"),
        (number("1e5"), "bad_number", "charges[0].of"),
        (number("1.0000000000001"), "bad_number", "charges[0].of"),
        (number("1_000"), "bad_number", "charges[0].of"),
        (number("mm"), "unknown_name", "charges[0].of"),
        (number("two words"), "bad_name", "charges[0].of"),
        (number({"plus": ["m"]}), "too_few_operands", "charges[0].of.plus"),
        (number({"plus": ["m", "1"], "times": ["m", "1"]}), "one_word_only", "charges[0].of"),
        (number({}), "one_word_only", "charges[0].of"),
        (number({"pick": "l", "cases": {"a": "m", "b": "m"}, "steps": []}), "mixed_forms", "charges[0].of.steps"),
        (number({"over": ["m", "0.0"]}), "zero_divisor", "charges[0].of.over[1]"),
        (number({"pick": "l", "cases": {"a": "1"}}), "missing_case", "charges[0].of"),
        (number({"pick": "l", "cases": {"a": "1", "b": "1", "c": "1"}}), "unknown_case", "charges[0].of.cases.c"),
        (number({"pick": "k", "cases": {"a": "1"}, "else": "1"}), "unknown_label", "charges[0].of.pick"),
        (number({"pick": "free", "cases": {"a": "1"}}), "else_needed", "charges[0].of"),
        (number({"cases": {"a": "1"}, "of": "m"}), "missing_field", "charges[0].of"),
        (charge({"over": "0"}, {"price": {"each": "1"}}), "zero_divisor", "charges[0].steps[0].over"),
        (charge({"price": {"flat": "1"}, "times": "2"}), "one_word_only", "charges[0].steps[0]"),
        (charge({"price": {"flat": "1"}}, {"round": "0"}), "zero_multiple", "charges[0].steps[1].round"),
        (charge({"price": {"flat": "1"}}, {"round": {"to": "minor"}}), "currency_needed", "charges[0].steps[1].round"),
        (charge({"price": {"flat": "1"}}, {"round": {"to": "1", "mode": "up"}}), "not_a_choice", "charges[0].steps[1].round.mode"),
        (charge({"draw": {"pool": "p"}}, {"price": {"each": "1"}}), "unknown_pool", "charges[0].steps[0].draw.pool"),
        (price(bands=[{"upto": "5", "each": "1"}, {"each": "2"}]), "mode_missing", P),
        (price(mode="volume", each="1"), "mode_without_bands", P + ".mode"),
        (price(mode="volume", bands=[]), "bands_empty", P + ".bands"),
        (price(), "tariff_empty", P),
        (price(each="1", per="0"), "zero_divisor", P + ".per"),
        (price(each="1", partial="ceil"), "partial_without_per", P + ".partial"),
        (price(mode="graduated", by="3", bands=[{"each": "1"}]), "by_with_graduated", P + ".by"),
        (price(mode="volume", bands=[{"upto": "5", "each": "1"}, {"upto": "5", "each": "1"}, {"each": "1"}]),
         "band_edge_falling", P + ".bands[1]"),
        (price(mode="volume", bands=[{"upto": "5", "each": "1"}]), "last_band_closed", P + ".bands[0]"),
        (price(mode="volume", bands=[{"each": "1"}, {"each": "1"}]), "band_edge_missing", P + ".bands[0]"),
        (price(mode="volume", bands=[{"upto": "1", "below": "2", "each": "1"}, {"each": "1"}]),
         "band_edge_double", P + ".bands[0]"),
        (price(mode="volume", bands=[{"upto": "1", "each": "1"}, {"ask": "true", "each": "1"}]),
         "ask_with_price", P + ".bands[1]"),
        (price(pick="currency", cases={"EUR": {"flat": "1"}}) | {"currency": ["EUR", "USD"]}, "missing_case", P),
        (price(pick="term", cases={}, **{"else": {"flat": "1"}}, flat="1"), "mixed_forms", P),
        ({"currency": "EURO"}, "unknown_currency", "currency"),
        ({"currency": ["EUR", "XXX"]}, "unknown_currency", "currency[1]"),
        ({"numbers": {"a": "b", "b": {"plus": ["a", "1"]}}}, "name_cycle", "numbers.a"),
        ({"numbers": {"a": "1"}, "facts": {"a": "x"}}, "duplicate_name", "facts.a"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "max"}, {"take": "sum"}]}}}, "stage_per_missing", "meters.m.reduce[0]"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "max", "per": ["app"]}]}}}, "stage_per_last", "meters.m.reduce[0]"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "percentile"}]}}}, "stage_n_missing", "meters.m.reduce[0]"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "percentile", "n": "101"}]}}}, "out_of_range", "meters.m.reduce[0].n"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "nth_highest", "n": "0"}]}}}, "zero_rank", "meters.m.reduce[0].n"),
        ({"meters": {"m": {"unit": "x", "reduce": [{"take": "sum", "n": "2"}]}}}, "stage_n_unused", "meters.m.reduce[0]"),
        ({"charges": [BASE, BASE]}, "duplicate_code", "charges[1].code"),
        ({"charges": [BASE | {"held": ["module.x"]}]}, "unknown_option", "charges[0].held[0]"),
        ({"charges": [BASE | {"name": {"en": "Base"}}]}, "missing_field", "charges[0].name"),
        ({"charges": [BASE, {"code": "s", "of": {"spend": ["usage"]}}]}, "unknown_spend", "charges[1].of.spend"),
        ({"charges": [{"code": "s", "of": {"spend": ["plan"]}}, BASE]}, "spend_below", "charges[0].of.spend"),
        ({"charges": [BASE, {"code": "s", "of": {"spend": ["s"]}}]}, "spend_below", "charges[1].of.spend"),
        (charge({"price": {"flat": "1"}}, every="week", quoted="month"), "quoted_mismatch", "charges[0].quoted"),
        (charge({"price": {"flat": "1"}}, every="term", quoted="quarter"), "quoted_mismatch", "charges[0].quoted"),
        ({"charges": [{"code": "c", "of": "40"}]}, "not_money", "charges[0]"),
        ({"charges": [{"code": "c", "of": "seats"}]}, "not_money", "charges[0]"),
        ({"charges": [{"code": "c", "of": {"plus": ["fee", "seats"]}}]}, "unit_mismatch", "charges[0].of.plus[1]"),
        ({"charges": [{"code": "c", "of": "seats", "steps": [{"price": {"each": "1"}}, {"at_least": "seats"}]}]},
         "unit_mismatch", "charges[0].steps[1]"),
        (charge({"price": {"flat": "1"}}, {"prorate": {"by": "day"}}, resets="month"), "resets_word", "charges[0].steps[1].prorate"),
        (charge({"draw": {"pool": "p"}}, {"price": {"each": "1"}}, resets="month") | {"pools": {"p": {}}},
         "resets_word", "charges[0].steps[0].draw"),
        ({"meters": {"m": {"unit": "x", "steps": [{"draw": {"pool": "p"}}]}}, "pools": {"p": {}}}, "meter_draws", "meters.m.steps[0].draw"),
        ({"charge": []}, "unknown_field", "charge"),
        ({"charges": {}}, "wrong_shape", "charges"),
        ({"charges": [{"steps": [{"price": {"flat": "1"}}]}]}, "missing_field", "charges[0]"),
        (charge({"price": {"flat": "1"}}, credit="yes"), "not_a_choice", "charges[0].credit"),
        (charge({"price": {"flat": 1.5}}), "wrong_shape", P + ".flat"),
        (charge({"price": {"flat": None}}), "wrong_shape", P + ".flat"),
        ([], "wrong_shape", ""),
    ],
)  # fmt: skip
def test_one_fault_gives_one_problem_with_its_path(tree, code, path):
    assert faults(tree) == [(code, path)]


def test_faults_do_not_hide_each_other():
    found = faults(
        {
            "charges": [{"code": "a b", "of": "x"}, {"code": "c", "of": "-2", "steps": [{"price": {}}]}],
            "currency": "E",
        }
    )

    assert {code for code, _ in found} == {
        "bad_name",
        "unknown_name",
        "negative_literal",
        "tariff_empty",
        "unknown_currency",
    }


@pytest.mark.parametrize(
    "tree",
    [
        {"charges": [{"code": "c", "of": "500", "steps": [{"included": {"spend": ["usage"]}}]}], "tags": ["usage"]},
        {"charges": [{"code": "c", "of": "fee"}]},
        {"figures": [{"code": "quota", "of": {"times": ["25", "3"]}}]},
        {"meters": {"m": {"unit": "x", "each": {"times": ["value", {"plus": ["1", "subscribers"]}]}}}},
        {"charges": [{"code": "c", "split": "app", "steps": [
            {"price": {"pick": "app", "cases": {"a": {"flat": "1"}}, "else": {"flat": "2"}}}]}]},
        {"charges": [{"code": "c", "steps": [{"price": {"mode": "volume", "by": "seats", "bands": [
            {"below": "100", "each": "1"}, {"upto": "100", "each": "2"}, {"ask": "true"}]}}]}]},
    ],
)  # fmt: skip
def test_what_the_grammar_can_say_is_accepted(tree):
    assert faults(tree) == []


def test_yaml_text_json_numbers_and_stored_json_give_the_same_bytes():
    from_yaml = read_terms({"charges": [{**BASE, "credit": "true", "steps": [{"price": {"flat": "0.05"}}]}]})
    from_json = read_terms(
        '{"charges": [{"steps": [{"price": {"flat": 0.05}}], "credit": true, "tags": ["plan"], "code": "base"}]}'
    )

    assert from_yaml.hash == from_json.hash
    assert read_terms(from_yaml.canonical) == from_yaml
    assert read_terms(json.loads(from_yaml.canonical)).canonical == from_yaml.canonical
    assert len(from_yaml.hash) == 64


def test_a_decimal_keeps_its_digits_and_never_becomes_an_exponent():
    found = []

    assert build({"a": Decimal("1E-7")}, dict[str, str], "", found) == {"a": "0.0000001"}
    assert found == []


def test_the_json_schema_names_every_word():
    text = json.dumps(json_schema())

    assert all(
        f'"{word}"' in text
        for word in ("at_least", "included", "draw", "prorate", "graduated", "else", "held")
    )


def test_parts_come_between_the_plan_and_its_closing_charges():
    part = Part(
        "module.x", {"charges": [{"code": "x", "of": "messages"}], "numbers": {"n": "1"}, "tags": ["module"]}
    )
    tree = compose(
        {"charges": [BASE]}, [part], [{"code": "tax"}], {"messages": {"unit": "m"}, "mau": {"unit": "u"}}
    )

    assert [one["code"] for one in tree["charges"]] == ["base", "x", "tax"]
    assert tree["charges"][1]["held"] == ["module.x"]
    assert (tree["options"], tree["tags"], tree["numbers"]) == (["module.x"], ["module"], {"n": "1"})
    assert tree["meters"] == {"messages": {"unit": "m"}}
    assert "figures" not in tree


def test_parts_that_mean_different_things_by_one_name_are_refused():
    parts = [Part("module.x", {"numbers": {"n": "1"}}), Part("module.y", {"numbers": {"n": "2"}})]

    with pytest.raises(TermsInvalid):
        compose({}, parts, [])


def test_due_rules_have_defaults_from_what_a_charge_depends_on():
    terms = read_terms({
        "meters": {"m": {"unit": "x"}, "dau": {"unit": "x", "reduce": [{"take": "max"}]}},
        "numbers": {"half": {"times": ["dau", "0.5"]}},
        "charges": [
            BASE,
            {"code": "use", "tags": ["usage"], "of": "m", "steps": [{"price": {"each": "1"}}]},
            {"code": "peak", "of": "half", "steps": [{"price": {"each": "1"}}]},
            {"code": "discount", "of": {"spend": ["plan"]}},
            {"code": "support", "of": {"spend": ["plan", "usage"]}},
            {"code": "fee", "of": {"spend": ["use"]}},
            {"code": "setup", "every": "year", "quoted": "month", "steps": [{"price": {"flat": "1"}}]},
        ],
    })  # fmt: skip

    rules = timings(terms.document)

    assert {code: (rule.when, rule.every, rule.on_change) for code, rule in rules.items()} == {
        "base": ("advance", "term", "split"), "use": ("arrears", "month", "split"),
        "peak": ("arrears", "month", "carry"), "discount": ("advance", "term", "split"),
        "support": ("any", "invoice", "split"), "fee": ("arrears", "month", "split"),
        "setup": ("advance", "year", "split"),
    }  # fmt: skip
    assert [rules["base"].factor(term) for term in ("monthly", "annual")] == [1, 12]
    assert [rules["discount"].factor(term) for term in ("monthly", "annual")] == [1, 1]
    assert rules["setup"].factor("monthly") == 12
    assert rules["use"].factor("annual") == 1


def test_every_problem_code_has_a_sentence():
    assert all(isinstance(text, str) and text.endswith((".", "?", "%(reason)s")) for text in TEXTS.values())


def test_the_document_type_is_what_is_read():
    assert isinstance(read_terms({"charges": [BASE]}).document, Document)


@pytest.mark.parametrize(
    ("of", "code"),
    [
        ("base", "name_is_charge"),
        ("plan", "name_is_charge"),
        ("edition", "name_is_label"),
        ("x", "unknown_name"),
    ],
)
def test_a_name_that_is_no_number_is_told_how_it_is_referred_to(of, code):
    tree = {
        "currency": "EUR",
        "labels": {"edition": ["team"]},
        "charges": [
            {"code": "base", "tags": ["plan"], "steps": [{"price": {"flat": "1"}}]},
            {"code": "tax", "of": of, "steps": [{"times": "0.1"}, {"price": {"each": "1"}}]},
        ],
    }

    with pytest.raises(TermsInvalid) as caught:
        read_terms(tree)

    assert [(one.code, one.path) for one in caught.value.problems] == [(code, "charges[1].of")]


def test_a_wrong_shape_says_which_words_belong_there():
    steps = [{"price": {"flat": "1"}}, {"draw": "pack"}, {"round": ["1"]}]

    with pytest.raises(TermsInvalid) as caught:
        read_terms({"charges": [{"code": "base", "steps": steps}]})

    assert [one.sentence() for one in caught.value.problems] == [
        "A mapping {pool, weight} belongs here, not a text.",
        "A text or mapping {to, mode} belongs here, not a list.",
    ]


def test_a_default_that_is_written_out_is_the_same_document():
    said = b'{"currency":"EUR","pools":{"p":{"size":"1","order":"first_expiring"}},"round":"none"}'

    assert read_terms(said).hash == read_terms({"currency": "EUR", "pools": {"p": {"size": "1"}}}).hash
