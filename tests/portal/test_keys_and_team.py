"""Keys show their secret once; a team keeps an owner; agreements end and go on."""

from django.test import Client

from subscriptions.auth import principal_of
from subscriptions.models import ApiKey, Membership, Subscription
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed


def token_of(client: Client) -> str:
    return str(client.get("/keys/").context["token"])


def make(client: Client, token: str) -> object:
    form = {"name": "Reports", "scopes": ["usage:read"], "lifetime": "30", "token": token}
    return client.post("/keys/", form)


def test_a_new_key_is_shown_once_and_works(world: World, sign_in: SignIn) -> None:
    client = sign_in("developer")

    page = make(client, token_of(client))

    text = page.context["text"]  # type: ignore[attr-defined]
    assert page["Cache-Control"] == "no-store"  # type: ignore[index]
    assert text in page.content.decode()  # type: ignore[attr-defined]
    assert principal_of(text, at=TODAY) is not None
    listed = client.get("/keys/").content.decode()
    assert text not in listed
    assert f"rc_live_{ApiKey.objects.get().prefix}" in listed


def test_sending_the_form_again_makes_no_second_key(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    token = token_of(client)

    make(client, token)
    again = make(client, token)

    assert ApiKey.objects.count() == 1
    assert again["Location"] == "/keys/"  # type: ignore[index]


def test_a_key_without_a_scope_is_refused_beside_the_field(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    page = client.post("/keys/", {"name": "", "token": token_of(client)})

    assert page.status_code == 200
    assert "Choose at least one." in page.content.decode()
    assert not ApiKey.objects.exists()


def test_a_customer_cannot_take_a_writing_scope(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    client.post("/keys/", {"name": "x", "scopes": ["usage:write"], "token": token_of(client)})

    assert not ApiKey.objects.exists()


def test_a_revoked_key_no_longer_opens(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    text = make(client, token_of(client)).context["text"]  # type: ignore[attr-defined]

    asked = client.get(f"/keys/{ApiKey.objects.get().public_id}/revoke/")
    client.post(f"/keys/{ApiKey.objects.get().public_id}/revoke/")

    assert "cannot be taken back" in asked.content.decode()
    assert principal_of(text, at=TODAY) is None


def test_a_person_is_added_and_changed_and_removed(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    client.post("/team/", {"email": "new@harbour.example", "name": "New", "role": "viewer"})
    member = Membership.objects.get(user__email="new@harbour.example")
    client.post(f"/team/{member.pk}/", {"role": "billing"})
    member.refresh_from_db()
    assert member.role == "billing"
    assert not member.user.has_usable_password()

    client.post(f"/team/{member.pk}/", {"role": "billing", "remove": "1"})
    assert not Membership.objects.filter(pk=member.pk).exists()


def test_the_last_owner_stays(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    me = Membership.objects.get(user=world.owner)

    page = client.post(f"/team/{me.pk}/", {"role": "viewer"}, follow=True)

    assert "last owner" in page.content.decode()
    me.refresh_from_db()
    assert me.role == "owner"


def test_a_new_person_can_set_a_password(world: World, sign_in: SignIn, mailoutbox: list) -> None:
    sign_in().post("/team/", {"email": "new@harbour.example", "role": "viewer"})

    Client().post("/accounts/password/reset/", {"email": "new@harbour.example"})

    assert [mail.to for mail in mailoutbox] == [["new@harbour.example"]]


def test_cancelling_says_when_it_ends_and_can_be_taken_back(world: World, sign_in: SignIn) -> None:
    agreement = subscribed(world, at=TODAY)
    client = sign_in("billing")
    address = f"/subscriptions/{agreement.public_id}"

    asked = client.get(f"{address}/cancel/").content.decode()
    client.post(f"{address}/cancel/")
    listed = client.get("/subscriptions/").content.decode()

    assert "Dec 10, 2026" in asked  # the month began on 10 November, Shanghai
    assert Subscription.objects.get().span.upper is not None
    assert "Dec 10, 2026" in listed
    client.post(f"{address}/keep/")
    assert Subscription.objects.get().span.upper is None
