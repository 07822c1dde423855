"""Faults of shape hide no faults of meaning, and bring none that are not there."""

import copy
import random
from pathlib import Path
from typing import Any

import pytest

from billing.oracle import Case, case_problems
from plans.catalogue import Catalogue, CatalogueInvalid, read_catalogue
from plans.catalogue_check import problems
from plans.catalogue_yaml import parse_yaml
from plans.problems import TermsInvalid
from plans.problems_follow import independent
from plans.shape import mended
from plans.terms import read_terms

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = """\
meters:
  - {code: mau, names: {en: Users, zh-Hans: 用户}, kind: unique, unit: users}
  - {code: calls, names: {en: Calls, zh-Hans: 通话}, kind: tally, unit: calls}
modules:
  - code: audit
    names: {en: Audit, zh-Hans: ""}
    charges: [{code: audit_fee, steps: [{prise: {flat: 1}}]}]
    requires: [history]
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: one
        modules: [audit, translation]
        terms:
          currency: EUR
          labels: [region]
          round: {total: 0.01, lines: 1}
          charges:
            - {code: base, tags: plan, steps: [{price: {flat: 1, each: -5}}]}
            - code: users
              of: maus
              steps: [{price: {bands: [{upto: 10, each: 1, eech: 2}, {upto: 5, each: 1}]}}]
            - {code: calls, of: calls, steps: [{price: {pick: region, cases: {cn: {each: 1}}}}]}
            - {code: support, of: {spend: [plan, usage]}, steps: [{times: 0.05}]}
            - {code: seats, of: seats, name: {en: Seats, zh-Hans: ""}}
"""


def test_a_catalogue_with_faults_of_both_kinds_gets_exactly_those():
    with pytest.raises(CatalogueInvalid) as caught:
        read_catalogue(CATALOGUE)

    here = "plans[0].versions[0]"
    assert sorted((one.path, one.code) for one in caught.value.problems) == sorted([
        ("meters[1].kind", "not_a_choice"),
        ("modules[0].names.zh-Hans", "empty_text"),
        ("modules[0].charges[0].steps[0].prise", "unknown_field"),
        ("modules[0].requires[0]", "unknown_reference"),
        (f"{here}.number", "not_a_whole_number"),
        (f"{here}.modules[1]", "unknown_reference"),
        (f"{here}.terms.labels", "wrong_shape"),
        (f"{here}.terms.round.lines", "unknown_field"),
        (f"{here}.terms.charges[0].tags", "wrong_shape"),
        (f"{here}.terms.charges[0].steps[0].price.each", "negative_literal"),
        (f"{here}.terms.charges[1].of", "unknown_name"),
        (f"{here}.terms.charges[1].steps[0].price", "mode_missing"),
        (f"{here}.terms.charges[1].steps[0].price.bands[0].eech", "unknown_field"),
        (f"{here}.terms.charges[1].steps[0].price.bands[1]", "band_edge_falling"),
        (f"{here}.terms.charges[1].steps[0].price.bands[1]", "last_band_closed"),
        (f"{here}.terms.charges[4]", "not_money"),
        (f"{here}.terms.charges[4].name.zh-Hans", "empty_text"),
    ])  # fmt: skip
    assert all(
        one.line and one.sentence() and "\ue000" not in one.sentence() for one in caught.value.problems
    )


def test_faults_of_meaning_do_not_hide_each_other():
    with pytest.raises(TermsInvalid) as caught:
        read_terms({
            "currency": "XXY",
            "numbers": {"a": "b", "b": "a"},
            "charges": [
                {"code": "c", "of": "seats"},
                {"code": "d", "of": {"plus": ["fee", "seats"]}},
                {"code": "e", "of": "nn"},
            ],
        })  # fmt: skip

    assert [(one.path, one.code) for one in caught.value.problems] == [
        ("currency", "unknown_currency"),
        ("numbers.a", "name_cycle"),
        ("charges[2].of", "unknown_name"),
        ("charges[0]", "not_money"),
        ("charges[1].of.plus[1]", "unit_mismatch"),
    ]


def test_a_name_that_is_missing_in_a_language_is_told_once():
    name = {"en": "Base"}

    with pytest.raises(TermsInvalid) as caught:
        read_terms({"charges": [{"code": "b", "name": name, "steps": [{"price": {"flat": "1"}}]}]})

    assert [(one.path, one.code) for one in caught.value.problems] == [("charges[0].name", "missing_field")]


def test_a_fault_of_writing_hides_nothing_below_it():
    text = "charges:\n  - {code: a, code: b, of: nn, steps: [{price: {flat: 1}}]}\n"
    version = (
        f"plans: [{{code: p, names: {{en: P, zh-Hans: P}}, versions: [{{number: 1, terms: {{}}}}]}}]\n{text}"
    )

    with pytest.raises(CatalogueInvalid) as caught:
        read_catalogue(version)

    assert {one.code for one in caught.value.problems} == {"duplicate_key", "unknown_field"}


FILES: list[tuple[Path, Any, Any]] = [
    *((path, Catalogue, problems) for path in sorted(ROOT.glob("catalogues/*.yaml"))),
    *((path, Case, case_problems) for path in sorted(ROOT.glob("tests/oracles/*.yaml"))),
    *((path, Case, case_problems) for path in sorted(ROOT.glob("docs/examples/charges/*.yaml"))),
]


def places(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [one for key, child in pairs for one in ((*path, key), *places(child, (*path, key)))]


def hurt(tree: Any, chance: random.Random) -> None:
    """Change the shape of one part: another kind, a misspelt word, nothing at all."""
    *above, key = chance.choice(places(tree))
    for step in above:
        tree = tree[step]
    how = chance.choice(["kind", "word", "drop", "empty"])
    if how in ("word", "drop") and isinstance(tree, dict):
        rest = [(f"{name}x" if name == key else name, part) for name, part in tree.items()]
        tree.clear()
        tree.update(one for one in rest if how == "word" or one[0] != f"{key}x")
    else:
        tree[key] = "" if how == "empty" else ["xx"] if isinstance(tree[key], dict) else {"xx": "1"}


@pytest.mark.parametrize("seed", range(6))
def test_a_sound_file_hurt_in_one_place_has_no_other_fault(seed):
    chance = random.Random(seed)
    for _ in range(25):
        path, kind, check = chance.choice(FILES)
        tree = copy.deepcopy(parse_yaml(path.read_text("utf-8"))[0])
        hurt(tree, chance)
        shape: list[Any] = []
        value = mended(tree, kind, "", shape)
        if shape:
            assert list(independent(shape, tree, check(value))) == [], (path.name, shape)
