"""The catalogues that come with the product: they load, come back unchanged, and give their worked bills."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from plans.catalogue import read_catalogue
from plans.catalogue_check import terms_of
from plans.catalogue_yaml import dump_yaml
from plans.models import PlanVersion
from plans.selectors import stored_catalogue
from plans.services import apply_catalogue
from plans.terms_asked import asked_of
from tests.factories import NOW, TESTER

FOLDER = Path(__file__).resolve().parents[2] / "catalogues"
PATHS = sorted(FOLDER.glob("*.yaml"))
OWN = ("house", "offers")  # invented; the others are modelled on published structures
MODELLED = [path for path in PATHS if path.stem not in OWN]
BILLS = sorted((FOLDER / "examples").glob("*.yaml"))


def name(path: Path) -> str:
    return path.stem


def load(path: Path, *flags: str) -> str:
    out = StringIO()
    call_command("load_catalogue", str(path), *flags, stdout=out)
    return out.getvalue()


def test_all_seven_are_here_and_each_has_two_to_five_bills():
    assert [path.stem for path in PATHS] == [
        "dingtalk",
        "house",
        "lanying",
        "offers",
        "slack",
        "teams",
        "zoom",
    ]
    for path in (*MODELLED, FOLDER / "offers.yaml"):
        assert 2 <= len([bill for bill in BILLS if bill.stem.startswith(f"{path.stem}-")]) <= 5


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_a_catalogue_is_read_and_written_without_loss(path):
    catalogue = read_catalogue(path.read_text("utf-8"))

    assert read_catalogue(dump_yaml(catalogue)) == catalogue


@pytest.mark.parametrize("path", MODELLED, ids=name)
def test_a_modelled_catalogue_says_where_from_and_what_is_invented(path):
    head = path.read_text("utf-8").split("\n\n")[0] + path.read_text("utf-8").split("\nmeters:")[0]

    assert head.startswith("# Modelled on ")
    assert "20" in head.split("\n")[0] + head.split("\n")[1]  # the year of the source
    assert "nobody's price list" in head
    assert '"published" =' in head
    assert '"example" =' in head


@pytest.mark.parametrize("path", MODELLED, ids=name)
def test_a_modelled_catalogue_shows_the_whole_of_a_product(path):
    catalogue = read_catalogue(path.read_text("utf-8"))
    codes = {feature.code for feature in catalogue.features}

    assert len(catalogue.plans) >= 3
    assert catalogue.modules
    assert catalogue.sla_tiers
    assert catalogue.support_tiers
    for plan in catalogue.plans:
        for version in plan.versions:
            assert version.entitlements.keys() <= codes
            assert version.entitlements
            assert terms_of(catalogue, version).currencies


@pytest.mark.parametrize("path", BILLS, ids=name)
def test_a_worked_bill_of_a_catalogue_comes_out(path):
    prices = FOLDER / f"{path.stem.split('-')[0]}.yaml"
    assert "\nexpected: {" in path.read_text("utf-8")

    call_command("rate", "--catalogue", str(prices), "--situation", str(path), stdout=StringIO())


def test_more_seats_than_the_plan_is_sold_for_are_refused_at_their_place(tmp_path):
    (tmp_path / "many.yaml").write_text("plan: suite_premium\nfacts: {currency: EUR, seats: 301}\n", "utf-8")
    errors = StringIO()
    words = ["--catalogue", str(FOLDER / "teams.yaml"), "--situation", str(tmp_path / "many.yaml")]

    with pytest.raises(SystemExit):
        call_command("rate", *words, stdout=StringIO(), stderr=errors)

    assert "has no list price for 301. Ask for an offer." in errors.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("path", PATHS, ids=name)
def test_loading_again_changes_nothing_and_the_export_is_the_file(path, tmp_path):
    load(path)

    assert stored_catalogue() == read_catalogue(path.read_text("utf-8"))
    second = load(path, "--dry-run")
    assert not [line for line in second.splitlines() if line[:3].strip() in ("+", "~", "^")]
    call_command("export_catalogue", str(tmp_path / "out.yaml"))
    assert read_catalogue((tmp_path / "out.yaml").read_text("utf-8")) == read_catalogue(
        path.read_text("utf-8")
    )
    made = apply_catalogue(read_catalogue((tmp_path / "out.yaml").read_text("utf-8")), at=NOW, by=TESTER)
    assert {change.kind for change in made} == {"unchanged"}


@pytest.mark.django_db
def test_all_of_them_stand_side_by_side():
    for path in PATHS:
        load(path)
    for path in PATHS:
        again = load(path)
        assert " unchanged.\n" in again
        assert "created" not in again

    assert PlanVersion.objects.filter(state="published").count() == sum(
        version.effective_at is not None
        for path in PATHS
        for plan in read_catalogue(path.read_text("utf-8")).plans
        for version in plan.versions
    )


BROKEN = [
    ("zoom", "kind: gauge", "kind: gage", "meters[2].kind", "“gage” is not one of"),
    ("zoom", "type: switch}", "typ: switch}", "features[4].typ", "“typ” is not a word here"),
    ("zoom", "meter: meet_recording_gb", "meter: meet_rec", "features[3].meter", "There is no “meet_rec”"),
    ("zoom", "excludes: [meet_phone_committed]", "excludes: [x]", "modules[0].excludes[0]", "no “x” among"),
    ("zoom", "target: 99.9", "target: 999", "sla_tiers[0].target", "999 is outside 0 to 100."),
    ("zoom", "urgent: 240", "urgent: soon", "support_tiers[0].response_minutes.urgent", "not a whole number"),
    ("zoom", "meet_at_limit: stop", "meet_at_limit: halt",
     "plans[0].versions[0].entitlements.meet_at_limit", "does not suit the text feature"),
    ("zoom", "2024-01-01T00:00:00+00:00", "2024-01-01",
     "plans[0].versions[0].effective_at", "not a date and time with an offset"),
    ("zoom", "{upto: 1000, each: 0.05}, {each: 0.04}", "{upto: 1000, each: 0.05}, {upto: 900, each: 0.04}",
     "modules[2].charges[0].steps[0].price.bands[1]", "The last band needs no edge"),
    ("slack", "cases: {monthly: 0, annual: 1.50}", "cases: {monthly: 0}",
     "plans[1].versions[0].terms.charges[1].steps[1].price.each", "has no case for annual"),
    ("slack", "currency: USD", "currency: USX",
     "plans[0].versions[0].terms.currency", "not an ISO 4217 currency"),
    ("lanying", "of: cloud_ai_requests", "of: cloud_ai_request",
     "modules[2].charges[1].of", "Did you mean: cloud_ai_requests"),
    ("lanying", "tags: [module]", "tags: [module]\n        tags: [module]", "modules[0].charges[0].tags",
     "“tags” is written twice."),
    ("teams", "size: {times: [seats, 120]}", "size: {times: [seats, -120]}",
     "modules[1].pools.suite_plan_minutes.size.times[1]", "-120 is negative"),
    ("dingtalk", "zh-Hans: 强提醒}", "zh: 强提醒}", "modules[0].names", "“zh-Hans” is missing."),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("stem", "old", "new", "key", "said"), BROKEN)
def test_a_broken_file_names_line_column_and_key_and_saves_nothing(stem, old, new, key, said, tmp_path):
    text = (FOLDER / f"{stem}.yaml").read_text("utf-8")
    assert old in text
    broken = text.replace(old, new, 1)
    (tmp_path / "bad.yaml").write_text(broken, "utf-8")

    with pytest.raises(CommandError) as refused:
        load(tmp_path / "bad.yaml")

    found = [line for line in str(refused.value).splitlines() if key in line and said in line]
    assert found, str(refused.value)
    line, column = map(int, found[0].split("bad.yaml:")[1].split(":")[:2])
    near = text[: text.index(old)].count("\n") + 1
    assert abs(line - near) <= 2
    assert column > 1
    assert str(refused.value).endswith("Nothing was saved.")
    assert not PlanVersion.objects.exists()


@pytest.mark.parametrize("path", PATHS, ids=name)
def test_every_plan_and_choice_is_said_in_both_languages(path):
    catalogue = read_catalogue(path.read_text("utf-8"))

    for plan in catalogue.plans:
        assert plan.description is not None, plan.code
        for version in plan.versions:
            document = terms_of(catalogue, version).document
            for label, values in asked_of(document).labels.items():
                for key in (label, *(f"{label}.{value}" for value in values)):
                    assert set(document.wording.get(key, {})) == {"en", "zh-Hans"}, key
