"""Reports that do not fit a window: cut to it, waited for, and good where nobody reports."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from billing.models import BillingJob, SlaAssessment
from billing.services.nightly import run_night
from billing.services.runs import run_jobs, tick
from billing.services.sla import assess
from billing.sla import Measured, parts, unreported, within
from plans.actor import NIGHT
from plans.timespan import Period
from tests.billing.test_sla_credit import GOLD, OCTOBER_1, SEPTEMBER, drain
from tests.billing.world import ANCHOR, EDGE, begin, report_availability
from tests.factories import make_app, make_customer
from usage.models import AvailabilityReport

DAY = timedelta(days=1)
WAIT = timedelta(days=10)
OCTOBER = Period(SEPTEMBER.end, datetime(2026, 10, 31, 16, tzinfo=UTC))
HELD = Period(ANCHOR, SEPTEMBER.end)  # the agreement's part of September


def measured(start, end, good, total, *failed, app="a", region="") -> Measured:
    return Measured(app, region, Period(start, end), "minutes", Decimal(good), Decimal(total), failed)


def week_over_the_edge(*failed: Period) -> Measured:
    """Three days of September and four of October, 1080 of 10080 minutes lost."""
    return measured(OCTOBER.start - 3 * DAY, OCTOBER.start + 4 * DAY, 9000, 10080, *failed)


def test_without_failed_ranges_a_report_is_cut_by_time():
    september, october = (within([week_over_the_edge()], month)[0] for month in (SEPTEMBER, OCTOBER))

    assert (september.total, october.total) == (4320, 5760)
    assert (september.total - september.good).quantize(Decimal("0.01")) == Decimal("462.86")  # 1080 × 3 / 7
    assert september.good + october.good == 9000


def test_failed_ranges_say_on_which_side_the_outage_was():
    outage = Period(OCTOBER.start + DAY, OCTOBER.start + DAY + timedelta(hours=18))
    again = Period(OCTOBER.start + DAY, OCTOBER.start + DAY + timedelta(hours=2))  # said twice, lost once

    september, october = (
        within([week_over_the_edge(outage, again)], month)[0] for month in (SEPTEMBER, OCTOBER)
    )

    assert (september.good, september.total) == (4320, 4320)
    assert (october.good, october.total) == (4680, 5760)


def test_more_cannot_be_lost_than_there_is():
    """Good and total may count requests while the ranges are short: the part stays within 0 to 100 %."""
    report = measured(
        OCTOBER.start - DAY, OCTOBER.start + DAY, 0, 10, Period(OCTOBER.start, OCTOBER.start + DAY)
    )

    october = within([report], OCTOBER)[0]

    assert (october.good, october.total) == (0, 5)


def test_unreported_time_counts_as_good_at_the_reported_rate():
    day = measured(SEPTEMBER.start, SEPTEMBER.start + DAY, 1400, 1440)

    (part,) = parts([day], SEPTEMBER, ["a"])

    assert (part.good, part.total) == (43160, 43200)
    assert unreported([day], SEPTEMBER, ["a"]) == ["a"]


def test_each_region_and_each_app_is_to_be_reported():
    whole = measured(SEPTEMBER.start, SEPTEMBER.end, 43200, 43200, region="eu")
    half = measured(SEPTEMBER.start, SEPTEMBER.start + 15 * DAY, 1, 1, region="us")

    assert unreported([whole, half], SEPTEMBER, ["a", "b"]) == ["a us", "b"]
    assert unreported([whole], SEPTEMBER, ["a"]) == []


def store(app, start, end, good, total, revision=1) -> AvailabilityReport:
    return AvailabilityReport.objects.create(
        app=app, region="cn-north", window=(start, end), unit="minutes", good=good, total=total,
        revision=revision, content_hash=f"{start}{revision}", reported_at=end, by="key:test",
    )  # fmt: skip


@pytest.mark.django_db
def test_an_outage_over_a_month_s_edge_is_credited_once():
    subscription, _start = begin(options=GOLD)
    app = subscription.customer.apps.get()
    store(app, OCTOBER.start - 3 * DAY, OCTOBER.start + 4 * DAY, 9000, 10080)
    drain(EDGE + timedelta(hours=24))

    rows = [
        assess(subscription, window, at=datetime(2026, 11, 20, tzinfo=UTC), by=NIGHT)
        for window in (SEPTEMBER, OCTOBER)
    ]

    lost = [Decimal(row.parts[0]["total"]) - Decimal(row.parts[0]["good"]) for row in rows]
    assert sum(lost) == 1080


@pytest.mark.django_db
def test_an_outage_before_the_agreement_is_not_credited():
    """An hour of it lies in the agreement: 60 of its 30300 minutes, not 11580 of 41580."""
    subscription, _start = begin(options=GOLD)
    app = subscription.customer.apps.get()
    store(app, ANCHOR - 8 * DAY, ANCHOR + timedelta(hours=1), 0, 11580)
    store(app, ANCHOR + timedelta(hours=1), SEPTEMBER.end, 30180, 30180)

    row = assess(subscription, SEPTEMBER, at=OCTOBER_1, by=NIGHT)

    assert (row.parts[0]["good"], row.parts[0]["total"]) == ("30180", "30240")


def two_apps():
    customer = make_customer(billing_zone="Asia/Shanghai")
    apps = [make_app(customer), make_app(customer)]
    customer.apps.update(created_at=ANCHOR - DAY)
    subscription, _start = begin(customer=customer, options=GOLD)
    return subscription, *apps


@pytest.mark.django_db
def test_the_fee_is_shared_over_every_app_also_a_silent_one():
    subscription, first, second = two_apps()
    report_availability(first, "42000")

    row = assess(subscription, SEPTEMBER, at=SEPTEMBER.end + WAIT, by=NIGHT)

    assert row.fee == 2800
    assert [(part["app"], part["fee"]) for part in row.parts] == sorted(
        [(first.code, 1400), (second.code, 1400)]
    )
    assert row.amount <= 1400


@pytest.mark.django_db
def test_an_app_made_after_the_window_has_no_share_of_it():
    subscription, first, second = two_apps()
    second.__class__.objects.filter(pk=second.pk).update(created_at=SEPTEMBER.end)
    report_availability(first, "42000")

    row = assess(subscription, SEPTEMBER, at=SEPTEMBER.end, by=NIGHT)

    assert [part["fee"] for part in row.parts] == [2800]


@pytest.mark.django_db
def test_a_window_waits_for_its_reports_and_the_night_says_so():
    _subscription, first, second = two_apps()
    report_availability(first, "42000")

    night = run_night(OCTOBER_1)

    assert night.left == []
    (said,) = night.held
    assert said.endswith(f"not reported for the whole window: {second.code}")
    assert not SlaAssessment.objects.exists()
    assert not run_night(OCTOBER_1).changed

    report_availability(second, "43200")
    assert tick(OCTOBER_1) == 1
    run_jobs(OCTOBER_1)

    row = SlaAssessment.objects.get()
    assert [part["fee"] for part in row.parts] == [1400, 1400]
    assert BillingJob.objects.get().held_until is None


@pytest.mark.django_db
def test_a_window_waits_no_longer_than_the_claim_window():
    subscription, first, _second = two_apps()
    report_availability(first, "42000")
    run_night(OCTOBER_1)

    run_night(SEPTEMBER.end + WAIT - timedelta(seconds=1))
    assert not SlaAssessment.objects.exists()
    run_night(SEPTEMBER.end + WAIT)

    assert SlaAssessment.objects.get().subscription == subscription


@pytest.mark.django_db
def test_a_held_window_holds_up_no_invoice():
    subscription, _start = begin(options=GOLD, at=datetime(2026, 9, 5, 3, tzinfo=UTC))
    store(subscription.customer.apps.get(), ANCHOR, ANCHOR + DAY, 1000, 1440)

    drain(datetime(2026, 10, 6, tzinfo=UTC))

    assert set(BillingJob.objects.values_list("step", "state")) == {("sla", "waiting"), ("cycle", "done")}


@pytest.mark.django_db
def test_whole_local_days_cover_the_agreement_s_part_of_the_month():
    """The first report reaches back before the start, as whole days do; nothing waits."""
    subscription, _start = begin(options=GOLD)
    app = subscription.customer.apps.get()
    day = HELD.start
    while day < HELD.end:
        store(app, day, day + DAY, 1440, 1440)
        day += DAY

    night = run_night(OCTOBER_1)

    assert night.held == []
    assert SlaAssessment.objects.get().amount == 0
