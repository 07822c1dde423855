"""Before a year is agreed the pages say what leaving early gives back and how far a coupon reaches."""

from pathlib import Path

import pytest

from plans.catalogue import read_catalogue
from plans.exit_words import exit_words
from plans.models import Plan, PlanVersion
from plans.services import apply_catalogue
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.test_seat_prices import client_of
from tests.portal.world import TODAY, World, subscribed

OFFERS = Path(__file__).resolve().parents[2] / "catalogues" / "offers.yaml"
CLAWED = "are charged at the monthly price"
WHOLE = "The coupon counts for 3 months and applies to all that falls due in them"


@pytest.mark.parametrize("page", ["/plans/talk/", "/plans/talk/subscribe/"])
def test_a_year_says_what_leaving_it_gives_back(db: None, page: str) -> None:
    client = client_of("offers", "USD")

    assert CLAWED in client.get(f"{page}?term=annual").content.decode()
    assert CLAWED not in client.get(page).content.decode()


def test_each_policy_has_its_sentence(db: None) -> None:
    apply_catalogue(read_catalogue(OFFERS.read_text("utf-8")), at=TODAY, by=factories.TESTER)
    told = {version.number: exit_words(version) for version in PlanVersion.objects.filter(plan__code="talk")}

    assert "nothing of the year's payment" in told[1]
    assert CLAWED in told[2]
    assert "the unused months" in told[3]


def test_a_plan_with_a_rule_of_its_own_says_so(db: None) -> None:
    figure = {"code": "early_exit", "of": "paid"}
    version = PlanVersion(source={"early_exit": "keep", "terms": {"figures": [figure]}})

    assert "own rule" in exit_words(version)


@pytest.mark.parametrize("page", ["/plans/talk/", "/plans/talk/subscribe/"])
def test_a_coupon_of_some_months_on_a_year_says_that_it_takes_the_whole(db: None, page: str) -> None:
    client = client_of("offers", "USD")

    assert WHOLE in client.get(f"{page}?term=annual&coupon=SPRING-26").content.decode()
    assert WHOLE not in client.get(f"{page}?coupon=SPRING-26").content.decode()
    assert WHOLE not in client.get(f"{page}?term=annual").content.decode()


def test_the_coupon_takes_its_share_of_the_whole_year(db: None) -> None:
    page = client_of("offers", "USD").get("/plans/talk/?term=annual&coupon=SPRING-26")

    lines = {line.charge: line.amount for line in page.context["preview"].start.lines}
    assert lines["base"] == 12 * 4400
    assert lines["spring_off"] == -12 * 880


def test_plans_of_two_kinds_run_side_by_side(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    other = Plan.objects.create(code="sms", name_en="SMS", name_zh="短信", family="sms")
    factories.make_version({"currency": ["CNY"], "charges": []}, plan=other)

    page = sign_in().get("/plans/sms/subscribe/")

    assert "This plan is of another kind: both run side by side" in page.content.decode()
    assert page.context["form"].scopes[0][0] == ""  # all apps are still free of it


def test_one_kind_is_for_other_apps_only(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY, app=world.apps[0])

    page = sign_in().get("/plans/scale/subscribe/")

    assert "A second subscription of this kind of plan must be for another app." in page.content.decode()
    assert page.context["form"].scopes == [(world.apps[1].code, world.apps[1].name)]


def test_a_refused_form_does_not_offer_all_apps_again(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    given = {"collection": "offline", "app": "", "key": "form_" + "0" * 16}

    page = sign_in().post("/plans/scale/subscribe/", given)

    assert "It counts every app" in page.content.decode()
    assert page.context["form"].scopes == []
