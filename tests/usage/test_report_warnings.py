"""Warnings of allowances that daily reports feed: at once, as no fold comes after a report."""

from datetime import timedelta

import pytest

from plans.models import Meter
from subscriptions.models import App
from tests.factories import NOW
from tests.usage.quota_world import STOP, check, subscribed
from tests.usage.reports_world import day_report, report
from usage.models import EntitlementState, QuotaWarning

pytestmark = pytest.mark.django_db


def fed_by_reports() -> App:
    app = subscribed(STOP)
    Meter.objects.filter(code="messages").update(source="daily_reports")
    return app


def noticed() -> list[tuple[int, str]]:
    rows = QuotaWarning.objects.order_by("percent")
    return [(one.percent, format(one.used.normalize(), "f")) for one in rows]


def test_a_daily_report_warns_as_it_arrives() -> None:
    app = fed_by_reports()
    report(day_report(app, "2026-11-17", "79", meter="messages"))
    assert noticed() == []

    report(day_report(app, "2026-11-18", "6", meter="messages"))
    assert noticed() == [(80, "85")]
    assert check(app)["used"] == "85"


def test_a_higher_revision_warns_and_a_repeat_or_an_outdated_one_does_not() -> None:
    app = fed_by_reports()
    one = day_report(app, "2026-11-17", "10", meter="messages", revision=2)
    report(one)
    report({**one, "value": "99", "revision": 1})
    assert noticed() == []

    report({**one, "value": "120", "revision": 3})
    report({**one, "value": "120", "revision": 3})
    assert noticed() == [(80, "120"), (100, "120"), (110, "120")]


def test_rights_that_are_stale_are_rebuilt_for_the_customer_reported_of() -> None:
    app = fed_by_reports()
    other = check(app)
    EntitlementState.objects.update(is_stale=True)

    report(day_report(app, "2026-11-17", "80", meter="messages"), at=NOW + timedelta(minutes=1))

    assert noticed() == [(80, "80")]
    assert EntitlementState.objects.filter(is_stale=False).exists()
    assert other["used"] == "0"
