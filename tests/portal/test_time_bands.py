"""Prices by time band in the price list, the calculator and the usage page; a figure is asked for each."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.quote_request import QuoteRequest
from billing.services.quotes import make_quote
from plans.models import Meter, Plan
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World

NIGHT = {
    "code": "night",
    "name": {"en": "Night", "zh-Hans": "夜间"},
    "windows": [{"from": "22:00", "to": "08:00"}],
}
PRICES = {"night": {"each": "0.1"}, "day": {"each": "0.2"}}
TERMS = {
    "currency": ["CNY"],
    "round": {"line": "minor"},
    "schedules": {"calls": {"zone": "Asia/Shanghai", "bands": [NIGHT], "else": "day"}},
    "meters": {"talk": {"unit": "minutes", "schedule": "calls"}, "mau": {"unit": "users"}},
    "charges": [
        {"code": "base", "tags": ["plan"], "of": "1", "steps": [{"price": {"flat": "40"}}]},
        {
            "code": "calls",
            "tags": ["usage"],
            "of": "talk",
            "split": "band",
            "steps": [{"price": {"pick": "band", "cases": PRICES}}],
        },
        {"code": "users", "tags": ["usage"], "of": "mau", "steps": [{"price": {"each": "0.5"}}]},
    ],
}  # fmt: skip


@pytest.fixture
def talk(world: World) -> Plan:
    plan = Plan.objects.create(code="talk", name_en="Talk", name_zh="通话版")
    Meter.objects.create(code="talk", name_en="Call minutes", name_zh="通话分钟", kind="sum", unit="minutes")
    factories.make_version(TERMS, plan=plan)
    return plan


def test_the_price_list_has_a_line_for_each_time_band(talk: Plan, sign_in: SignIn) -> None:
    page, chinese = (sign_in(language=one).get("/plans/") for one in ("en", "zh-hans"))

    (card,) = [one for one in page.context["cards"] if one.offer.version.plan == talk]
    assert [(name, one.price.each) for one, name in card.highlights if one.meter == "talk"] == [
        ("Call minutes · Night", Decimal("0.1")),
        ("Call minutes · day", Decimal("0.2")),  # without a name its code stands for it
    ]
    assert "通话分钟 · 夜间" in chinese.content.decode()


def test_the_calculator_asks_and_rates_a_figure_for_each_time_band(talk: Plan, sign_in: SignIn) -> None:
    page = sign_in().get("/plans/talk/?use-talk@night=300&use-talk@day=100&use-mau=2")

    assert page.context["form"].request.usage == {
        "talk": [{"value": "300", "band": "night"}, {"value": "100", "band": "day"}], "mau": "2"
    }  # fmt: skip
    shown = [(one.field.label, one.offer.price.each) for one in page.context["sliders"]]
    assert shown[:2] == [("Call minutes · Night", Decimal("0.1")), ("Call minutes · day", Decimal("0.2"))]
    # 300 at 0.10, 100 at 0.20, two users at 0.50, and the next base fee of 40
    assert page.context["preview"].cycle.total == 3000 + 2000 + 100 + 4000
    assert "Call minutes · Night" in page.content.decode()


def test_a_figure_that_cannot_be_is_refused_beside_its_band(talk: Plan, sign_in: SignIn) -> None:
    page = sign_in().get("/plans/talk/?use-talk@night=-1&use-talk@day=5")

    assert list(page.context["form"].errors) == ["use-talk@night"]
    assert page.context["preview"] is None


def test_a_quote_without_times_says_which_band_prices_it(talk: Plan, world: World, sign_in: SignIn) -> None:
    request = QuoteRequest(plan="talk", usage={"talk": "100", "mau": "2"})
    quote = make_quote(request, customer=world.customer, at=TODAY, by=factories.TESTER)

    page, chinese = (
        sign_in(language=one).get(f"/quotes/{quote.public_id}/").content.decode() for one in ("en", "zh-hans")
    )

    assert "Call minutes: no times of day are given, so all of it is priced as “day”." in page
    assert "通话分钟：没有写明时刻，因此全部按“day”计价。" in chinese


def test_a_saved_quote_keeps_the_bands(talk: Plan, sign_in: SignIn) -> None:
    client = sign_in()
    key = client.get("/plans/talk/").context["key"]

    answer = client.post("/plans/talk/quotes/?use-talk@night=300&use-talk@day=100", {"key": key}, follow=True)

    said = answer.content.decode()
    assert "Night" in said
    assert "¥30.00" in said
    assert "¥20.00" in said


def test_the_usage_page_compares_no_band_with_the_whole(talk: Plan, world: World, sign_in: SignIn) -> None:
    version = talk.versions.get()
    factories.make_subscription(world.customer, version, at=TODAY - timedelta(days=10))

    said = sign_in().get("/usage/").content.decode()

    assert "priced by the time of use" in said
    assert "¥0.10 per" not in said
