"""The public price list: both languages, only what is on sale, 304 when nothing changed."""

from datetime import timedelta

import pytest
from rest_framework.test import APIClient

from plans.models import FeatureModule, ModuleRule, Plan, SlaTier
from plans.selectors import on_sale, price_list, version_state
from tests.factories import NOVEMBER, NOW, ON_SALE, make_version

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def make_module(code: str) -> FeatureModule:
    return FeatureModule.objects.create(code=code, name_en=code.title(), name_zh="模块")


def test_the_price_list_shows_both_names_and_what_can_be_added() -> None:
    version = make_version()
    translation, moderation = make_module("translation"), make_module("moderation")
    ModuleRule.objects.create(module=translation, kind="requires", other=moderation)
    version.modules.set([translation, moderation])
    version.sla_tiers.add(SlaTier.objects.create(code="gold", name_en="Gold", name_zh="金", target="99.90"))

    answer = APIClient().get("/api/v1/plans")

    (plan,) = answer.json()["data"]
    assert answer.json()["has_more"] is False
    assert plan["name"] == {"en": version.plan.name_en, "zh-Hans": version.plan.name_zh}
    assert plan["currencies"] == ["USD", "CNY"]
    assert plan["sla_tiers"][0]["option"] == "sla.gold"
    assert plan["sla_tiers"][0]["target"] == "99.9"
    assert [(one["option"], one["requires"]) for one in plan["modules"]] == [
        ("module.moderation", []),
        ("module.translation", ["moderation"]),
    ]
    assert plan["terms"]["charges"][0]["code"] == "base"
    assert APIClient().get(f"/api/v1/plans/{version.plan.code}").json() == plan


def test_an_unchanged_list_is_answered_with_304() -> None:
    version = make_version()
    first = APIClient().get("/api/v1/plans")

    again = APIClient().get("/api/v1/plans", headers={"If-None-Match": first["ETag"]})
    version.plan.name_zh = "新名"
    version.plan.save()
    changed = APIClient().get("/api/v1/plans", headers={"If-None-Match": first["ETag"]})

    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


def test_private_unknown_and_other_currencies_are_not_listed() -> None:
    secret = make_version()
    Plan.objects.filter(pk=secret.plan_id).update(audience="private")
    make_version({**_yen(), "currency": "JPY"})

    assert len(APIClient().get("/api/v1/plans").json()["data"]) == 1
    assert APIClient().get("/api/v1/plans?currency=USD").json()["data"] == []
    assert len(APIClient().get("/api/v1/plans?currency=JPY").json()["data"]) == 1
    assert APIClient().get(f"/api/v1/plans/{secret.plan.code}").status_code == 404


def _yen() -> dict[str, object]:
    return {"charges": [{"code": "base", "steps": [{"price": {"flat": "1000"}}]}]}


def test_a_version_is_on_sale_until_the_next_one_or_its_archive() -> None:
    old = make_version()
    new = make_version(plan=old.plan, effective_at=NOVEMBER)

    assert list(on_sale(ON_SALE - SECOND)) == []
    assert list(on_sale(NOVEMBER - SECOND)) == [old]
    assert list(on_sale(NOVEMBER)) == [new]
    assert version_state(new, NOVEMBER - SECOND) == "scheduled"
    assert version_state(new, NOVEMBER) == "on_sale"
    assert version_state(old, NOVEMBER) == "superseded"

    new.archived_at, new.state = NOW, "archived"
    new.save()
    assert list(on_sale(NOW - SECOND)) == [new]
    assert list(on_sale(NOW)) == []  # an archive takes the plan off sale; it does not revive the old edition
    assert version_state(new, NOW) == "archived"


def test_a_scheduled_version_that_was_withdrawn_never_replaces_the_old_one() -> None:
    old = make_version()
    new = make_version(plan=old.plan, effective_at=NOVEMBER)
    new.archived_at, new.state = NOVEMBER, "archived"
    new.save()

    assert list(on_sale(NOVEMBER)) == [old]
    assert version_state(old, NOVEMBER) == "on_sale"
    assert version_state(new, NOVEMBER - SECOND) == "archived"


def test_the_list_costs_the_same_queries_for_one_plan_and_for_three(
    django_assert_num_queries: object,
) -> None:
    for _ in range(3):
        make_version().modules.add(make_module(f"m{Plan.objects.count()}"))

    with django_assert_num_queries(5):  # type: ignore[operator]
        assert len(price_list(NOW)) == 3
