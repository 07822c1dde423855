"""Loading a catalogue: what is made, what a repeat does, what is refused, and where the file says so."""

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from plans.catalogue import read_catalogue
from plans.catalogue_yaml import dump_yaml
from plans.models import FeatureModule, Meter, Plan, PlanVersion, SlaTier
from plans.problems import TermsInvalid
from plans.selectors import stored_catalogue, terms_of
from plans.services import Change, apply_catalogue
from tests.factories import NOW, TESTER, house_catalogue, publish_house
from tests.plans.catalogue_sample import SAMPLE

pytestmark = pytest.mark.django_db
HOUSE = Path(__file__).resolve().parents[2] / "catalogues/house.yaml"
NAMED = (
    SAMPLE.replace("{code: moderation_fee, ", "{code: moderation_fee, name: {en: Fee, zh-Hans: 费}, ")
    .replace("{code: gold_fee, ", "{code: gold_fee, name: {en: Fee, zh-Hans: 费}, ")
    .replace("{code: business_fee, ", "{code: business_fee, name: {en: Fee, zh-Hans: 费}, ")
    .replace("{code: users, ", "{code: users, name: {en: Users, zh-Hans: 用户}, ")
    .replace("- code: annual\n", "- code: annual\n            name: {en: Discount, zh-Hans: 优惠}\n")
)


def load(text: str, *, dry_run: bool = False) -> list[Change]:
    return apply_catalogue(read_catalogue(text), dry_run=dry_run, at=NOW, by=TESTER)


def kinds(made: list[Change]) -> set[str]:
    return {change.kind for change in made}


def problems_of(text: str) -> list[tuple[str, str]]:
    with pytest.raises(TermsInvalid) as refused:
        load(text)
    return [(one.path, one.code) for one in refused.value.problems]


def test_loading_makes_every_object_and_publishes_dated_versions() -> None:
    made = load(NAMED)

    version = PlanVersion.objects.get()
    assert kinds(made) == {"create"}
    assert made[-1].code == "growth v1"
    assert (version.state, version.published_by) == ("published", TESTER.id)
    assert version.effective_at == datetime(2025, 12, 31, 16, tzinfo=UTC)
    assert terms_of(version).hash == version.terms_hash
    assert version.entitlements == {
        "plan": {"history_days": "7", "mau_included": "10000", "moderation": "false"},
        "module.moderation": {"moderation": "true", "history_days": "30"},
    }
    assert [one.code for one in version.modules.all()] == ["moderation"]
    assert [charge.code for charge in terms_of(version).document.charges] == [
        "base",
        "users",
        "moderation_fee",
        "gold_fee",
        "business_fee",
        "annual",
    ]


def test_loading_twice_changes_nothing() -> None:
    load(NAMED)
    before = PlanVersion.objects.values().get()

    assert kinds(load(NAMED)) == {"unchanged"}
    assert PlanVersion.objects.values().get() == before


def test_the_house_catalogue_loads_twice_and_comes_out_as_it_went_in() -> None:
    versions = publish_house()

    assert set(versions) == {"starter", "growth", "scale"}
    assert kinds(apply_catalogue(house_catalogue(), dry_run=False, at=NOW, by=TESTER)) == {"unchanged"}
    assert stored_catalogue() == house_catalogue()
    assert read_catalogue(dump_yaml(stored_catalogue())) == house_catalogue()


def test_a_dry_run_says_the_same_and_saves_nothing() -> None:
    said = load(NAMED, dry_run=True)

    assert not Plan.objects.exists()
    assert not Meter.objects.exists()
    assert said == load(NAMED)


def test_a_change_is_named_and_reaches_drafts_only() -> None:
    load(NAMED)
    dearer = NAMED.replace("{price: {flat: 20}}", "{price: {flat: 25}}")
    hash_before = PlanVersion.objects.get().terms_hash

    made = {f"{one.section} {one.code}": one for one in load(dearer)}

    changed = made["modules moderation"]
    assert changed.kind == "change"
    (difference,) = changed.differences
    assert (difference.path, difference.old, difference.new) == (
        "charges[moderation_fee].steps[0].price.flat",
        "20",
        "25",
    )
    assert made["versions growth v1"].kind == "unchanged"
    assert made["versions growth v1"].keeps_terms
    assert PlanVersion.objects.get().terms_hash == hash_before


def test_h1_published_terms_are_refused_a_change_and_a_new_number_takes_it() -> None:
    load(NAMED)
    cheaper = NAMED.replace("USD: {flat: 40}", "USD: {flat: 30}")

    assert problems_of(cheaper) == [("plans[0].versions[0]", "published_differs")]

    start = NAMED.index("      - number: 1")
    second = cheaper[start:].replace("number: 1", "number: 2").replace("2026-01-01", "2026-12-01")
    made = load(NAMED + second)
    assert [(one.code, one.kind) for one in made[-2:]] == [
        ("growth v1", "unchanged"),
        ("growth v2", "create"),
    ]
    assert PlanVersion.objects.filter(state="published").count() == 2


