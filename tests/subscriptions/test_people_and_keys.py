"""Customers, members and keys: what is accepted, what is refused by name, what a repeat does."""

from datetime import timedelta

import pytest

from plans.money import UnknownCurrency
from subscriptions import errors, selectors, services
from subscriptions.auth import principal_of
from subscriptions.models import User
from tests.factories import NOW, TESTER, make_app, make_customer, make_key, make_user

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def test_a_customer_has_a_real_zone_currency_and_language() -> None:
    with pytest.raises(errors.UnknownZone):
        make_customer(billing_zone="Asia/Beijing")
    with pytest.raises(UnknownCurrency):
        make_customer(currency="RMB")
    with pytest.raises(errors.UnknownLanguage):
        make_customer(language="zh-hant")


def test_an_app_code_is_taken_once_and_an_archived_app_stays() -> None:
    app = make_app(code="app_one")

    with pytest.raises(errors.CodeTaken):
        make_app(code="app_one")
    services.archive_app(app, at=NOW, by=TESTER)
    assert services.archive_app(app, at=NOW + SECOND, by=TESTER).archived_at == NOW


def test_a_user_is_made_once_whatever_the_case() -> None:
    first = services.create_user(email="Ann@Example.com", password="a long password", by=TESTER)

    assert services.create_user(email="ann@example.COM", by=TESTER) == first
    assert User.objects.count() == 1


def test_p10_a_removed_member_is_none_at_once() -> None:
    customer = make_customer()
    make_user(customer=customer)
    viewer = make_user(customer=customer, role="viewer")
    assert list(selectors.customers_of(viewer)) == [customer]

    services.remove_member(customer=customer, user=viewer, by=TESTER)
    services.remove_member(customer=customer, user=viewer, by=TESTER)

    assert selectors.membership_of(viewer, customer) is None
    assert not selectors.customers_of(viewer)


def test_a_role_changes_but_the_last_owner_stays() -> None:
    customer = make_customer()
    owner, other = make_user(customer=customer), make_user(customer=customer, role="viewer")

    with pytest.raises(errors.LastOwner):
        services.add_member(customer=customer, user=owner, role="billing", by=TESTER)
    with pytest.raises(errors.LastOwner):
        services.remove_member(customer=customer, user=owner, by=TESTER)
    with pytest.raises(errors.UnknownRole):
        services.add_member(customer=customer, user=other, role="king", by=TESTER)
    services.add_member(customer=customer, user=other, role="owner", by=TESTER)
    assert services.add_member(customer=customer, user=owner, role="billing", by=TESTER).role == "billing"


@pytest.mark.parametrize(
    ("scopes", "of_customer"),
    [(["usage:write"], True), (["billing:read"], False), ([], True), (["usage:read", "root"], False)],
)
def test_s4_a_key_holds_only_scopes_of_its_kind(scopes: list[str], of_customer: bool) -> None:
    with pytest.raises(errors.ScopeNotAllowed):
        make_key(scopes, make_customer() if of_customer else None)


def test_s3_a_key_works_until_it_expires_or_is_revoked() -> None:
    key, text = services.create_api_key(
        name="k", scopes=["usage:write"], at=NOW, by=TESTER, expires_at=NOW + SECOND
    )
    found = principal_of(text, at=NOW)
    assert found is not None
    assert (found.customer_id, found.scopes) == (None, frozenset({"usage:write"}))
    assert principal_of(text, at=NOW + SECOND) is None

    revoked = services.revoke_api_key(key, at=NOW, by=TESTER)
    assert principal_of(text, at=NOW) is None
    assert services.revoke_api_key(key, at=NOW + SECOND, by=TESTER).revoked_at == revoked.revoked_at
    with pytest.raises(errors.ExpiryPast):
        services.create_api_key(name="k", scopes=["usage:write"], at=NOW, by=TESTER, expires_at=NOW)


def test_standing_is_one_of_three() -> None:
    customer = make_customer()

    assert services.set_standing(customer, standing="grace", at=NOW, by=TESTER).standing == "grace"
    with pytest.raises(errors.UnknownStanding):
        services.set_standing(customer, standing="bad", at=NOW, by=TESTER)
