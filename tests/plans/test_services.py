"""The life of a version: draft, publish once, freeze, archive; refusals by name, repeats without effect."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import ProgrammingError, connection, transaction

from plans import selectors, services
from plans.models import Feature, FeatureModule, ModuleRule, Plan, PlanVersion, SlaTier
from plans.problems import TermsInvalid
from plans.services_versions import AlreadyPublished, DatesNotRising, DraftChanged, DraftOnly, NeverPublished
from tests.factories import DECEMBER, NOVEMBER, NOW, TESTER

pytestmark = pytest.mark.django_db

NAME = {"en": "Fee", "zh-Hans": "费用"}
BASE = {"code": "base", "name": NAME, "tags": ["plan"], "steps": [{"price": {"flat": "40"}}]}
SOURCE: dict[str, Any] = {
    "terms": {"currency": "USD", "round": {"line": "minor"}, "charges": [BASE]},
    "modules": ["translation"],
    "entitlements": {},
}


@pytest.fixture
def plan() -> Plan:
    FeatureModule.objects.create(
        code="translation",
        name_en="Translation",
        name_zh="翻译",
        charges={"charges": [{"code": "fee", "name": NAME, "steps": [{"price": {"flat": "10"}}]}]},
        grants={},
    )
    return Plan.objects.create(code="growth", name_en="Growth", name_zh="成长版")


def draft(plan: Plan, source: dict[str, Any] | None = None) -> PlanVersion:
    made = services.new_draft(plan, by=TESTER)
    return services.save_source(made, source=source or SOURCE, by=TESTER)


def publish(version: PlanVersion, **more: Any) -> PlanVersion:
    return services.publish_version(version, **{"effective_at": NOVEMBER, "at": NOW, "by": TESTER, **more})


def test_a_published_version_is_composed_hashed_and_on_sale_from_its_date(plan: Plan) -> None:
    version = publish(draft(plan))

    terms = selectors.terms_of(version)
    assert [charge.code for charge in terms.document.charges] == ["base", "fee"]
    assert terms.document.charges[1].held == ["module.translation"]
    assert (version.terms_hash, version.published_at, version.published_by) == (terms.hash, NOW, TESTER.id)
    assert list(selectors.on_sale(NOVEMBER)) == [version]


@pytest.mark.parametrize("terms", [{}, {"currency": []}, {"charges": [BASE]}])
def test_a_draft_without_a_currency_is_not_published(plan: Plan, terms: dict[str, Any]) -> None:
    version = draft(plan, {**SOURCE, "terms": terms})

    with pytest.raises(TermsInvalid):
        publish(version)

    assert {"path": "terms", "code": "missing_field"} in [
        {"path": one.path, "code": one.code} for one in selectors.problems_of(version)
    ]


def test_publishing_twice_is_one_publication(plan: Plan) -> None:
    first = publish(draft(plan))

    again = publish(first, at=NOW + timedelta(days=1))

    assert again.published_at == first.published_at
    with pytest.raises(AlreadyPublished):
        publish(first, effective_at=DECEMBER)


def test_every_problem_is_listed_at_once(plan: Plan) -> None:
    ModuleRule.objects.create(
        module=FeatureModule.objects.get(),
        kind="requires",
        other=FeatureModule.objects.create(code="moderation", name_en="Moderation", name_zh="审核"),
    )
    FeatureModule.objects.filter(code="translation").update(name_zh="")
    nameless = {"code": "seats", "of": "seets", "steps": [{"price": {"each": "1"}}]}
    broken = draft(plan, {**SOURCE, "terms": {**SOURCE["terms"], "charges": [BASE, nameless]}})

    with pytest.raises(TermsInvalid) as refused:
        publish(broken)

    assert sorted((one.path, one.code) for one in refused.value.problems) == [
        ("module.translation.names.zh-Hans", "empty_text"),
        ("modules", "requires_not_offered"),
        ("terms.charges[1].name", "missing_translation"),
        ("terms.charges[1].name", "missing_translation"),
        ("terms.charges[1].of", "unknown_name"),
    ]
    FeatureModule.objects.filter(code="translation").update(name_zh="翻译")
    assert {(one.path, one.code) for one in selectors.problems_of(broken)} == {
        ("terms.charges[1].of", "unknown_name"),
        ("terms.charges[1].name", "missing_translation"),
        ("modules", "requires_not_offered"),
    }
    broken.refresh_from_db()
    assert broken.state == "draft"


def test_a_half_edited_part_that_nobody_asked_for_stops_nobody(plan: Plan) -> None:
    SlaTier.objects.create(code="gold", name_en="Gold", name_zh="金", target="99.9", document={"figur": "x"})

    assert publish(draft(plan)).state == "published"


def test_what_was_reviewed_is_what_is_published(plan: Plan) -> None:
    version = draft(plan)
    reviewed = selectors.draft_hash(version)
    Feature.objects.create(code="x", name_en="X", name_zh="X", type="switch")
    FeatureModule.objects.update(grants={"x": "true"})

    with pytest.raises(DraftChanged):
        publish(version, expected_hash=reviewed)

    FeatureModule.objects.update(grants={})
    assert publish(version, expected_hash=reviewed).state == "published"


def test_a_module_edited_later_reaches_drafts_only(plan: Plan) -> None:
    version = publish(draft(plan))
    before = version.terms_hash
    FeatureModule.objects.update(charges={})

    following = services.new_draft(plan, clone=version, by=TESTER)

    version.refresh_from_db()
    assert version.terms_hash == before == selectors.terms_of(version).hash
    assert selectors.draft_terms(following).hash != before
    assert following.number == 2


def test_numbers_and_dates_rise_together(plan: Plan) -> None:
    first, second = draft(plan), draft(plan)
    publish(first)

    with pytest.raises(DatesNotRising):
        publish(second, effective_at=NOVEMBER)
    with pytest.raises(DatesNotRising):
        publish(second, effective_at=NOVEMBER - timedelta(days=1))
    assert publish(second, effective_at=DECEMBER).state == "published"


def test_h1_a_published_version_cannot_be_edited_by_any_road(plan: Plan) -> None:
    version = publish(draft(plan))

    with pytest.raises(DraftOnly):
        services.save_source(version, source=SOURCE, by=TESTER)
    for change in (
        "terms = '{}'",
        "terms_hash = repeat('0', 64)",
        "source = '{}'",
        "entitlements = '{\"a\": 1}'",
        "number = 9",
        "effective_at = now()",
        "state = 'draft'",
    ):
        refuse(f"UPDATE plans_planversion SET {change} WHERE id = {version.pk}")
    refuse(f"DELETE FROM plans_planversion WHERE id = {version.pk}")
    with pytest.raises(ProgrammingError), transaction.atomic():
        PlanVersion.objects.filter(pk=version.pk).update(terms={})


def refuse(sql: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_archiving_takes_off_sale_and_repeats_without_effect(plan: Plan) -> None:
    version = publish(draft(plan))

    archived = services.archive_version(version, at=NOW, by=TESTER)
    again = services.archive_version(version, at=DECEMBER, by=TESTER)

    assert again.archived_at == archived.archived_at == NOW
    assert list(selectors.on_sale(NOW)) == []
    assert selectors.version_state(again, NOW) == "archived"
    with pytest.raises(NeverPublished):
        services.archive_version(draft(plan), at=NOW, by=TESTER)


def test_a_scheduled_version_that_is_archived_is_withdrawn(plan: Plan) -> None:
    publish(draft(plan))
    second = publish(draft(plan), effective_at=DECEMBER)

    withdrawn = services.archive_version(second, at=NOW, by=TESTER)

    assert withdrawn.archived_at == DECEMBER
    assert [str(one) for one in selectors.on_sale(DECEMBER)] == ["growth v1"]


def test_a_source_of_the_wrong_shape_is_refused_with_its_paths(plan: Plan) -> None:
    version = draft(plan)

    with pytest.raises(TermsInvalid) as refused:
        services.save_source(version, source={"terms": {"charge": []}, "module": []}, by=TESTER)

    assert {(one.path, one.code) for one in refused.value.problems} == {
        ("module", "unknown_field"),
        ("terms.charge", "unknown_field"),
    }
    version.refresh_from_db()
    assert version.source["modules"] == ["translation"]


def test_the_editor_text_comes_back_as_the_same_source(plan: Plan) -> None:
    from plans.catalogue import Version
    from plans.catalogue_yaml import read_yaml
    from plans.terms import to_tree

    version = draft(plan)

    typed, problems, _marks = read_yaml(selectors.version_text(version), Version)
    saved = services.save_source(version, source=to_tree(typed), comment="kept", by=TESTER)

    assert problems == []
    assert (saved.source, saved.comment) == (version.source, "kept")


def test_history_names_the_actor(plan: Plan) -> None:
    from plans.models import PlanVersion as Model

    version = publish(draft(plan))

    events = Model._meta.get_field("events").related_model.objects.filter(pgh_obj=version)
    last = events.select_related("pgh_context").order_by("pgh_id").last()
    assert last.pgh_context.metadata["actor"] == TESTER.id


def test_every_missing_text_is_a_problem_of_its_own() -> None:
    plan = Plan.objects.create(code="texts", name_en="Texts", name_zh="文", description_en="Only English")
    bands = [{"code": "night", "name": {"en": "Night"}, "windows": [{"from": "22:00", "to": "06:00"}]}]
    terms = {
        "currency": "USD",
        "schedules": {"hours": {"zone": "UTC", "bands": bands, "else": "day"}},
        "charges": [{"code": "base", "name": {"zh-Hans": "基础"}, "steps": [{"price": {"flat": "1"}}]}],
        "figures": [{"code": "refund", "name": {"en": "Refund", "zh-Hans": " "}, "steps": [{"plus": "1"}]}],
    }
    draft = services.save_source(services.new_draft(plan, by=TESTER), source={"terms": terms}, by=TESTER)

    found = {(one.path, one.params.get("language")) for one in selectors.problems_of(draft)}

    assert {
        ("terms.charges[0].name", "en"),
        ("terms.schedules.hours.bands[0].name", "zh-Hans"),
        ("terms.figures[0].name", "zh-Hans"),
        ("plan.texts.description", "zh-Hans"),
    } <= found
