"""The review page shows whom a draft concerns and by how much, in both languages, at one cost."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.models import ReleaseReview
from billing.services.invoicing import issue_cycle
from plans.models import PlanVersion
from plans.services import new_draft, save_source
from subscriptions.models import Subscription, SubscriptionPhase
from tests.admin.conftest import shown
from tests.billing.world import EDGE, NIGHT, TERMS, begin, make_plan
from tests.factories import TESTER, make_customer

pytestmark = pytest.mark.django_db


def dearer(version: PlanVersion) -> PlanVersion:
    charges = copy.deepcopy(TERMS["charges"])
    charges[0]["steps"][0]["price"]["cases"]["USD"]["flat"] = "50"
    source = {"terms": {**TERMS, "charges": charges, "tags": ["sla_credit", "module"]}}
    return save_source(new_draft(version.plan, by=TESTER), source=source, by=TESTER)


def billed(version: PlanVersion, count: int = 1) -> list[Subscription]:
    made = []
    for _turn in range(count):
        subscription, _invoice = begin(version=version, customer=make_customer(billing_zone="Asia/Shanghai"))
        issue_cycle(subscription, EDGE, at=NIGHT, by=TESTER)
        made.append(subscription)
    return made


def review(version: PlanVersion) -> str:
    return reverse("admin:billing_version_review", args=[version.pk])


def test_the_page_shows_words_deltas_and_exempt_ones(staff: Client) -> None:
    version = make_plan()
    first, locked = billed(version, 2)
    until = timezone.now() + timedelta(days=400)
    SubscriptionPhase.objects.filter(subscription=locked).update(price_lock_until=until)

    page = shown(staff, review(dearer(version)))

    assert "Base fee, USD: the fixed price rises from 40 to 50 (+25 %)." in page
    assert "+USD 10.00" in page
    assert "+25 %" in page
    assert "Line by line" in page
    assert first.public_id in page
    assert "Exempt, price locked" in page
    assert f"{until.year}" in page


def test_the_page_says_what_becomes_of_subscribers(staff: Client) -> None:
    version = make_plan()
    billed(version)
    draft = dearer(version)

    stays = shown(staff, review(draft))
    save_source(draft, source={**draft.source, "moves_existing": "at_renewal"}, by=TESTER)
    moves = shown(staff, review(draft))

    assert "it keeps its terms and prices" in stays
    assert "nobody is moved" in stays
    assert "it moves to this version at its next renewal" in moves
    assert "they move at their next renewal" in moves
    assert "keeps its terms" not in moves
    assert "nobody is moved" not in moves


def test_the_page_speaks_chinese(staff: Client) -> None:
    version = make_plan()
    billed(version)

    page = staff.get(review(dearer(version)), headers={"accept-language": "zh-hans"}).content.decode()

    assert "影响范围" in page
    assert "基础费用，USD：固定价由 40 升至 50（+25 %）。" in page


@pytest.mark.parametrize("order", ["more", "less", "percent", "customer", "nonsense"])
def test_rows_can_be_sorted(staff: Client, order: str) -> None:
    version = make_plan()
    billed(version, 2)

    answer = staff.get(review(dearer(version)), {"order": order})

    assert answer.status_code == 200
    assert answer.content.count(b'aria-current="true"') == 1


def test_the_page_costs_the_same_for_two_and_for_eight(staff: Client) -> None:
    version = make_plan()
    draft = dearer(version)
    billed(version, 2)
    staff.get(review(draft))
    few = cost(staff, review(draft))

    billed(version, 6)

    assert cost(staff, review(draft)) == few


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_publishing_stores_what_was_shown(staff: Client) -> None:
    version = make_plan()
    (subscription,) = billed(version)
    draft = dearer(version)
    asked: dict[str, Any] = {
        "reason": "autumn prices",
        "reviewed": shown(staff, review(draft)).split('name="reviewed" value="')[1].split('"')[0],
    }

    staff.post(review(draft), asked)

    stored = ReleaseReview.objects.get()
    page = shown(staff, reverse("admin:billing_releasereview_change", args=[stored.pk]))
    assert "staff@example.com" in page
    assert "USD 40.00 → USD 50.00 (+USD 10.00)" in page
    history = shown(staff, reverse("admin:plans_changes", args=["version", draft.pk]))
    assert "autumn prices" in history
    assert subscription.phases.get().plan_version == version
