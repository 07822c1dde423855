"""A customer with several agreements reaches each of them, on the overview and on the usage page."""

from subscriptions.models import Subscription
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed


def two(world: World) -> tuple[Subscription, Subscription]:
    return (
        subscribed(world, at=TODAY, app=world.apps[0]),
        subscribed(world, at=TODAY, app=world.apps[1], plan="scale"),
    )


def test_every_agreement_has_a_link_and_the_page_follows_it(world: World, sign_in: SignIn) -> None:
    agreements = two(world)
    client = sign_in()

    for page in ("/", "/usage/"):
        shown = client.get(page).content.decode()
        for agreement in agreements:
            address = f"?subscription={agreement.public_id}"
            assert f'<a href="{address}"' in shown, (page, address)
            assert client.get(page + address).context["month"].row.agreement == agreement


def test_the_links_of_a_month_stay_with_the_agreement(world: World, sign_in: SignIn) -> None:
    for agreement in two(world):
        page = sign_in().get(f"/usage/?subscription={agreement.public_id}").content.decode()

        assert f'name="subscription" value="{agreement.public_id}"' in page
        csv = page.split("/usage/days.csv?")[1].split('"')[0]
        assert csv.endswith(f"&amp;subscription={agreement.public_id}")
        overview = sign_in().get(f"/?subscription={agreement.public_id}").content.decode()
        assert f'href="/usage/?subscription={agreement.public_id}"' in overview or "by day" not in overview


def test_one_agreement_needs_no_links(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)

    assert b"?subscription=" not in sign_in().get("/").content
    assert b"?subscription=" not in sign_in().get("/usage/").content


def test_a_look_at_an_ended_agreement_asks_nobody_to_choose_a_plan(world: World, sign_in: SignIn) -> None:
    ended, _live = two(world)
    Subscription.objects.filter(pk=ended.pk).update(span=(ended.span.lower, TODAY))

    page = sign_in().get(f"/?subscription={ended.public_id}")

    assert page.context["month"].row.agreement == ended
    assert "subscribe" not in page.context["steps"]
    assert b"(ended)" in b" ".join(page.content.replace(b'<span class="small">', b"").split())


def test_strangers_agreements_are_not_shown(world: World, sign_in: SignIn) -> None:
    own = two(world)

    page = sign_in().get("/?subscription=sub_0000000000000000")

    assert page.context["month"].row.agreement in own
