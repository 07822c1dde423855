"""Reports that are missing while a bill grows: estimated as by the invoice, and labelled; or not guessed."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.selectors import upcoming_bill
from billing.selectors_forecast import forecast
from subscriptions.models import App
from subscriptions.models.keys import Scope
from tests.billing.test_forecast import FIRST, NOW, told
from tests.billing.test_report_bills import agreement
from tests.billing.test_report_gate import expect
from tests.factories import make_key, make_user
from tests.usage.reports_world import day_report, report
from tests.usage.world import Door
from usage.models import MissingPolicy

pytestmark = pytest.mark.django_db
WHOLE = 4000 + 15 * 300, 4000 + 25 * 300, 4000 + 25 * 300  # 20 days of 10,000, 30 in the end


def reported(app: App, *gaps: int) -> None:
    days = [FIRST + timedelta(days=n) for n in range(20) if n not in gaps]
    report(*[day_report(app, day.isoformat(), "10000", "messages") for day in days], at=NOW)


@pytest.mark.parametrize("gap", [4, 19])  # in the middle; yesterday, which is not overdue yet
@pytest.mark.parametrize("policy", [MissingPolicy.MEAN_7, MissingPolicy.LAST_VALUE])
def test_the_forecast_has_estimates_for_the_days_that_are_missing(gap: int, policy: str) -> None:
    subscription, app = agreement()
    reported(app, gap)
    expect(policy)

    one = forecast(subscription, NOW)

    assert told(one) == WHOLE
    assert one is not None
    (meter,) = [m for m in one.meters if m.meter.code == "messages"]
    assert meter.estimated_days == 1
    upcoming = upcoming_bill(subscription, NOW)
    assert upcoming is not None
    assert upcoming.total == WHOLE[0]


def test_where_the_policy_is_to_wait_nothing_is_guessed() -> None:
    subscription, app = agreement()
    reported(app, 4)
    expect(MissingPolicy.HOLD)

    one = forecast(subscription, NOW)
    assert one is not None
    assert one.floor == 4000 + 14 * 300
    assert one.expected == one.high == 4000 + 24 * 300  # ten days more, each as the reported ones were
    assert [meter.estimated_days for meter in one.meters] == [0, 0]
    assert {meter.meter.code: meter.outlook.unknown for meter in one.meters}["messages"] == 1


def test_today_is_no_missing_day() -> None:
    subscription, app = agreement()
    reported(app)
    expect(MissingPolicy.MEAN_7)
    assert told(forecast(subscription, NOW)) == WHOLE


def test_the_api_labels_it(settings: Any) -> None:
    subscription, app = agreement()
    reported(app, 4)
    expect(MissingPolicy.MEAN_7)
    settings.RATECARD_CLOCK = "tests.billing.test_forecast.now"
    key = make_key([Scope.BILLING_READ], subscription.customer)[1]

    body = Door(key=key).get(f"/api/v1/subscriptions/{subscription.public_id}/upcoming").json()

    assert {line["charge"]: line["is_estimated"] for line in body["lines"]}["messages"] is True
    assert {one["meter"]: one["days_estimated"] for one in body["meters"]}["messages"] == 1


WAITS = [
    ("en", "1 day of the last four weeks is not reported yet; the averages leave it out"),
    ("zh-hans", "过去四周中有 1 天尚未上报，平均值已将其略去"),
]


@pytest.mark.parametrize(("language", "label"), WAITS)
def test_a_day_that_is_waited_for_is_labelled_too(language: str, label: str, settings: Any) -> None:
    subscription, app = agreement()
    reported(app, 4)
    expect(MissingPolicy.HOLD)
    settings.RATECARD_CLOCK = "tests.billing.test_forecast.now"
    person = make_user("owner@harbour.example", customer=subscription.customer, role="owner")
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language

    assert label in client.get("/usage/").content.decode()


LABELS = [
    ("en", "1 day estimated, as its report is missing", "with estimates, as reports are missing"),
    ("zh-hans", "1 天为估算值，因缺少上报", "含估算值，因缺少上报"),
]


@pytest.mark.parametrize(("language", "label", "line"), LABELS)
def test_the_portal_labels_it(language: str, label: str, line: str, settings: Any) -> None:
    subscription, app = agreement()
    reported(app, 4)
    expect(MissingPolicy.MEAN_7)
    settings.RATECARD_CLOCK = "tests.billing.test_forecast.now"
    person = make_user("owner@harbour.example", customer=subscription.customer, role="owner")
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language

    assert label in client.get("/usage/").content.decode()
    assert line in client.get("/").content.decode()
