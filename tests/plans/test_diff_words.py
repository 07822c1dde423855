"""Differences in words: what a reader of both versions would say, and nothing lost."""

import copy
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from plans.diff import differences, found_at
from plans.diff_words import Naming, Said, told
from plans.terms import read_terms, to_tree
from tests.factories import house_catalogue

NAMES = {
    "module.translation": {"en": "Translation", "zh-Hans": "消息翻译"},
    "sla.gold": {"en": "Gold", "zh-Hans": "金牌"},
    "feature.history_days": {"en": "History in days", "zh-Hans": "历史天数"},
    "feature.moderation": {"en": "Moderation", "zh-Hans": "内容审核"},
}
EN = Naming("en", NAMES)
ZH = Naming("zh-Hans", NAMES)


def users(*bands: dict[str, Any], **rest: Any) -> dict[str, Any]:
    steps = [{"price": {"mode": "graduated", "bands": list(bands)}}]
    name = {"en": "Active users", "zh-Hans": "活跃用户"}
    return {"code": "mau", "name": name, "of": "mau", "steps": steps, **rest}


def terms(*charges: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"terms": {"charges": list(charges), **rest}}


def sentences(old: Any, new: Any, naming: Naming = EN) -> list[str]:
    return [one.text for one in told(old, new, naming)]


UP_TO_500 = {"upto": "500", "each": "0.20"}
OPEN = {"each": "0.1"}
BASE = {
    "code": "base",
    "name": {"en": "Base fee", "zh-Hans": "基础费"},
    "steps": [{"price": {"pick": "currency", "cases": {"USD": {"flat": "40"}, "CNY": {"flat": "280"}}}}],
}
ANNUAL = {
    "code": "annual",
    "name": {"en": "Annual discount", "zh-Hans": "年付优惠"},
    "credit": "true",
    "of": {"spend": ["plan"]},
    "steps": [{"times": {"pick": "term", "cases": {"monthly": "0", "annual": "0.2"}}}],
}


def changed(tree: dict[str, Any], *path: Any) -> dict[str, Any]:
    """Return a copy with the value at the path (its last item) put in place."""
    *keys, last, value = path
    made = copy.deepcopy(tree)
    inner: Any = made
    for key in keys:
        inner = inner[key]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return made


