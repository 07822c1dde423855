"""The forms of a plan's terms, on the server's side: nothing is lost, every fault has its place."""

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.admin import site
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from plans.admin.form_field import read_posted
from plans.admin.form_hints import SHAPES
from plans.admin.form_view import form_schema
from plans.admin.source import CatalogueText, PartDocument, PartForm, VersionText, in_order
from plans.catalogue import Version, read_catalogue
from plans.form_schema import described
from plans.models import FeatureModule, Plan, PlanVersion, SlaTier
from plans.selectors_catalogue import SOURCE_FIELDS
from plans.services import new_draft, save_source
from plans.shape import Strict
from plans.terms import Document, canonical_json, to_tree
from tests.admin.conftest import opened, shown
from tests.admin.test_versions import SOURCE
from tests.factories import TESTER, make_user, publish_house

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.django_db


def draft(source: dict[str, Any] | None = None) -> PlanVersion:
    plan = Plan.objects.create(code="growth", name_en="Growth", name_zh="成长版")
    return save_source(new_draft(plan, by=TESTER), source=source or SOURCE, by=TESTER)


def change(version: PlanVersion) -> str:
    return reverse("admin:plans_planversion_change", args=[version.pk])


def drawn(page: str, name: str = "source") -> dict[str, Any]:
    """Return what the page hands to the script."""
    found = re.search(rf'<script id="editor-{name}" type="application/json">(.*?)</script>', page, re.S)
    assert found
    schema: dict[str, Any] = json.loads(found[1])
    return schema


def send(client: Client, version: PlanVersion, tree: Any, *, as_text: bool = False) -> Any:
    url = change(version)
    body = {
        **opened(client, url),
        "source": yaml.safe_dump(tree) if as_text else "",
        "source-document": "" if as_text else json.dumps(tree),
        "comment": "",
        "_continue": "1",
    }
    return client.post(url, body)


def catalogue_sources() -> list[Any]:
    return [
        pytest.param(
            {key: part for key, part in to_tree(version).items() if key in SOURCE_FIELDS},
            id=f"{path.stem}-{plan.code}-{version.number}",
        )
        for path in sorted((ROOT / "catalogues").glob("*.yaml"))
        for plan in read_catalogue(path.read_text("utf-8")).plans
        for version in plan.versions
    ]


def oracle_sources() -> list[Any]:
    loader = yaml.BaseLoader  # scalars stay text
    files = sorted((ROOT / "tests/oracles").glob("*.yaml"))
    return [
        pytest.param({"terms": yaml.load(path.read_text("utf-8"), loader)["terms"]}, id=path.stem)
        for path in files
    ]


@pytest.mark.parametrize("source", catalogue_sources())
def test_a_form_sent_back_unchanged_changes_nothing(staff: Client, source: dict[str, Any]) -> None:
    version = draft(source)

    answer = send(staff, version, drawn(shown(staff, change(version)))["tree"])

    after = PlanVersion.objects.get(pk=version.pk).source
    assert answer.status_code == 302
    assert canonical_json(after) == canonical_json(version.source)


@pytest.mark.parametrize("source", oracle_sources())
def test_every_worked_bill_goes_through_the_form_and_back(source: dict[str, Any]) -> None:
    field = VersionText(Version)
    problems: list[Any] = []
    canonical = field.typed(source, problems)
    assert problems == []

    field.prepare_value(canonical)  # what the page draws
    posted = read_posted(json.dumps(field.shown_widget.tree))

    assert json.dumps(field.clean(posted)) == json.dumps(canonical)


def test_faults_of_shape_are_all_shown_at_their_fields_and_nothing_is_lost(staff: Client) -> None:
    version = draft()
    tree = {"terms": {"currency": "USD", "charges": [{"code": "", "steps": [{"prise": "1"}]}, {"of": "mau"}]}}

    page = send(staff, version, tree).content.decode()

    schema = drawn(page)
    version.refresh_from_db()
    assert [one["path"] for one in schema["problems"]] == [
        "terms.charges[0].code",
        "terms.charges[0].steps[0].prise",
        "terms.charges[1].code",
        "terms.charges[1].of",
        "terms.charges[0].name",
        "terms.charges[0].name",
        "terms.charges[1].name",
        "terms.charges[1].name",
    ]
    assert schema["tree"] == tree
    assert "Not saved: 8 faults are listed above the form" in page
    assert version.source == SOURCE