def test_a_published_date_is_refused_a_change() -> None:
    load(NAMED)

    moved = NAMED.replace("2026-01-01", "2026-02-01")

    assert problems_of(moved) == [("plans[0].versions[0].effective_at", "published_date")]


def test_a_version_without_a_date_stays_a_draft_until_it_has_one() -> None:
    undated = NAMED.replace("        effective_at: 2026-01-01T00:00:00+08:00\n", "")
    load(undated)
    assert PlanVersion.objects.get().state == "draft"
    assert kinds(load(undated)) == {"unchanged"}

    made = load(NAMED)

    assert made[-1].kind == "publish"
    assert PlanVersion.objects.get().state == "published"


def test_a_missing_translation_keeps_a_version_from_being_published_and_nothing_is_saved() -> None:
    found = problems_of(SAMPLE)

    assert ("plans[0].versions[0].terms.charges[1].name", "missing_translation") in found
    assert ("modules[0].charges[0].name", "missing_translation") in found
    assert ("plans[0].versions[0].closing[0].name", "missing_translation") in found
    assert not Plan.objects.exists()
    assert not FeatureModule.objects.exists()


def test_a_module_whose_requirement_is_not_offered_is_refused() -> None:
    audit = "  - {code: audit, names: {en: Audit, zh-Hans: 审计}}\n"
    text = NAMED.replace(
        "modules:\n  - code: moderation\n", f"modules:\n{audit}  - code: moderation\n    requires: [audit]\n"
    )

    assert problems_of(text) == [("plans[0].versions[0].modules", "requires_not_offered")]


def test_rules_are_written_kept_and_taken_back() -> None:
    house = HOUSE.read_text("utf-8")
    load(house)
    image = FeatureModule.objects.get(code="image_moderation")
    assert [str(rule) for rule in image.rules.all()] == ["image_moderation requires moderation"]
    pk = image.rules.get().pk

    load(house)
    assert image.rules.get().pk == pk

    load(house.replace("    requires: [moderation]\n", ""))
    assert not image.rules.exists()


def test_a_meter_in_published_terms_keeps_its_way_of_counting() -> None:
    load(NAMED)
    recount = NAMED.replace("kind: unique, unit: users", "kind: count, unit: users")

    assert problems_of(recount) == [("meters[0].kind", "meter_in_use")]
    assert kinds(load(NAMED.replace("en: Messages,", "en: Sent messages,"))) == {"unchanged", "change"}


def test_two_spellings_of_one_meaning_are_no_change() -> None:
    load(NAMED)
    spelt = NAMED.replace("target: 99.95", "target: 99.950").replace(
        "unit: messages, dim", "event_type: messages, unit: messages, dim"
    )

    assert kinds(load(spelt)) == {"unchanged"}
    assert str(SlaTier.objects.get().target) == "99.9500"


def command(path: Path, *flags: str) -> str:
    out = StringIO()
    call_command("load_catalogue", str(path), *flags, stdout=out)
    return out.getvalue()


def test_the_command_says_what_it_does_in_words(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(NAMED, "utf-8")

    assert "+ create    version growth v1, on sale from 2026-01-01 00:00+08:00" in command(file, "--dry-run")
    assert command(file).endswith("10 created.\n")
    file.write_text(NAMED.replace("{price: {flat: 20}}", "{price: {flat: 25}}"), "utf-8")
    said = command(file)
    assert ": the fixed price rises from 20 to 25 (+25 %)." in said
    assert "it keeps its terms" in said
    assert said.endswith("1 changed, 9 unchanged.\n")


def test_the_command_names_file_line_column_and_key(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(NAMED.replace("price: {each: 0.05}", "pric: {each: 0.05}"), "utf-8")

    with pytest.raises(CommandError) as refused:
        command(file)

    line = NAMED[: NAMED.index("price: {each: 0.05}")].count("\n") + 1
    assert f"bad.yaml:{line}:" in str(refused.value)
    assert "“pric” is not a word here" in str(refused.value)
    assert refused.value.returncode == 1


def test_the_command_finds_the_place_of_what_only_the_database_knows(tmp_path: Path) -> None:
    file = tmp_path / "dearer.yaml"
    load(NAMED)
    file.write_text(NAMED.replace("USD: {flat: 40}", "USD: {flat: 41}"), "utf-8")

    with pytest.raises(CommandError) as refused:
        command(file)

    line = NAMED[: NAMED.index("- number: 1")].count("\n") + 1
    assert f"dearer.yaml:{line}:9: plans[0].versions[0]: growth v1 is published" in str(refused.value)
    assert "as version 2" in str(refused.value)


def test_a_file_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        command(tmp_path / "nothing.yaml")


def test_the_export_is_the_file_that_load_reads(tmp_path: Path) -> None:
    load(NAMED)
    file = tmp_path / "out.yaml"

    call_command("export_catalogue", str(file))

    assert read_catalogue(file.read_text("utf-8")) == stored_catalogue()
    assert kinds(load(file.read_text("utf-8"))) == {"unchanged"}
