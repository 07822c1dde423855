"""A catalogue is read strictly, says every fault with its place, and comes back out unchanged."""

import pytest

from plans.catalogue import Catalogue, CatalogueInvalid, compose_version, faults, read_catalogue
from plans.catalogue_check import terms_of
from plans.catalogue_yaml import dump_yaml, parse_yaml, read_yaml
from plans.terms import Document
from tests.plans.catalogue_sample import SAMPLE

V = "plans[0].versions[0]"


def refused(text: str) -> list[tuple[str, str, int]]:
    with pytest.raises(CatalogueInvalid) as caught:
        read_catalogue(text)
    return [(one.code, one.path, one.line) for one in caught.value.problems]


def changed(old: str, new: str) -> list[tuple[str, str, int]]:
    assert old in SAMPLE
    return refused(SAMPLE.replace(old, new))


def line_of(text: str) -> int:
    return SAMPLE[: SAMPLE.index(text)].count("\n") + 1


def test_the_sample_is_read_and_written_back_without_loss():
    catalogue = read_catalogue(SAMPLE)

    written = dump_yaml(catalogue)

    assert read_catalogue(written) == catalogue
    assert dump_yaml(read_catalogue(written)) == written
    assert "flat: 40" in written
    assert "成长版" in written


def test_a_version_is_composed_from_its_plan_its_parts_and_its_closing_charges():
    catalogue = read_catalogue(SAMPLE)
    version = catalogue.plans[0].versions[0]

    terms = terms_of(catalogue, version)
    document = terms.document

    assert [charge.code for charge in document.charges] == [
        "base", "users", "moderation_fee", "gold_fee", "business_fee", "annual",
    ]  # fmt: skip
    assert [charge.held for charge in document.charges][2:5] == [
        ["module.moderation"], ["sla.gold"], ["support.business"],
    ]  # fmt: skip
    assert [(figure.code, figure.held) for figure in document.figures] == [("sla.gold", ["sla.gold"])]
    assert list(document.meters) == ["mau"]
    assert document.options == ["module.moderation", "sla.gold", "support.business"]
    assert compose_version(version, catalogue) == compose_version(
        version, read_catalogue(dump_yaml(catalogue))
    )


@pytest.mark.parametrize("text", ["22:00", "no", "0.0015", "0x10", "1_000", "~", "2026-01-01", "null", "010"])
def test_a_scalar_stays_the_text_that_was_written(text):
    tree, _, problems = parse_yaml(f"a: {text}\nb: ['{text}']\n")

    assert (tree, problems) == ({"a": text, "b": [text]}, [])


@pytest.mark.parametrize(
    ("text", "code", "line", "column"),
    [
        ("a: 1\nb:\n  c: 1\n  c: 2\n", "duplicate_key", 4, 3),
        ("a: &x 1\n", "anchor_or_alias", 1, 4),
        ("a: 1\nb: *a\n", "anchor_or_alias", 2, 4),
        ("a: !!int 1\n", "tag_not_allowed", 1, 4),
        ("a: !x 1\n", "tag_not_allowed", 1, 4),
        ("a:\nb: 1\n", "empty_value", 1, 3),
        ("a: [1\n", "yaml_open_list", 2, 1),
        ("a: 1\n---\nb: 1\n", "many_documents", 2, 1),
        ("? [a]\n: 1\n", "yaml_key", 1, 3),
        ("[" * 100, "too_deep", 1, 62),
        ("a: \x00", "text_control", 1, 1),
    ],
)
def test_what_yaml_could_hide_is_refused_with_its_place(text, code, line, column):
    _, _, problems = parse_yaml(text)

    assert [(one.code, one.line, one.column) for one in problems] == [(code, line, column)]


def test_every_fault_of_a_file_is_listed_at_once_with_line_and_key():
    found = changed("kind: count, unit: messages", "kind: amount, units: messages")

    assert found == [
        ("unknown_field", "meters[1].units", 3),
        ("missing_field", "meters[1]", 3),
        ("not_a_choice", "meters[1].kind", 3),
    ]


@pytest.mark.parametrize(
    ("old", "new", "code", "path", "near"),
    [
        ("{en: Gold, zh-Hans: 金牌}", "{en: Gold}", "missing_field", "sla_tiers[0].names", "{en: Gold"),
        ("code: gold\n", "code: go ld\n", "bad_name", "sla_tiers[0].code", "code: gold\n"),
        (
            "modules: [moderation]",
            "modules: [nothing]",
            "unknown_reference",
            V + ".modules[0]",
            "modules: [mod",
        ),
        ("target: 99.95", "target: 100.1", "out_of_range", "sla_tiers[0].target", "target"),
        (
            "history_days: 7",
            "history_days: many",
            "value_type",
            V + ".entitlements.history_days",
            "history_days: 7",
        ),
        ("2026-01-01T00:00:00+08:00", "2026-01-01", "not_an_instant", V + ".effective_at", "effective_at"),
        (
            "type: allowance, meter: mau",
            "type: allowance",
            "missing_field",
            "features[1]",
            "mau_included, names",
        ),
        ("code: messages", "code: mau", "duplicate_code", "meters[0].code", "code: mau"),
        (
            "moderation: true",
            "moderation: perhaps",
            "value_type",
            "modules[0].features.moderation",
            "moderation: true",
        ),
    ],
)
def test_one_fault_one_message_at_its_line(old, new, code, path, near):
    found = changed(old, new)

    assert (code, path, line_of(near)) in found


def test_a_fault_in_a_modules_charge_is_shown_where_the_module_was_written():
    found = changed("code: moderation_fee", "code: base")

    assert ("duplicate_code", "modules[0].charges[0].code", line_of("code: moderation_fee")) in found


def test_faults_are_readable_lines():
    with pytest.raises(CatalogueInvalid) as caught:
        read_catalogue(SAMPLE.replace("rank: 20", "rang: 20"))

    text = faults(caught.value.problems)

    assert text.startswith(f"{line_of('rank')}:5: plans[0].rang: “rang” is not a word here.")


def test_a_part_of_a_catalogue_can_be_read_alone():
    document, problems, _ = read_yaml("charges:\n  - {code: a, steps: [{price: {flat: 1}}]}\n", Document)
    nothing, faulty, _ = read_yaml("charges:\n  - {cod: a}\n", Document)
    empty, none, _ = read_yaml("", Catalogue)

    assert (document.charges[0].code, problems) == ("a", [])
    assert (nothing, [(one.code, one.line, one.column) for one in faulty]) == (
        None, [("unknown_field", 2, 6), ("missing_field", 2, 5)],
    )  # fmt: skip
    assert (empty, none) == (Catalogue(), [])