CASES = [
    (
        terms(users(UP_TO_500, OPEN)),
        terms(users({**UP_TO_500, "each": "0.25"}, OPEN)),
        ["Active users, up to 500: the price for each rises from 0.20 to 0.25 (+25 %)."],
    ),
    (
        terms(users(UP_TO_500, OPEN)),
        terms(users(UP_TO_500, {"upto": "1000", "each": "0.15"}, OPEN)),
        ["Active users: a band up to 1,000 is new (0.15 for each)."],
    ),
    (
        terms(users(UP_TO_500, OPEN)),
        terms(users({**UP_TO_500, "upto": "800"}, OPEN)),
        ["Active users: the band up to 500 now goes up to 800."],
    ),
    (
        terms(users(UP_TO_500, OPEN)),
        terms(users(UP_TO_500, {"each": "0.05"})),
        ["Active users, above 500: the price for each falls from 0.10 to 0.05 (-50 %)."],
    ),
    (
        terms(BASE),
        terms(changed(BASE, "steps", 0, "price", "cases", "USD", {"flat": "50"})),
        ["Base fee, USD: the fixed price rises from 40 to 50 (+25 %)."],
    ),
    (
        terms(ANNUAL),
        terms(changed(ANNUAL, "steps", 0, "times", "cases", "annual", "0.15")),
        ["Annual discount falls from 20 % to 15 %."],
    ),
    (
        terms(BASE),
        terms(),
        ["Base fee is no longer charged."],
    ),
    (
        terms(),
        terms(BASE),
        ["Base fee is a new charge: USD 40, CNY 280."],
    ),
    (
        terms(users(UP_TO_500, OPEN)),
        terms({**users(UP_TO_500, OPEN), "steps": [{"included": "50"}, *users(UP_TO_500, OPEN)["steps"]]}),
        ["Active users: the quantity included is new: 50."],
    ),
    (
        {"entitlements": {"plan": {"history_days": "30", "moderation": "false"}}},
        {"entitlements": {"plan": {"history_days": "90", "moderation": "true"}}},
        ["History in days: 30 becomes 90.", "Moderation: no becomes yes."],
    ),
    (
        terms(
            BASE,
            {"code": "translation_fee", "held": ["module.translation"], "steps": [{"price": {"flat": "30"}}]},
            options=["module.translation"],
        ),
        terms(BASE, options=[]),
        ["Module Translation is no longer offered."],
    ),
    ({"sla_tiers": []}, {"sla_tiers": ["gold"]}, ["SLA tier Gold is offered now."]),
    ({}, {"sla_tiers": ["gold", "other"]}, ["SLA tiers offered now: Gold, other."]),
    ({"modules": ["translation"]}, {}, ["Modules no longer offered: Translation."]),
    (
        terms(),
        terms({"code": "vat", "of": {"spend": ["plan"]}, "steps": [{"times": "0.1"}]}),
        ["vat is a new charge: 10 % of the plan's fees."],
    ),
    (
        terms({"code": "x", "steps": [{"price": {"flat": "4"}}]}),
        terms({"code": "x", "steps": [{"price": {"flat": "4", "each": "2"}}]}),
        ["x: the price for each is new: 2."],
    ),
    (
        terms(BASE, ANNUAL),
        terms(ANNUAL, BASE),
        ["In the order of the charges, Base fee now comes after Annual discount."],
    ),
    (
        terms({"code": "a"}, {"code": "b"}, {"code": "c"}, options=["module.translation", "sla.gold"]),
        terms({"code": "c"}, {"code": "b"}, {"code": "a"}, options=["sla.gold", "module.translation"]),
        [
            "The order of the charges was a, b, c and becomes c, b, a.",
            "In the order of the options, Translation now comes after Gold.",
        ],
    ),
    (
        {"names": {"en": "Gold", "zh-Hans": "金"}, "requires": []},
        {"names": {"en": "Gold", "zh-Hans": "金牌"}, "requires": ["translation"]},
        ["The Chinese name: 金 becomes 金牌.", "It requires Translation now."],
    ),
    (
        {"something": {"nobody": "knew"}},
        {"something": {"nobody": "knows"}},
        ["“something”: “nobody” was knew and becomes knows."],
    ),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_a_difference_is_a_sentence(old: Any, new: Any, expected: list[str]) -> None:
    assert sentences(old, new) == expected


def test_a_step_is_told_by_its_place_where_its_word_stands_twice() -> None:
    old = terms({"code": "x", "steps": [{"times": "2"}, {"times": "3"}, {"price": {"each": "1"}}]})
    new = terms({"code": "x", "steps": [{"times": "2"}, {"times": "4"}, {"price": {"each": "1"}}]})

    assert sentences(old, new) == ["x, step 2: the factor rises from 3 to 4 (+33.3 %)."]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_the_sentences_are_written_in_chinese(old: Any, new: Any, expected: list[str]) -> None:
    with translation.override("zh-hans"):
        said = sentences(old, new, ZH)

    assert len(said) == len(expected)
    assert said != expected


def everything() -> list[Any]:
    """The composed terms of every house version."""
    from plans.catalogue import compose_version

    catalogue = house_catalogue()
    return [
        {"terms": to_tree(read_terms(compose_version(one, catalogue)).document), "entitlements": {"plan": {}}}
        for plan in catalogue.plans
        for one in plan.versions
    ]


HOUSE = everything()
LEAVES = st.sampled_from(["0", "0.5", "12", "true", "minor", "users", "", "1e3", "-4"])
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["code", "name", "times", "upto", "each"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def mutated(draw: Any, tree: Any, depth: int = 0) -> Any:
    """Change, drop or add something somewhere."""
    if not isinstance(tree, (dict, list)) or not tree or draw(st.integers(0, 9)) == 0:
        return draw(TREES)
    made = copy.copy(tree)
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    key = draw(st.sampled_from(keys))
    act = draw(st.sampled_from(["into", "into", "into", "drop", "add", "swap"]))
    if act == "drop":
        del made[key]
    elif act == "add" and isinstance(made, dict):
        made["added"] = draw(TREES)
    elif act == "add":
        made.insert(key, draw(TREES))
    elif act == "swap" and isinstance(made, list):
        made.reverse()
    else:
        made[key] = mutated(draw, made[key], depth + 1)
    return made


@st.composite
def pairs(draw: Any) -> tuple[Any, Any]:
    old = draw(st.sampled_from(HOUSE))
    new = old
    for _turn in range(draw(st.integers(1, 4))):
        new = mutated(draw, new)
    return old, new


def flat(said: list[Said]) -> list[int]:
    return sorted(id(one) for sentence in said for one in sentence.differences)


@given(pairs())
def test_every_difference_is_in_exactly_one_sentence(pair: tuple[Any, Any]) -> None:
    old, new = pair
    found = differences(old, new)

    for naming, language in ((EN, "en"), (ZH, "zh-hans")):
        with translation.override(language):
            said = told(old, new, naming, found)

        assert flat(said) == sorted(map(id, found))
        assert all(one.text.strip() and one.text[-1] in ".。" for one in said)


@given(pairs())
def test_the_keys_of_a_difference_lead_to_it(pair: tuple[Any, Any]) -> None:
    old, new = pair

    for one in differences(old, new):
        if one.kind in ("added", "changed"):
            assert found_at(new, one.keys) is not None
        if one.kind in ("removed", "changed"):
            assert found_at(old, one.keys) is not None


@given(st.sampled_from(HOUSE), st.sampled_from(HOUSE))
def test_equal_documents_have_nothing_to_say(old: Any, new: Any) -> None:
    assert (told(old, new, EN) == []) == (old == new)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("moves_existing", "nobody", "nobody comes along"),
        ("moves_existing", "at_renewal", "at their next renewal"),
        ("early_exit", "keep", "nothing"),
        ("early_exit", "claw_back", "monthly price"),
    ],
)
def test_a_choice_about_subscribers_is_words(field: str, value: str, said: str) -> None:
    (sentence,) = sentences(terms(), {**terms(), field: value})

    assert said in sentence
    assert field not in sentence
    assert f": {value}." not in sentence
