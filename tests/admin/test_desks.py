"""What staff do about customers, people, keys and agreements, through the services."""

import pytest
from django.contrib.auth.models import Permission
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import translation

from plans.admin.people import unlisted
from plans.clock import now
from plans.models import FeatureModule, Meter
from subscriptions.models import ApiKey, App, Customer, Membership, Subscription, User
from subscriptions.secrets import digest_of, split_key
from tests.admin.conftest import opened, shown
from tests.factories import make_app, make_customer, make_key, make_subscription, make_user, make_version

pytestmark = pytest.mark.django_db


def act(model: str, verb: str, pk: int) -> str:
    return reverse(f"admin:{model}_{verb}", args=[pk])


CUSTOMER = {
    "name": "晨光科技",
    "email": "ap@example.com",
    "billing_zone": "Asia/Shanghai",
    "currency": "CNY",
    "language": "zh-hans",
}


def test_a_customer_is_made(staff: Client) -> None:
    staff.post(reverse("admin:subscriptions_customer_add"), CUSTOMER)

    made = Customer.objects.get()
    assert (made.name, made.currency, made.billing_zone) == ("晨光科技", "CNY", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("field", "wrong", "said"),
    [("billing_zone", "Asia/Beijing", "not a time zone"), ("currency", "XXQ", "XXQ")],
)
def test_a_customer_with_an_unknown_zone_or_currency_is_refused(
    staff: Client, field: str, wrong: str, said: str
) -> None:
    answer = staff.post(reverse("admin:subscriptions_customer_add"), {**CUSTOMER, field: wrong})

    assert said in answer.content.decode()
    assert not Customer.objects.exists()


def test_currency_and_zone_are_fixed_with_the_first_agreement(staff: Client) -> None:
    customer = make_subscription().customer
    url = reverse("admin:subscriptions_customer_change", args=[customer.pk])

    staff.post(url, {**opened(staff, url), **CUSTOMER})

    customer.refresh_from_db()
    assert customer.name == "晨光科技"
    assert (customer.currency, customer.billing_zone) == ("USD", "UTC")


def test_a_member_is_added_and_the_last_owner_stays(staff: Client) -> None:
    customer = make_customer()
    staff.post(
        act("subscriptions_customer", "add_member", customer.pk),
        {"email": "Li@example.com", "name": "Li", "role": "owner"},
    )

    answer = staff.post(
        act("subscriptions_customer", "remove_member", customer.pk), {"email": "li@example.com"}
    )

    assert Membership.objects.get().user.email == "li@example.com"
    assert "last owner" in answer.content.decode()


def test_somebody_else_is_no_member(staff: Client) -> None:
    url = act("subscriptions_customer", "remove_member", make_customer().pk)

    assert "is not a member" in staff.post(url, {"email": "nobody@example.com"}).content.decode()


def test_an_app_is_added_and_archived(staff: Client) -> None:
    staff.post(
        act("subscriptions_customer", "add_app", make_customer().pk), {"name": "Chat", "code": "app_1"}
    )
    app = App.objects.get(code="app_1")

    staff.post(act("subscriptions_app", "archive", app.pk))

    app.refresh_from_db()
    assert app.archived_at is not None


def test_a_taken_app_code_is_said(staff: Client) -> None:
    make_app(code="app_1")
    url = act("subscriptions_customer", "add_app", make_customer().pk)

    assert "taken" in staff.post(url, {"name": "Chat", "code": "app_1"}).content.decode()


def test_a_provider_key_is_shown_once_and_never_stored(staff: Client) -> None:
    answer = staff.post(
        reverse("admin:subscriptions_apikey_add"), {"name": "cluster", "scopes": ["usage:write"]}
    )

    key = ApiKey.objects.get()
    text = answer.content.decode().split('id="key-text">')[1].split("<")[0]
    parts = split_key(text)
    assert "no-store" in answer["Cache-Control"]
    assert parts is not None
    assert (parts[0], digest_of(parts[1])) == (key.prefix, key.digest)
    assert key.created_by.startswith("user:")
    assert text not in shown(staff, reverse("admin:subscriptions_apikey_change", args=[key.pk]))


