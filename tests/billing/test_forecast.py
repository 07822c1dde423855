"""The forecast of a bill: three totals and the next jump, against the bill itself."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.selectors import upcoming_bill
from billing.selectors_forecast import Forecast, forecast
from plans.models import Meter
from plans.timespan import local_midnight
from subscriptions.models import App, Subscription
from subscriptions.models.keys import Scope
from tests.billing.world import SHANGHAI, START, begin, make_plan
from tests.factories import make_customer, make_key
from tests.usage.world import Door, event, send
from usage.models import DistinctUser, UsageRollup
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
FIRST = date(2026, 9, 10)  # the agreement's first day in Shanghai; 10 October ends its month
NOW = datetime(2026, 9, 30, 4, tzinfo=SHANGHAI)  # ten days and what is left of this one


def app_of(subscription: Subscription) -> App:
    return subscription.customer.apps.get()


def cell(app: App, day: date, value: str, region: str = "", meter: str = "messages") -> None:
    start = local_midnight(day, SHANGHAI)
    amount = Decimal(value)
    UsageRollup.objects.create(
        app=app, meter=Meter.objects.get(code=meter), region=region, cell_start=start,
        cell_end=local_midnight(day + DAY, SHANGHAI), sum=amount, count=1, min=amount, max=amount,
        updated_at=NOW,
    )  # fmt: skip


def used(subscription: Subscription, daily: str, *, days: int = 20, **more: str) -> None:
    for n in range(days):
        cell(app_of(subscription), FIRST + n * DAY, daily, **more)


def seen(subscription: Subscription, *users: int, day: date) -> None:
    """Let these users be active on a day."""
    meter = Meter.objects.get(code="mau")
    DistinctUser.objects.bulk_create(
        DistinctUser(app=app_of(subscription), meter=meter, day=day, user_digest=f"{user:032x}")
        for user in users
    )


def told(one: Forecast | None) -> tuple[int, int | None, int | None]:
    assert one is not None
    return one.floor, one.expected, one.high


def test_without_usage_the_floor_is_all() -> None:
    subscription, _invoice = begin()

    one = forecast(subscription, NOW)
    assert told(one) == (4000, 4000, 4000)
    assert one is not None
    assert not one.is_known


def test_steady_usage_makes_one_expected_bill() -> None:
    """20 days of 10,000 messages: 150,000 above the allowance, 15 blocks at 3.00; 300,000 in the end."""
    subscription, _invoice = begin()
    used(subscription, "10000")

    one = forecast(subscription, NOW)
    upcoming = upcoming_bill(subscription, NOW)
    assert upcoming is not None
    assert told(one) == (upcoming.total, 4000 + 25 * 300, 4000 + 25 * 300)
    assert upcoming.total == 4000 + 15 * 300


def test_the_bill_that_comes_equals_the_forecast_when_usage_does() -> None:
    subscription, _invoice = begin()
    for n in range(20):
        cell(app_of(subscription), FIRST + n * DAY, "7000", "cn-north")
        cell(app_of(subscription), FIRST + n * DAY, "3000", "eu-west")
    before = forecast(subscription, NOW)
    for n in range(20, 30):
        cell(app_of(subscription), FIRST + n * DAY, "7000", "cn-north")
        cell(app_of(subscription), FIRST + n * DAY, "3000", "eu-west")
    last = upcoming_bill(subscription, NOW + 9 * DAY + timedelta(hours=19))

    assert before is not None
    assert last is not None
    assert (before.expected, before.high) == (last.total, last.total)


def test_uneven_usage_has_a_higher_ninetieth_percentile() -> None:
    subscription, _invoice = begin()
    for n in range(20):
        cell(app_of(subscription), FIRST + n * DAY, "5000" if n % 2 else "15000")

    floor, expected, high = told(forecast(subscription, NOW))
    assert expected is not None
    assert high is not None
    assert floor < expected < high


def test_users_are_forecast_as_newcomers() -> None:
    """Two new users a day: 40 after 20 days, 60 at the end; 3 are included, each more is 1.255."""
    subscription, _invoice = begin()
    for n in range(20):
        seen(subscription, 2 * n, 2 * n + 1, *range(0, n, 3), day=FIRST + n * DAY)

    one = forecast(subscription, NOW)
    assert one is not None
    outlook = next(row.outlook for row in one.meters if row.meter.code == "mau")
    assert (outlook.floor, outlook.expected, outlook.high) == (40, 60, 60)
    assert told(one) == (4000 + 4644, 4000 + 7154, 4000 + 7154)  # 37 and 57 x 1.255, to the cent


def test_the_next_block_is_a_cliff_of_one_block() -> None:
    subscription, _invoice = begin()
    used(subscription, "2900")  # 58,000 so far: the first block above 50,000 ends at 60,000

    one = forecast(subscription, NOW)
    assert one is not None
    assert [(row.meter.code, row.distance, row.jump) for row in one.cliffs] == [("messages", 2001, 300)]


def test_a_cliff_out_of_reach_is_not_told() -> None:
    subscription, _invoice = begin()
    used(subscription, "50")

    one = forecast(subscription, NOW)
    assert one is not None
    assert one.cliffs == []


def test_after_its_end_an_agreement_has_no_forecast() -> None:
    subscription, _invoice = begin()

    assert forecast(subscription, START - timedelta(days=40)) is None


BANDED: dict[str, Any] = {
    "meters": {
        "messages": {"unit": "messages", "reduce": [{"take": "sum", "per": ["day"]}, {"take": "max"}]}
    },
    "charges": [
        {"code": "peak", "tags": ["usage"], "of": "messages", "steps": [{"price": {"each": "0.01"}}]},
    ],
}


def test_a_price_of_the_highest_day_is_not_forecast_as_a_sum() -> None:
    subscription, _invoice = begin(version=make_plan(**BANDED, figures=[]))
    used(subscription, "2000")

    assert told(forecast(subscription, NOW)) == (2000, 2000, 2000)


def test_packs_cover_what_is_forecast_too() -> None:
    """A forecast rates the same parts as the bill, so whatever a bill draws from is drawn from."""
    subscription, _invoice = begin(
        version=make_plan(charges=POOLED, pools={"shared": {"size": "250000"}}, figures=[])
    )
    used(subscription, "10000")

    assert told(forecast(subscription, NOW)) == (
        0,
        500,
        500,
    )  # 200,000 covered, then 50,000 of 300,000 are not


POOLED = [
    {
        "code": "messages",
        "tags": ["usage"],
        "of": "messages",
        "steps": [{"draw": {"pool": "shared"}}, {"price": {"each": "1", "per": "10000", "partial": "ceil"}}],
    }
]


def test_what_events_are_worth_is_forecast_in_what_they_are_worth() -> None:
    meters = {"messages": {"unit": "messages", "each": {"times": ["value", "2"]}}}
    charges = [
        {"code": "messages", "tags": ["usage"], "of": "messages", "steps": [{"price": {"each": "0.01"}}]}
    ]
    subscription, _invoice = begin(version=make_plan(meters=meters, charges=charges, figures=[]))
    app = app_of(subscription)
    for n in range(20):
        send(event(app, at=local_midnight(FIRST + n * DAY, SHANGHAI), value="100", type="messages"), at=NOW)
    roll_up_all()

    one = forecast(subscription, NOW)
    assert told(one) == (4000, 6000, 6000)  # 20 and 30 days of 100, each worth 2, at 0.01


def test_usage_that_reaches_a_band_to_ask_for_has_no_expected_bill() -> None:
    charges = [
        {
            "code": "messages",
            "tags": ["usage"],
            "of": "messages",
            "steps": [
                {"price": {"mode": "volume", "bands": [{"upto": "250000", "each": "0.01"}, {"ask": "true"}]}}
            ],
        }
    ]
    subscription, _invoice = begin(version=make_plan(charges=charges, figures=[]))
    used(subscription, "10000")

    assert told(forecast(subscription, NOW)) == (200_000, None, None)


def test_the_api_tells_a_customers_own_key_and_nobody_else(settings: Any) -> None:
    settings.RATECARD_CLOCK = "tests.billing.test_forecast.now"
    subscription, _invoice = begin()
    used(subscription, "2900")
    path = f"/api/v1/subscriptions/{subscription.public_id}/upcoming"
    own = Door(key=make_key([Scope.BILLING_READ], subscription.customer)[1])

    body = own.get(path).json()
    assert body["total"] == {"floor": 4300, "expected": 5200, "high": 5200}
    assert [line["charge"] for line in body["lines"]] == ["base", "users", "messages", "annual"]
    assert body["cliffs"] == [{"meter": "messages", "unit": "messages", "distance": 2001, "jump": 300}]
    messages = next(one for one in body["meters"] if one["meter"] == "messages")
    assert messages["quantity"] == {"floor": "58000", "expected": "87000", "high": "87000"}
    assert messages["end"] == "2026-10-09T16:00:00Z"
    stranger = Door(key=make_key([Scope.BILLING_READ], make_customer())[1])
    assert stranger.get(path).status_code == 404
    assert Door().get(path).status_code in (403, 404)


def now() -> datetime:
    """The clock of the API above."""
    return NOW
