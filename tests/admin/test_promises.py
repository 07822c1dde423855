"""Staff lock a price, redeem a coupon, settle an early exit, and choose who moves to a version."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import EarlyExit
from plans.clock import now
from subscriptions.models import SubscriptionPhase
from tests.factories import make_subscription

pytestmark = pytest.mark.django_db


def act(name: str, pk: int) -> str:
    return reverse(f"admin:subscriptions_subscription_{name}", args=[pk])


def test_a_price_is_locked_with_a_reason(staff: Client) -> None:
    subscription = make_subscription(at=now() - timedelta(days=3))

    answer = staff.post(
        act("lock", subscription.pk), {"until": "2999-01-01T00:00", "reason": "agreed by mail"}
    )

    assert answer.status_code == 302
    assert SubscriptionPhase.objects.get().price_lock_until is not None
    assert (
        staff.get(reverse("admin:subscriptions_subscription_change", args=[subscription.pk])).status_code
        == 200
    )


def test_an_unknown_coupon_is_said_on_the_page(staff: Client) -> None:
    subscription = make_subscription(at=now() - timedelta(days=3))

    answer = staff.post(act("coupon", subscription.pk), {"code": "nothing"})

    assert "There is no coupon" in answer.content.decode()


def test_an_early_exit_is_settled_from_the_admin(staff: Client) -> None:
    subscription = make_subscription(at=now() - timedelta(days=3), term="annual")
    address = reverse("admin:billing_early_exit", args=[subscription.pk])

    assert staff.get(act("leave", subscription.pk)).url == address
    answer = staff.post(address, {"refund": "0", "reason": "customer asked"})

    assert answer.status_code == 302
    assert EarlyExit.objects.get().refund == 0  # nothing was invoiced, the terms keep what was paid
    assert (
        "cannot be taken back" in staff.get(address).content.decode() or staff.get(address).status_code == 200
    )


def test_a_monthly_subscription_has_nothing_to_leave(staff: Client) -> None:
    subscription = make_subscription(at=now() - timedelta(days=3))

    shown = staff.get(reverse("admin:billing_early_exit", args=[subscription.pk])).content.decode()

    assert "Only an annual subscription" in shown
