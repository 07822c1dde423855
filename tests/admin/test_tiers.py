"""Tiers are edited in fields: what is typed is what a file would say, and comes back as it was typed."""

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from plans.models import SlaTier, SupportTier
from plans.selectors_catalogue import stored_trees
from tests.factories import make_version
from tests.plans.test_promises import load

pytestmark = pytest.mark.django_db
FIGURE = "figure:\n  of: fee\n  steps: [{times: 0.1}]\n"
SLA: dict[str, Any] = {
    "code": "cloud", "name_en": "Cloud", "name_zh": "云", "target": "99.9", "window": "calendar_quarter",
    "outage_minutes": "1", "outage_partial": "ceil", "excluded": ["maintenance", "surge"],
    "notice_hours": "48", "surge_above": "150", "wait_days": "5", "form_word": "voucher",
    "claim_days": "60", "smallest_word": "exceeds", "smallest_amount": "USD 1, CNY 7",
    "voucher_days": "180", "voucher_tags": "plan, module", "document": FIGURE,
}  # fmt: skip
SUPPORT: dict[str, Any] = {
    "code": "pro", "name_en": "Pro", "name_zh": "专业", "hours": "5x9", "zone": "Asia/Shanghai",
    "answers": "P1 60 24x7\nP2 480", "channel_words": "ticket，phone", "languages": "en, zh-Hans",
    "windows": "mon tue 09:00-12:00\nmon tue 13:00-18:00 since 2026-01-01", "holidays": "2026-10-01",
    "named_manager": "on", "review": "quarterly", "document": "",
}  # fmt: skip


def add(staff: Client, kind: str, fields: dict[str, Any]) -> Any:
    return staff.post(reverse(f"admin:plans_{kind}_add"), fields)


def errors(answer: Any) -> dict[str, Any]:
    return {name: list(said) for name, said in answer.context["adminform"].form.errors.items()}


def test_an_sla_tier_is_what_a_file_would_say(staff: Client) -> None:
    assert add(staff, "slatier", SLA).status_code == 302

    tree = stored_trees()["sla_tiers"]["cloud"]
    assert {name: tree[name] for name in tree if name not in ("code", "names", "figure")} == {
        "target": "99.9",
        "window": "calendar_quarter",
        "smallest_outage": {"minutes": "1", "partial": "ceil"},
        "exclusions": [{"kind": "maintenance", "notice_hours": 48}, {"kind": "surge", "above": "150"}],
        "smallest_payable": {"exceeds": {"pick": "currency", "cases": {"USD": "1", "CNY": "7"}}},
        "claim": {"within_days": 60},
        "wait_days": 5,
        "form": {"voucher": {"valid_days": 180, "tags": ["plan", "module"]}},
    }


@pytest.mark.parametrize("kind", ["slatier", "supporttier"])
def test_opening_and_saving_changes_nothing(staff: Client, kind: str) -> None:
    load()
    model, section = (SlaTier, "sla_tiers") if kind == "slatier" else (SupportTier, "support_tiers")
    before, row = stored_trees()[section], model.objects.get()
    url = reverse(f"admin:plans_{kind}_change", args=[row.pk])
    form = staff.get(url).context["adminform"].form
    posted = {one.html_name: one.value() for one in form if one.value() not in (None, False)}
    posted |= {name: form[name].field.prepare_value(value) for name, value in posted.items()}
    posted["row_state"] = staff.get(url).context["row_state"]

    answer = staff.post(url, posted)

    assert answer.status_code == 302, errors(answer)
    assert stored_trees()[section] == before


def test_a_support_tier_is_what_a_file_would_say(staff: Client) -> None:
    answer = add(staff, "supporttier", SUPPORT)

    assert answer.status_code == 302, errors(answer)
    tree = stored_trees()["support_tiers"]["pro"]
    assert tree["channels"] == ["ticket", "phone"]
    assert tree["response_minutes"] == {"P1": 60, "P2": 480}
    assert (tree["around_the_clock"], tree["languages"]) == (["P1"], ["en", "zh-Hans"])
    assert (tree["named_manager"], tree["review"]) == (True, "quarterly")
    assert tree["business_hours"] == {
        "zone": "Asia/Shanghai",
        "windows": [
            {"from": "09:00", "to": "12:00", "days": ["mon", "tue"]},
            {"from": "13:00", "to": "18:00", "days": ["mon", "tue"], "since": "2026-01-01"},
        ],
        "holidays": ["2026-10-01"],
    }


@pytest.mark.parametrize(
    ("kind", "fields", "field"),
    [
        ("slatier", {"claim_days": "5"}, "claim_days"),
        ("slatier", {"outage_minutes": "-1"}, "outage_minutes"),
        ("slatier", {"voucher_days": ""}, "voucher_days"),
        ("slatier", {"form_word": "pack"}, "pack_pool"),
        ("slatier", {"smallest_amount": "USD 1, gold 2"}, "smallest_amount"),
        ("slatier", {"target": "101"}, "target"),
        ("slatier", {"document": "figure: {off: fee}"}, "document"),
        ("supporttier", {"answers": "P1 soon"}, "answers"),
        ("supporttier", {"answers": "P1 0"}, "answers"),
        ("supporttier", {"windows": "monday 09:00-18:00"}, "windows"),
        ("supporttier", {"windows": "mon 9-18"}, "windows"),
        ("supporttier", {"zone": "Moon"}, "zone"),
        ("supporttier", {"holidays": "2026-02-30"}, "holidays"),
    ],
)
def test_a_fault_stands_beside_its_field_and_nothing_is_saved(
    staff: Client, kind: str, fields: dict[str, Any], field: str
) -> None:
    given = {**(SLA if kind == "slatier" else SUPPORT), **fields}

    answer = add(staff, kind, given)

    assert answer.status_code == 200
    assert field in errors(answer), errors(answer)
    assert not SlaTier.objects.exists()
    assert not SupportTier.objects.exists()


def test_the_list_says_what_is_promised(staff: Client) -> None:
    SlaTier.objects.create(
        code="x", name_en="X", name_zh="X", target=Decimal("99.5"), window="anniversary_month"
    )
    make_version()

    assert "month of the agreement" in staff.get(reverse("admin:plans_slatier_changelist")).content.decode()
