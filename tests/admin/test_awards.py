"""Awards that wait are decided on the desk, with a reason; days that were added are marked."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from billing.errors import AwardNotWaiting
from billing.models import SlaAward, SlaGrant
from billing.selectors import credit_balance
from billing.services import sla_awards
from tests.admin.world import fill
from tests.billing.sla_world import agreed, night, report
from tests.billing.test_sla_stories import HELD_SEPTEMBER, MULTIPLE
from tests.factories import NOW, TESTER

pytestmark = pytest.mark.django_db


@pytest.fixture
def pending(settings) -> SlaAward:
    settings.SLA_APPROVE_ABOVE = {"USD": 100}
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90")
    night(HELD_SEPTEMBER.end + timedelta(days=1))
    return SlaAward.objects.get(state="pending")


def test_an_award_is_approved_with_a_reason(staff: Client, pending: SlaAward) -> None:
    url = reverse("admin:billing_slaaward_approve", args=[pending.pk])

    page, silent = staff.get(url).content.decode(), staff.post(url, {"reason": ""})
    answer = staff.post(url, {"reason": "Checked with operations"})

    assert "USD 1.67 is given to" in page
    assert silent.status_code == 200
    assert answer.status_code == 302
    pending.refresh_from_db()
    assert (pending.state, pending.reason) == ("granted", "Checked with operations")
    assert credit_balance(pending.customer, "USD") == 167
    for name in ("slaaward_change", "ledgertransaction_changelist"):
        args = [pending.pk] if name.endswith("change") else []
        shown = staff.get(reverse(f"admin:billing_{name}", args=args)).content.decode()
        assert "staff@example.com" in shown.split("<main")[-1]
        assert not re.search(r"user:\d", shown)


def test_an_award_is_rejected_and_a_given_one_is_not(staff: Client, pending: SlaAward) -> None:
    url = reverse("admin:billing_slaaward_reject", args=[pending.pk])

    staff.post(url, {"reason": "Under dispute"})
    pending.refresh_from_db()
    assert pending.state == "rejected"

    staff.post(reverse("admin:billing_slaaward_approve", args=[pending.pk]), {"reason": "Settled"})
    refused = staff.post(url, {"reason": "Again"}).content.decode()
    assert "does not wait for a decision" in refused


@pytest.mark.parametrize("act", ["approve", "reject"])
def test_what_was_given_without_a_decision_has_none_to_take(staff: Client, act: str) -> None:
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90")
    night(HELD_SEPTEMBER.end + timedelta(days=1))
    award = SlaAward.objects.get()
    assert award.state == "granted"
    url = reverse(f"admin:billing_slaaward_{act}", args=[award.pk])

    page = staff.get(url).content.decode()
    refused = staff.post(url, {"reason": "Checked"}).content.decode()

    assert "This award does not wait for a decision: given." in page
    assert "This award does not wait for a decision: given." in refused
    assert 'name="reason"' not in page
    with pytest.raises(AwardNotWaiting):
        sla_awards.approve(award.pk, reason="Checked", at=NOW, by=TESTER)


def test_days_are_marked_as_applied(staff: Client) -> None:
    fill(1)
    grant = SlaGrant.objects.get()

    staff.post(reverse("admin:billing_slagrant_apply", args=[grant.pk]), {"reason": "Added by hand"})

    grant.refresh_from_db()
    assert grant.state == "applied"
