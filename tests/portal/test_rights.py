"""Allowances that nothing charges for stand on the card and in the table, with what happens at their end."""

from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.test_seat_prices import client_of
from tests.portal.world import TODAY, World, subscribed


def parts(page: str, plan: str) -> tuple[str, str]:
    """Return the plan's card and the table below."""
    card = page.split(f'id="p-{plan}"')[1].split("</section>")[0]
    return card, page.split('id="extras"')[1]


def test_an_allowance_without_a_charge_says_its_figure_and_its_end(db: None) -> None:
    page = client_of("dingtalk", "CNY").get("/plans/").content.decode()

    for part in parts(page, "office_free"):
        assert "API calls a month" in part
        assert "5,000 requests, then use is refused" in part
        assert "10,000 requests, use is refused from 11,000 on" in part  # 10 % of grace
    assert "500,000 requests, then a warning; use goes on" in parts(page, "office_professional")[0]


def test_it_is_said_in_chinese(db: None) -> None:
    card, table = parts(
        client_of("dingtalk", "CNY", "zh-hans").get("/plans/").content.decode(), "office_free"
    )

    for part in (card, table):
        assert "5,000 次，用完即停用" in part


def test_an_allowance_with_a_price_is_told_once(world: World, sign_in: SignIn) -> None:
    card, table = parts(sign_in().get("/plans/").content.decode(), "growth")

    assert "Traffic" in card
    assert "Traffic included" not in table


def test_seats_are_shown_where_the_plan_has_any(world: World, sign_in: SignIn) -> None:
    plain = factories.make_version({"currency": ["CNY"], "charges": []})
    factories.make_subscription(world.customer, plain, at=TODAY, app=world.apps[0])
    assert b"<dt>Seats</dt>" not in sign_in().get("/subscriptions/").content

    subscribed(world, at=TODAY, app=world.apps[1])
    assert sign_in().get("/subscriptions/").content.count(b"<dt>Seats</dt>") == 1
