"""Readings of reported meters: which day and period counts where, live figures, pages, restatements."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from plans.timespan import Period, local_midnight
from subscriptions.models import App, Subscription, SubscriptionPhase
from tests.factories import NOW, make_app, make_customer, make_subscription, make_version
from tests.usage.reports_world import by_period, daily, day_report, period_report, report, statuses
from tests.usage.world import Door
from usage import selectors, services
from usage.models import Reading, ReportExpectation
from usage.selectors_late import changed_periods

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 20, tzinfo=UTC)


def midnight(day: int, month: int = 10, zone: ZoneInfo = SHANGHAI) -> datetime:
    return local_midnight(date(2026, month, day), zone)


OCTOBER = Period(midnight(1), midnight(1, 11))


def agreement(day: int = 1, zone: str = "Asia/Shanghai") -> tuple[Subscription, App]:
    customer = make_customer(billing_zone=zone)
    app = make_app(customer)
    return make_subscription(customer, at=midnight(day, zone=ZoneInfo(zone))), app


def read(subscription: Subscription, period: Period = OCTOBER, meter: str = "dau") -> list[tuple[str, str]]:
    rows = services.freeze(subscription=subscription, period=period, meters=[meter], at=AT)
    return [(row.region, f"{row.value.normalize():f}") for row in rows]


def end(subscription: Subscription, at: datetime) -> None:
    """End an agreement at an instant, as a move to another plan in mid-day does."""
    for row in (subscription, *SubscriptionPhase.objects.filter(subscription=subscription)):
        row.span = (row.span.lower, at)
        row.save()


KINDS = [("sum", "7"), ("count", "7"), ("gauge", "4")]


@pytest.mark.parametrize(("kind", "value"), KINDS)
def test_days_add_up_or_peak_by_region(kind: str, value: str) -> None:
    daily("dau", kind)
    subscription, app = agreement()
    report(*[day_report(app, f"2026-10-{n:02}", str(n)) for n in (1, 2, 4)])
    report(day_report(app, "2026-10-02", "6", region="eu"))

    assert read(subscription) == [("", value), ("eu", "6")]
    assert {(one.region, one.value) for one in selectors.live_values(subscription, OCTOBER, ["dau"])} == {
        ("", 1), ("", 2), ("", 4), ("eu", 6),
    }  # fmt: skip


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "Asia/Kathmandu"])
def test_A28_days_at_the_edges_of_a_period_count_once_in_any_zone(zone: str) -> None:
    daily("dau", "sum")
    subscription, app = agreement(zone=zone)
    known = ZoneInfo(zone)
    days = [(date(2026, 9, 30), "1"), (date(2026, 10, 1), "10"), (date(2026, 10, 31), "100")]
    report(*[day_report(app, str(day), value) for day, value in [*days, (date(2026, 11, 1), "1000")]],
           at=AT)  # fmt: skip
    october = Period(midnight(1, zone=known), midnight(1, 11, known))
    november = Period(october.end, midnight(1, 12, known))

    assert read(subscription, october) == [("", "110")]
    assert read(subscription, november) == [("", "1000")]


def test_A28_a_day_cut_by_the_end_of_an_agreement_counts_whole_and_once() -> None:
    daily("dau", "sum")
    subscription, app = agreement()
    noon = midnight(20) + timedelta(hours=12)
    end(subscription, noon)
    following = make_subscription(subscription.customer, at=noon)
    report(*[day_report(app, f"2026-10-{n}", "5") for n in (19, 20, 21)], at=AT)

    assert following.span.lower == noon
    assert read(subscription, Period(OCTOBER.start, noon)) == [("", "10")]
    assert read(following, Period(noon, OCTOBER.end)) == [("", "5")]


CUT = [(12, True), (None, False)]  # hour at which a second agreement follows -> it has the month


@pytest.mark.parametrize(("hour", "follows"), CUT)
def test_A28_a_month_cut_by_an_agreement_counts_once(hour: int | None, follows: bool) -> None:
    by_period()
    subscription, app = agreement()
    report(period_report(app, "2026-10", "77"), at=AT)
    noon = midnight(20) + timedelta(hours=12)
    end(subscription, noon)
    cut = Period(OCTOBER.start, noon)
    if hour is None:
        assert read(subscription, cut, "mau") == [("", "77")]
        return
    following = make_subscription(subscription.customer, at=noon)

    assert read(subscription, cut, "mau") == [("", "0")]
    assert read(following, Period(noon, OCTOBER.end), "mau") == [("", "77")]


def test_a_calendar_month_counts_in_the_part_that_the_agreement_covers() -> None:
    by_period()
    customer = make_customer(billing_zone="Asia/Shanghai")
    app = make_app(customer)
    charge = {
        "code": "mau",
        "of": "mau",
        "every": "month",
        "anchor": "calendar",
        "steps": [{"price": {"each": "1"}}],
    }
    terms = {"currency": ["USD"], "meters": {"mau": {"unit": "users"}}, "charges": [charge]}
    subscription = make_subscription(customer, make_version(terms), at=midnight(15))

    assert statuses(report(period_report(app, "2026-10", "9"), at=AT)) == ["accepted"]

    assert read(subscription, Period(midnight(15), OCTOBER.end), "mau") == [("", "9")]
    assert read(subscription, Period(OCTOBER.end, midnight(15, 11)), "mau") == [("", "0")]


def test_a_restated_period_is_news_until_it_is_frozen_again() -> None:
    by_period()
    subscription, app = agreement()
    report(period_report(app, "2026-10", "5"), at=AT)
    read(subscription, meter="mau")

    def news() -> list[Period]:
        return changed_periods([subscription.pk]).get(subscription.pk, [])

    assert news() == []
    report(period_report(app, "2026-10", "6", revision=2), at=AT)
    assert news() == [OCTOBER]
    services.revise(subscription=subscription, period=OCTOBER, meters=["mau"], at=AT)
    assert news() == []
    assert [(row.revision, int(row.value)) for row in Reading.objects.order_by("revision")] == [
        (1, 5),
        (2, 6),
    ]


def test_the_usage_page_shows_days_and_periods() -> None:
    daily()
    by_period()
    _subscription, app = agreement(10)
    report(day_report(app, "2026-10-12", "5"), period_report(app, "2026-10-10", "70"), at=AT)
    asked = {"from": "2026-10-01", "to": "2026-12-01"}

    by_day = Door().get("/api/v1/usage", **asked).json()["data"]
    by_month = Door().get("/api/v1/usage", window="month", **asked).json()["data"]

    assert [(one["meter"], one["value"]) for one in by_day] == [("dau", "5")]
    assert {(one["meter"], one["value"], one["start"], one["end"]) for one in by_month} == {
        ("dau", "5", "2026-09-30T16:00:00Z", "2026-10-31T16:00:00Z"),
        ("mau", "70", "2026-10-09T16:00:00Z", "2026-11-09T16:00:00Z"),
    }


def test_a_reading_tells_its_reports_over_the_api() -> None:
    daily()
    subscription, app = agreement()
    report(day_report(app, "2026-10-12", "5", revision=4), at=AT)
    read(subscription)
    reading = Reading.objects.get()

    told = Door().get(f"/api/v1/readings/{reading.public_id}").json()["cells"]
    events = Door().get(f"/api/v1/readings/{reading.public_id}/cells/1/events").json()

    assert (told[0]["report"]["revision"], told[0]["raw_kept"], told[0]["value"]) == (4, False, "5")
    assert (events["data"], events["raw_kept"]) == ([], False)


FRESH = [  # what is reported of 14 to 19 November -> the figures are complete through
    (range(14, 20), "2026-11-20T03:14:15Z"),
    (range(14, 19), "2026-11-18T16:00:00Z"),
    ((14, 15, 17, 18), "2026-11-15T16:00:00Z"),
]


@pytest.mark.parametrize(("days", "through"), FRESH)
def test_freshness_stops_at_the_first_day_that_is_owed(days: Sequence[int], through: str) -> None:
    meter = daily()
    terms = {"currency": ["USD"], "meters": {"dau": {"unit": "users"}}, "charges": []}
    customer = make_customer(billing_zone="Asia/Shanghai")
    app = make_app(customer)
    make_subscription(customer, make_version(terms), at=midnight(1))
    report(*[day_report(app, f"2026-11-{n}", "5") for n in days], at=NOW)
    assert Door().get("/api/v1/usage").json()["complete_through"] > NOW.isoformat()[:10]

    ReportExpectation.objects.create(meter=meter, since=date(2026, 11, 14))

    told = Door().get("/api/v1/usage").json()["complete_through"]
    assert told == through if len(days) < 6 else told >= through
