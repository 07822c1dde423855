"""Usage: a month against its allowances, days by app, the same figures as CSV."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from plans.models import Meter
from plans.templatetags.figures import quantity
from plans.timespan import local_midnight
from subscriptions.models import App
from tests.factories import make_subscription, make_version
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed
from tests.usage.reports_world import by_period, period_report, report
from usage.models import UsageRollup
from usage.services import watch_all_quotas

ZONE = ZoneInfo("Asia/Shanghai")
DAY = date(2026, 11, 12)


def cell(app: App, meter: str, day: date, value: str) -> None:
    """Put a folded cell in place, as the roller writes it."""
    start: datetime = local_midnight(day, ZONE)
    amount = Decimal(value)
    UsageRollup.objects.create(
        app=app,
        meter=Meter.objects.get(code=meter),
        cell_start=start,
        cell_end=start + timedelta(days=1),
        sum=amount,
        count=1,
        min=amount,
        max=amount,
        last=amount,
        last_at=start,
        last_key="00000000-0000-0000-0000-000000000001",
        updated_at=TODAY,
    )


def test_a_month_shows_used_included_and_over(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    cell(world.apps[0], "traffic", DAY, "80.5")
    cell(world.apps[1], "traffic", DAY, "40")
    cell(world.apps[0], "traffic", DAY - timedelta(days=30), "999")  # before the subscription

    month = sign_in("viewer").get("/usage/").context["month"]

    traffic = next(use for use in month.meters if use.meter.code == "traffic")
    assert (traffic.used, traffic.included, traffic.over) == (Decimal("120.5"), 100, Decimal("20.5"))


def test_peaks_of_apps_are_not_added_over_days(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    for day, value in ((DAY, "30"), (DAY + timedelta(days=1), "20")):
        cell(world.apps[0], "connections", day, value)
    cell(world.apps[1], "connections", DAY, "5")

    month = sign_in().get("/usage/").context["month"]

    peak = next(use for use in month.meters if use.meter.code == "connections")
    assert peak.used == 35


def test_the_csv_has_the_days_of_the_billing_zone(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    world.apps[0].name = "=cmd()"
    world.apps[0].save()
    cell(world.apps[0], "traffic", DAY, "80.5")
    cell(world.apps[1], "traffic", DAY, "40")

    response = sign_in("viewer").get("/usage/days.csv?meter=traffic")

    text = response.content.decode("utf-8")
    assert text.startswith("\ufeff")
    rows = text.removeprefix("\ufeff").splitlines()
    assert rows[0] == "day,app,app code,meter,value,unit"
    assert f"2026-11-12,'=cmd(),{world.apps[0].code},traffic,80.5,GB" in rows
    assert f"2026-11-12,Harbour Web,{world.apps[1].code},traffic,40,GB" in rows


def test_one_app_can_be_looked_at_alone(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    cell(world.apps[0], "traffic", DAY, "80.5")
    cell(world.apps[1], "traffic", DAY, "40")

    chart = sign_in().get(f"/usage/?meter=traffic&app={world.apps[1].code}").context["chart"]

    assert [series["name"] for series in chart["series"]] == ["Harbour Web"]
    assert [value for value in chart["series"][0]["values"] if value != "0"] == ["40.000000000000"]


def test_odd_addresses_show_this_month(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    client = sign_in()

    for query in (
        "back=-1",
        "back=999999",
        "back=x",
        "meter=none",
        "app=none",
        "subscription=none",
        "back=²",
    ):
        response = client.get(f"/usage/?{query}")
        assert (query, response.status_code) == (query, 200)


def test_warnings_and_the_outlook_stand_on_the_page(world: World, sign_in: SignIn) -> None:
    subscribed(world, at=TODAY)
    for n in range(10):
        cell(world.apps[0], "traffic", DAY - timedelta(days=2) + timedelta(days=n), "11.5")
    watch_all_quotas(at=TODAY)

    page = sign_in("owner").get("/usage/").content.decode()
    assert "Traffic included reached 100 % of 100 GB" in page
    assert "At the end of the period" in page
    viewer = sign_in("viewer").get("/usage/").content.decode()
    outlook = viewer[viewer.index('id="forecast"') : viewer.index('id="days"')]
    assert "¥" not in outlook  # quantities for everybody, money for those who may see it
    assert "Traffic" in outlook


LONG = [
    ("en", 0, "counted by the quarter; shown in the month in which it ends", "0"),
    ("en", 1, "reported for Jul 10", "90,311"),
    ("zh-hans", 0, "按季度计；在季度结束的那个月显示", "0"),
    ("zh-hans", 1, "上报周期：2026年7月10日至10月9日", "90,311"),
]


@pytest.mark.parametrize(("language", "back", "label", "figure"), LONG)
def test_a_quarter_stands_in_the_month_in_which_it_ends(
    world: World, sign_in: SignIn, language: str, back: int, label: str, figure: str
) -> None:
    meter = by_period("quarter_users")
    users = {
        "code": "users", "tags": ["usage"], "of": "quarter_users", "every": "quarter",
        "steps": [{"price": {"each": "1"}}],
    }  # fmt: skip
    terms = {"currency": "CNY", "meters": {"quarter_users": {"unit": "users"}}, "charges": [users]}
    start = datetime(2026, 7, 9, 16, tzinfo=UTC)
    make_subscription(world.customer, make_version(terms), at=start)
    report(period_report(world.apps[0], "2026-07-10P3M", "90311", meter.code), at=TODAY)
    client = sign_in("viewer")
    client.cookies["django_language"] = language
    asked = f"/usage/?back={back + 1 if back else 0}"

    page = client.get(asked)

    assert label in page.content.decode()
    (use,) = page.context["month"].meters
    assert quantity(use.used) == figure
