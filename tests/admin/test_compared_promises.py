"""What was decided about subscribers, limits and leaving is told where versions are compared."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from plans.models import Plan, PlanVersion, SlaTier
from plans.services import new_draft, publish_version, save_source
from tests.admin.conftest import shown
from tests.factories import NOW, TESTER, publish_house

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=30)
DECIDED: dict[str, Any] = {
    "moves_existing": "at_renewal",
    "early_exit": "claw_back",
    "features": {"translation": "latest"},
    "quotas": {"mau_included": {"at_limit": "stop", "warn_at": ["80", "100"]}},
}
SENTENCES = (
    "at their next renewal, unless the price is locked",
    "what the used months at the monthly price leave",
    "Who has subscribed always gets what module",
    "was only a notice and becomes a refusal of further use",
)


def second(**changes: Any) -> tuple[Plan, PlanVersion]:
    first = publish_house()["growth"]
    draft = new_draft(first.plan, clone=first, by=TESTER)
    return first.plan, save_source(draft, source={**draft.source, **changes}, by=TESTER)


def test_the_pages_tell_it_and_no_inner_workings(staff: Client) -> None:
    plan, draft = second(**DECIDED)
    pages = [
        shown(staff, reverse("admin:plans_compare", args=[plan.pk])),
        shown(staff, reverse("admin:billing_version_review", args=[draft.pk])),
    ]

    for page in pages:
        told = page.split('<ul class="rc-told">')[1].split("</ul>")[0]
        assert [said for said in SENTENCES if said not in told] == []
        assert told.count("<li>") == len(SENTENCES)


def test_a_tier_that_promises_something_else_is_told(staff: Client) -> None:
    plan, _draft = second()
    SlaTier.objects.filter(code="gold").update(target="99.5")

    page = shown(staff, reverse("admin:plans_compare", args=[plan.pk]))

    assert "Gold 99.99 %: The target" in page


def test_a_charge_on_a_new_meter_is_one_sentence(staff: Client) -> None:
    """That the meter is declared with it follows from the charge."""
    plan, draft = second()
    terms = draft.source["terms"]
    charge = {
        "code": "written",
        "name": {"en": "Messages", "zh-Hans": "消息"},
        "tags": ["usage"],
        "of": "messages",
        "steps": [{"price": {"cases": {"USD": {"each": "1"}, "CNY": {"each": "7"}}, "pick": "currency"}}],
    }
    source = {**draft.source, "terms": {**terms, "charges": [*terms["charges"], charge]}}
    save_source(draft, source=source, by=TESTER)

    page = shown(staff, reverse("admin:plans_compare", args=[plan.pk]))

    assert page.split('<ul class="rc-told">')[1].split("</ul>")[0].count("<li>") == 1


def test_the_next_draft_moves_nobody_unasked() -> None:
    plan, draft = second(moves_existing="at_renewal")
    sold = publish_version(draft, effective_at=LATER, at=NOW, by=TESTER)

    made = new_draft(plan, clone=sold, by=TESTER)

    assert sold.moves_existing == "at_renewal"
    assert made.moves_existing == "nobody"
    assert made.source["terms"] == sold.source["terms"]
