"""Every list and page of the admin opens in both languages; a list costs the same at 2 rows and at 20."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.world import fill
from tests.factories import make_user

pytestmark = pytest.mark.django_db

PAGES = sorted((model._meta.label_lower for model in admin.site._registry), key=str)
OPTIONAL = {"auth.group", "billing.payment", "billing.creditdraw"}  # the world makes no row of these


def address(label: str, page: str, *args: object) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_{page}", args=args)


def models() -> dict[str, type]:
    return {model._meta.label_lower: model for model in admin.site._registry}


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(url).status_code == 200
    return len(caught)


def test_every_list_costs_the_same_at_2_rows_and_at_20(staff: Client) -> None:
    fill(1)
    fill(2)
    staff.get(reverse("admin:index"))
    few = {label: queries(staff, address(label, "changelist")) for label in PAGES}

    for number in range(3, 21):
        fill(number)

    many = {label: queries(staff, address(label, "changelist")) for label in PAGES}
    assert {label: (few[label], many[label]) for label in PAGES if many[label] > few[label]} == {}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_every_row_opens(staff: Client, language: str) -> None:
    fill(1)

    for label, model in models().items():
        row = model._default_manager.order_by("pk").first()
        assert row is not None or label in OPTIONAL, f"no row of {label}"
        if row is not None:
            answer = staff.get(address(label, "change", row.pk), headers={"accept-language": language})
            assert answer.status_code == 200, label


def test_filters_and_search_work_on_every_list(staff: Client) -> None:
    fill(1)

    for label, model_admin in ((m._meta.label_lower, a) for m, a in admin.site._registry.items()):
        if model_admin.search_fields:
            assert staff.get(address(label, "changelist"), {"q": "a"}).status_code == 200, label


def test_every_add_page_opens_or_is_closed(staff: Client) -> None:
    for label in PAGES:
        assert staff.get(address(label, "add")).status_code in {200, 403}, label


def test_a_member_is_no_staff(client: Client) -> None:
    client.force_login(make_user("member@example.com"))

    assert client.get(reverse("admin:index")).status_code == 302
    assert client.get(reverse("admin:login")).status_code == 403


def test_signing_in_goes_through_the_one_door(client: Client) -> None:
    to_login = client.get(reverse("admin:index"))
    to_door = client.get(to_login.url)

    assert to_door.status_code == 302
    assert to_door.url.startswith(reverse("account_login"))


def test_a_password_is_changed_behind_that_door_as_well(staff: Client) -> None:
    answer = staff.get(reverse("admin:password_change"))

    assert answer.status_code == 302
    assert answer.url == reverse("account_change_password")


def test_the_menu_is_searched(staff: Client) -> None:
    assert "invoice" in staff.get(reverse("admin:search"), {"s": "invoice"}).content.decode().lower()


def test_the_admin_has_a_content_policy_of_its_own(staff: Client) -> None:
    policy = staff.get(reverse("admin:index"))["Content-Security-Policy"]

    assert "'unsafe-eval'" in policy
    assert "frame-ancestors 'none'" in policy