def test_an_empty_text_hides_no_fault_of_meaning(staff: Client) -> None:
    version = draft()
    name = {"en": "Base", "zh-Hans": ""}
    charges = [
        {"code": "base", "name": name, "steps": [{"price": {"flat": "-1"}}]},
        {"code": "x", "of": "seets"},
    ]
    tree = {"terms": {"currency": "USD", "charges": charges}, "modules": ["no-such"]}

    schema = drawn(send(staff, version, tree).content.decode())
    text = send(staff, version, tree, as_text=True).content.decode()

    expected = [
        "modules[0]",
        "terms.charges[0].name.zh-Hans",
        "terms.charges[0].steps[0].price.flat",
        "terms.charges[1].name",
        "terms.charges[1].of",
    ]
    assert sorted({one["path"] for one in schema["problems"]}) == expected
    assert all(path in text for path in expected)


def test_a_fault_of_meaning_is_saved_and_named_with_its_path(staff: Client) -> None:
    version = draft()
    bands = [{"upto": "100", "each": "1"}, {"upto": "50", "each": "2"}, {"each": "3"}]
    steps = [{"price": {"mode": "graduated", "bands": bands}}]
    tree = {"terms": {"currency": "USD", "charges": [{"code": "a", "of": "seats", "steps": steps}]}}

    assert send(staff, version, tree).status_code == 302

    (problem, *_rest) = drawn(shown(staff, change(version)))["problems"]
    assert problem["path"].startswith("terms.charges[0].steps[0].price.bands[1]")
    assert "not above the one before it" in problem["text"]


def test_a_published_version_is_read_in_its_forms_and_not_changed(staff: Client) -> None:
    version = publish_house()["growth"]

    page = shown(staff, change(version))

    assert 'data-editor="read"' in page
    assert send(staff, version, {"terms": {"currency": "USD", "charges": []}}).status_code in (302, 403)
    version.refresh_from_db()
    assert version.terms["charges"]


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 5000,
        "null",
        '"text"',
        '{"terms": {"name": "\\u0000"}}',
        '{"terms": {"name": "\\ud800"}}',
        "NaN",
        "1e999",
        '{"terms": ' * 80 + "{}" + "}" * 80,
    ],
)
def test_nonsense_is_refused_and_nothing_is_saved(staff: Client, text: str) -> None:
    version = draft()
    url = change(version)

    answer = staff.post(url, {**opened(staff, url), "source": "", "source-document": text, "comment": ""})

    version.refresh_from_db()
    assert answer.status_code == 200
    assert version.source == SOURCE


def test_the_text_and_the_form_are_two_views_of_one_document(staff: Client) -> None:
    url = reverse("admin:plans_editor_text", args=["version"])

    text = staff.post(url, {"document": json.dumps(SOURCE)}).json()["text"]
    back = staff.post(url, {"text": text}).json()

    assert "- code: base\n    name:" in text
    assert back["tree"]["terms"] == in_order(SOURCE)["terms"]
    assert back["problems"] == []


def test_a_text_that_cannot_be_read_stays_a_text(staff: Client) -> None:
    answer = staff.post(reverse("admin:plans_editor_text", args=["version"]), {"text": "terms: [\n"})

    assert answer.status_code == 422
    assert answer.json()["faults"][0].startswith("Line 2: ")
    assert staff.get(reverse("admin:plans_editor_text", args=["version"])).status_code == 405
    assert staff.post(reverse("admin:plans_editor_text", args=["nothing"])).status_code == 404


def test_every_form_has_its_text(staff: Client) -> None:
    texts = [
        f"{model._meta.model_name}.{name}"
        for model, desk in site._registry.items()
        if issubclass(desk.form, PartForm)
        for name in desk.form.texts
    ]

    assert {"coupon.document", "featuremodule.charges"} <= set(texts)
    for name in texts:
        answer = staff.post(reverse("admin:plans_editor_text", args=[name]), {"document": "{}"})
        assert (name, answer.status_code) == (name, 200)


