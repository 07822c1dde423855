"""Who may open what: usage for all, money for owner and billing, keys for owner and developer."""

import pytest

from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import PASSWORD, ROLES, TODAY, World, subscribed

EVERYBODY = set(ROLES)
MONEY, KEYS, TEAM = {"owner", "billing"}, {"owner", "developer"}, {"owner"}
PAGES = {
    "/": EVERYBODY,
    "/usage/": EVERYBODY,
    "/usage/days.csv": EVERYBODY,
    "/plans/": EVERYBODY,
    "/plans/growth/": EVERYBODY,
    "/subscriptions/": EVERYBODY,
    "/apps/": EVERYBODY,
    "/invoices/": MONEY,
    "/quotes/": MONEY,
    "/payment-method/": MONEY,
    "/plans/growth/subscribe/": MONEY,
    "/keys/": KEYS,
    "/team/": TEAM,
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_opens_its_pages_and_no_other(world: World, sign_in: SignIn, role: str) -> None:
    subscribed(world, at=TODAY)
    client = sign_in(role)

    got = {page: client.get(page).status_code for page in PAGES}

    assert got == {page: 200 if role in allowed else 403 for page, allowed in PAGES.items()}


@pytest.mark.parametrize("role", ROLES)
def test_the_menu_offers_what_the_role_may_open(world: World, sign_in: SignIn, role: str) -> None:
    page = sign_in(role).get("/").content.decode()

    for address in ("/invoices/", "/payment-method/", "/keys/", "/team/"):
        assert (f'href="{address}"' in page) == (role in PAGES[address]), address


@pytest.mark.parametrize("role", ROLES)
def test_a_quote_is_read_by_who_reads_invoices(world: World, sign_in: SignIn, role: str) -> None:
    kept = sign_in("owner").post("/plans/growth/quotes/?use-mau=10", {"key": "form_a"})["Location"]
    client = sign_in(role)
    may = role in MONEY

    assert client.get(kept).status_code == (200 if may else 403)
    again = client.post("/plans/growth/quotes/?use-mau=11", {"key": "form_b"})
    assert again.status_code == (302 if may else 403)
    assert ('href="/quotes/"' in client.get("/plans/").content.decode()) == may
    calculated = client.get("/plans/growth/?use-mau=10")
    assert calculated.status_code == 200
    assert ('form="save-quote"' in calculated.content.decode()) == may


def test_nobody_gets_in_without_signing_in(client: object, db: None) -> None:
    for page in PAGES:
        response = client.get(page)  # type: ignore[attr-defined]
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={page}")


def test_the_refusal_names_the_owners_to_ask(world: World, sign_in: SignIn) -> None:
    response = sign_in("viewer").get("/invoices/")

    assert response.status_code == 403
    assert "owner@harbour.example" in response.content.decode()


def test_a_viewer_sees_no_amount_on_the_overview(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)

    page = sign_in("viewer").get("/").content.decode()

    assert "Upcoming bill" not in page
    assert "Last invoices" not in page


def test_a_strangers_objects_are_not_found(world: World, sign_in: SignIn) -> None:
    other = factories.make_customer("Elsewhere", currency="CNY")
    theirs = factories.make_subscription(other, world.versions["starter"], at=TODAY)
    key, _text = factories.make_key(["usage:read"], other)
    member = factories.make_user(customer=other).memberships.get()
    client = sign_in("owner")

    assert client.get(f"/subscriptions/{theirs.public_id}/cancel/").status_code == 404
    assert client.post(f"/subscriptions/{theirs.public_id}/keep/").status_code == 404
    assert client.post(f"/keys/{key.public_id}/revoke/").status_code == 404
    assert client.post(f"/team/{member.pk}/", {"role": "viewer"}).status_code == 404
    assert client.get("/invoices/inv_0000000000000000/").status_code == 404
    assert client.get("/plans/no-such-plan/").status_code == 404


def test_an_app_cannot_be_added_without_the_role(world: World, sign_in: SignIn) -> None:
    assert sign_in("viewer").post("/apps/", {"name": "Mine"}).status_code == 403
    assert world.customer.apps.count() == 2


def test_a_person_of_two_customers_switches_between_them(world: World, sign_in: SignIn) -> None:
    second = factories.make_customer("Second")
    factories.services.add_member(customer=second, user=world.owner, role="viewer", by=factories.TESTER)
    client = sign_in("owner")

    assert client.get("/team/").status_code == 200
    client.post("/customer/", {"customer": second.public_id})

    assert client.get("/team/").status_code == 403  # a viewer there
    stranger = factories.make_customer("Third")
    assert client.post("/customer/", {"customer": stranger.public_id}).status_code == 404


def test_staff_without_a_customer_are_shown_the_way(db: None, client: object) -> None:
    factories.make_user("staff@example.com", is_staff=True, password=PASSWORD)
    client.post("/accounts/login/", {"login": "staff@example.com", "password": PASSWORD})  # type: ignore[attr-defined]

    page = client.get("/")  # type: ignore[attr-defined]

    assert page.status_code == 200
    assert 'href="/admin/"' in page.content.decode()