def test_a_key_is_revoked_by_post_alone(staff: Client) -> None:
    key, _text = make_key(["usage:write"])
    url = act("subscriptions_apikey", "revoke", key.pk)

    staff.get(url)
    key.refresh_from_db()
    assert key.revoked_at is None

    staff.post(url)
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_a_subscription_is_cancelled_and_the_cancellation_undone(staff: Client) -> None:
    row = make_subscription(at=now())

    staff.post(act("subscriptions_subscription", "cancel", row.pk))
    row.refresh_from_db()
    assert row.span.upper is not None

    staff.post(act("subscriptions_subscription", "undo_cancel", row.pk))
    assert Subscription.objects.get().span.upper is None


def test_an_agreement_is_not_edited_by_a_form(staff: Client) -> None:
    row = make_subscription()

    answer = staff.post(reverse("admin:subscriptions_subscription_change", args=[row.pk]), {"term": "annual"})

    row.refresh_from_db()
    assert answer.status_code == 403
    assert row.term == "monthly"


def test_a_person_gets_a_link_to_set_a_password(staff: Client) -> None:
    user = make_user("new@example.com")

    staff.post(act("subscriptions_user", "send_link", user.pk))

    assert mail.outbox[0].to == ["new@example.com"]


def test_only_a_superuser_hands_out_staff_rights(client: Client) -> None:
    clerk = make_user("clerk@example.com", is_staff=True)
    User.objects.filter(pk=clerk.pk).update(is_superuser=False)
    rights = Permission.objects.filter(codename__in=["view_user", "change_user"])
    clerk.user_permissions.set(rights)
    client.force_login(User.objects.get(pk=clerk.pk))
    url = reverse("admin:subscriptions_user_change", args=[clerk.pk])

    client.post(url, {**opened(client, url), "name": "Me", "language": "en", "is_superuser": "on"})

    clerk.refresh_from_db()
    assert clerk.name == "Me"
    assert clerk.is_superuser is False


def test_a_clerk_without_rights_sees_an_empty_desk(client: Client) -> None:
    clerk = make_user("clerk@example.com", is_staff=True)
    User.objects.filter(pk=clerk.pk).update(is_superuser=False)
    client.force_login(User.objects.get(pk=clerk.pk))

    assert "Customers" not in shown(client, reverse("admin:index"))
    assert client.get(reverse("admin:billing_invoice_changelist")).status_code == 403
    assert client.get(reverse("admin:billing_version_preview", args=[make_version().pk])).status_code == 403


def test_a_meter_that_is_charged_by_keeps_how_it_counts(staff: Client) -> None:
    names = {"name_en": "Messages", "name_zh": "消息"}
    meter = Meter.objects.create(code="messages", kind="sum", event_type="m", unit="messages", **names)
    make_version()
    url = reverse("admin:plans_meter_change", args=[meter.pk])

    staff.post(
        url, {**opened(staff, url), "name_en": "Texts", "name_zh": "文本", "kind": "count", "unit": "x"}
    )

    meter.refresh_from_db()
    assert (meter.name_en, meter.kind, meter.unit) == ("Texts", "sum", "messages")


def test_a_module_is_edited_as_text_with_its_rules(staff: Client) -> None:
    text = "charges:\n- code: fee\n  name: {en: Fee, zh-Hans: 费用}\n  steps:\n  - price: {flat: 29}\n"
    rules = {"rules-TOTAL_FORMS": "0", "rules-INITIAL_FORMS": "0"}
    given = {"code": "translation", "name_en": "Translation", "name_zh": "翻译", **rules}

    wrong = staff.post(
        reverse("admin:plans_featuremodule_add"), {**given, "charges": "charges:\n- cod: fee\n"}
    )
    right = staff.post(
        reverse("admin:plans_featuremodule_add"), {**given, "charges": text, "grants": "translation: true"}
    )

    assert 'data-line="2"' in wrong.content.decode()
    assert right.status_code == 302
    made = FeatureModule.objects.get()
    assert made.charges["charges"][0]["steps"] == [{"price": {"flat": "29"}}]
    assert made.grants == {"translation": "true"}


def test_an_api_key_that_acted_is_called_one() -> None:
    assert unlisted("key:key_8hk2") == "API key key_8hk2"
    with translation.override("zh-hans"):
        assert unlisted("key:key_8hk2") == "API 密钥 key_8hk2"
