"""Giving a pack: one form, one pack, a reason; refused by name."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from billing.models import PackHolding
from plans.templatetags.figures import moment
from tests.admin.conftest import shown
from tests.billing.world import begin
from tests.factories import SMALL_TERMS, make_customer, make_version

pytestmark = pytest.mark.django_db
ADD = "admin:billing_packholding_add"


def given(**more: str) -> dict[str, str]:
    make_version({**SMALL_TERMS, "pools": {"prepaid": {}}})
    customer = make_customer("Acme")
    asked = {"customer": str(customer.pk), "pool": "prepaid", "quantity": "10000", "reason": "order 17"}
    return {**asked, "key": "form-1", **more}


def test_a_form_sent_twice_is_one_pack(staff: Client) -> None:
    asked = given(expires_at="2027-01-31T16:00")

    first = staff.post(reverse(ADD), asked)
    again = staff.post(reverse(ADD), asked)

    pack = PackHolding.objects.get()
    assert (first.status_code, first.url) == (again.status_code, again.url) == (
        302, reverse("admin:billing_packholding_change", args=[pack.pk]),
    )  # fmt: skip
    assert (pack.quantity, pack.reason) == (Decimal(10000), "order 17")
    assert pack.expires_at is not None
    assert pack.expires_at.isoformat() == "2027-01-31T16:00:00+00:00"
    assert "10,000" in shown(staff, reverse("admin:billing_packholding_changelist"))


def test_the_same_form_with_other_units_is_refused(staff: Client) -> None:
    asked = given()
    staff.post(reverse(ADD), asked)

    answer = staff.post(reverse(ADD), {**asked, "quantity": "5"})

    assert answer.status_code == 200
    assert "different request" in answer.content.decode()
    assert PackHolding.objects.count() == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"reason": " "}, "required"),
        ({"quantity": "0"}, "above 0"),
        ({"quantity": "NaN"}, "number"),
        ({"pool": "other"}, "valid choice"),
        ({"expires_at": "2020-01-01T00:00"}, "before it is bought"),
    ],
)
def test_a_form_that_makes_no_sense_saves_nothing(staff: Client, more: dict[str, str], said: str) -> None:
    answer = staff.post(reverse(ADD), given(**more))

    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not PackHolding.objects.exists()


def test_a_pack_is_not_changed_by_a_form(staff: Client) -> None:
    staff.post(reverse(ADD), given())
    pack = PackHolding.objects.get()

    answer = staff.post(reverse("admin:billing_packholding_change", args=[pack.pk]), {"quantity": "1"})

    assert answer.status_code == 403


def test_the_desk_shows_the_end_that_the_pool_gives_and_who_gave_it(staff: Client) -> None:
    version = make_version({**SMALL_TERMS, "pools": {"prepaid": {"expires": {"months": "6"}}}})
    customer = make_customer("Acme")
    begin(version=version, customer=customer)
    asked = {
        "customer": str(customer.pk),
        "pool": "prepaid",
        "quantity": "100",
        "reason": "order",
        "key": "k",
    }
    staff.post(reverse(ADD), {**asked, "bought_at": "2026-01-10T00:00"})

    pack = PackHolding.objects.get()
    pages = [
        shown(staff, reverse("admin:billing_packholding_changelist")),
        shown(staff, reverse("admin:billing_packholding_change", args=[pack.pk])),
    ]

    assert all(moment(datetime(2026, 7, 10, tzinfo=UTC)) in page for page in pages)
    assert "staff@example.com" in pages[1]
    assert "user:" not in pages[1]