def test_modules_and_tiers_are_edited_by_the_same_forms(staff: Client) -> None:
    publish_house()
    module = FeatureModule.objects.get(code="translation")
    url = reverse("admin:plans_featuremodule_change", args=[module.pk])
    page = shown(staff, url)
    charges = drawn(page, "charges")["tree"]
    charges["charges"][0]["steps"] = [{"price": {"flat": "35"}}]
    body = {
        **opened(staff, url),
        "name_en": module.name_en,
        "name_zh": module.name_zh,
        "charges-document": json.dumps(charges),
        "grants-document": json.dumps(drawn(page, "grants")["tree"]),
    }

    answer = staff.post(url, body)

    module.refresh_from_db()
    assert answer.status_code == 302
    assert module.charges["charges"][0]["steps"] == [{"price": {"flat": "35"}}]
    assert module.grants == {"translation": "true"}
    tier = SlaTier.objects.get(code="gold")
    assert (
        "figure"
        in drawn(shown(staff, reverse("admin:plans_slatier_change", args=[tier.pk])), "document")["tree"]
    )


def test_who_may_not_change_versions_may_not_price_them() -> None:
    version = draft()
    client = Client()
    url = reverse("admin:billing_version_live", args=[version.pk])
    assert client.post(url).status_code == 302

    client.force_login(make_user("reader@example.com"))
    assert client.post(url).status_code == 302

    reader = make_user("clerk@example.com")
    reader.is_staff = True
    reader.save()
    client.force_login(reader)
    assert client.post(url, {"document": "{}"}).status_code == 403


def live(client: Client, version: PlanVersion, tree: Any, **asked: Any) -> dict[str, Any]:
    url = reverse("admin:billing_version_live", args=[version.pk])
    answer = client.post(url, {"document": json.dumps(tree), **asked})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_the_live_preview_prices_what_is_not_saved_and_stores_nothing(staff: Client) -> None:
    version = draft()
    tree = json.loads(json.dumps(SOURCE).replace('"40"', '"45"'))

    found = live(staff, version, tree)

    version.refresh_from_db()
    assert found["problems"] == []
    assert found["html"].count("USD 45.00") >= 3
    assert found["currencies"] == ["USD", "CNY"]
    assert version.source == SOURCE


def test_the_live_preview_follows_the_basket_and_the_version_on_sale(staff: Client) -> None:
    sold = publish_house()["growth"]
    version = new_draft(sold.plan, clone=sold, by=TESTER)

    same = live(staff, version, version.source)
    asked = {"currency": "CNY", "options": ["module.moderation"], "use.mau": "4500", "seats": "nonsense"}
    own = live(staff, version, version.source, **asked)

    assert same["html"].count("unchanged against growth v1") == 3
    assert "Own figures" in own["html"]
    assert "CNY 1,400.00" in own["html"]  # 700 + 280 + three started thousands at 140
    assert ["module.moderation", "Moderation"] in own["options"]
    assert "mau" in [code for code, _name, _unit in own["meters"]]


def test_the_live_preview_lists_every_problem_at_once(staff: Client) -> None:
    version = draft()
    tree = {**SOURCE, "modules": ["nowhere"], "support_tiers": ["missing"]}

    found = live(staff, version, tree)

    assert {one["path"] for one in found["problems"]} == {"modules[0]", "support_tiers[0]"}
    assert "html" not in found
    assert live(staff, version, "text")["problems"]


def test_a_new_word_of_the_schema_is_in_the_form_without_further_code() -> None:
    class Novel(Strict):
        """Something new."""

        code: str
        strength: "int | None" = None
        also: list[Strict] = []

    fields = {one["name"]: one for one in described(Novel, SHAPES)["structs"]["Novel"]["fields"]}
    whole = form_schema(Novel)["structs"]["Novel"]

    assert fields["strength"] == {"name": "strength", "kind": {"is": "whole"}, "required": False}
    assert [one["label"] for one in whole["fields"]] == ["code", "strength", "also"]


def test_the_form_has_every_word_of_the_grammar() -> None:
    schema = form_schema(Version)
    steps = {shape["key"] for shape in schema["structs"]["Step"]["shapes"]}
    paths = {path for part in schema["sections"] for path in part["fields"]}

    assert steps == {one["name"] for one in schema["structs"]["Step"]["fields"]}
    assert {f"terms.{name}" for name in Document.__struct_fields__} <= paths
    for name, shapes in SHAPES.items():
        fields = {one["name"] for one in schema["structs"][name]["fields"]}
        assert {field for shape in shapes for field in shape.fields} <= fields


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(tree=TREES)
def test_whatever_is_posted_is_read_or_refused(tree: Any) -> None:
    field = CatalogueText(PartDocument)
    posted = read_posted(json.dumps(tree))

    with suppress(ValidationError):
        field.clean(posted)

    assert isinstance(field.prepare_value(posted), str)
