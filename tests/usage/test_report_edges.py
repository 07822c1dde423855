"""What feeds a meter, which days and periods there are to report, and what is refused at their edges."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from plans.catalogue import read_catalogue
from plans.models.meters import MeterSource
from plans.problems import TermsInvalid
from plans.services_catalogue import apply_catalogue
from plans.timespan import local_midnight
from tests.factories import NOW, TESTER, make_app, make_customer, make_subscription
from tests.usage.reports_world import (
    EVIDENCE,
    by_period,
    daily,
    day_report,
    period_report,
    put,
    report,
    statuses,
)
from tests.usage.world import Door, an_app, event, make_meter, send
from usage.models import QuarantinedEvent, UsageRollup
from usage.services import mark_dirty, roll_up_all

pytestmark = pytest.mark.django_db


FEEDS = [  # source of the meter -> what its three doors say
    (MeterSource.EVENTS, "accepted", "fed_otherwise", "fed_otherwise"),
    (MeterSource.DAILY_REPORTS, "fed_otherwise", "accepted", "fed_otherwise"),
    (MeterSource.PERIOD_REPORTS, "fed_otherwise", "fed_otherwise", "accepted"),
]


@pytest.mark.parametrize(("source", "of_event", "of_day", "of_period"), FEEDS)
def test_a_meter_is_fed_in_one_way_only(source: str, of_event: str, of_day: str, of_period: str) -> None:
    make_meter("calls", "sum", event_type="calls", source=source)
    app = an_app()
    make_subscription(app.customer, at=datetime(2026, 11, 1, tzinfo=UTC))

    sent = send(event(app, type="calls"))
    told = [
        report(day_report(app, "2026-11-18", "1", "calls")),
        report(period_report(app, "2026-11", "1", "calls")),
    ]

    assert [one.code for one in sent.rejected] == ([] if of_event == "accepted" else [of_event])
    assert [statuses(one)[0] for one in told] == [of_day, of_period]
    assert QuarantinedEvent.objects.count() == 0


def test_an_event_type_shared_with_a_reported_meter_feeds_the_other_meter_alone() -> None:
    make_meter("messages")
    daily("message_days")
    type(daily("other")).objects.filter(code="message_days").update(event_type="message.sent")
    app = an_app()

    assert send(event(app)).accepted == 1
    roll_up_all()
    assert [row.meter.code for row in UsageRollup.objects.all()] == ["messages"]


def test_what_feeds_a_meter_stays_once_figures_are_there() -> None:
    meter = daily()
    report(day_report(an_app(), "2026-11-18", "1"))

    assert meter.is_counted
    meter.source = MeterSource.EVENTS
    with pytest.raises(IntegrityError), transaction.atomic():
        meter.save()


KINDS = [
    ("count", "3", "accepted"), ("count", "3.5", "not_whole"), ("count", "1000000000000000", "out_of_range"),
    ("sum", "3.5", "accepted"), ("gauge", "3.5", "accepted"), ("unique", "3", "days_of_users"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value", "said"), KINDS)
def test_a_figure_must_be_one_that_the_meter_can_count(kind: str, value: str, said: str) -> None:
    daily("calls", kind)

    assert statuses(report(day_report(an_app(), "2026-11-18", value, "calls"))) == [said]


ZONES = [  # zone, day, hours of it, offset at its start
    ("Pacific/Kiritimati", "2026-11-18", 24, 14),
    ("Etc/GMT+12", "2026-11-18", 24, -12),
    ("Asia/Shanghai", "2026-11-18", 24, 8),
    ("Asia/Kathmandu", "2026-11-18", 24, 5.75),
    ("America/New_York", "2026-03-08", 23, -5),
    ("America/New_York", "2026-11-01", 25, -4),
    ("Australia/Lord_Howe", "2026-10-04", 23.5, 10.5),
    ("America/Santiago", "2026-09-06", 23, -3),  # midnight itself is skipped
    ("America/Havana", "2026-11-01", 25, -4),  # midnight happens twice
]


@pytest.mark.parametrize(("zone", "day", "hours", "offset"), ZONES)
def test_A28_a_reported_day_is_a_day_of_the_billing_zone(
    zone: str, day: str, hours: float, offset: float
) -> None:
    daily()
    app = an_app(zone)
    at = datetime.fromisoformat(f"{day}T12:00:00+00:00") + timedelta(days=2)

    assert statuses(report(day_report(app, day, "5"), at=at)) == ["accepted"]

    row = UsageRollup.objects.get()
    assert row.cell_end - row.cell_start == timedelta(hours=hours)
    local = row.cell_start.astimezone(ZoneInfo(zone))
    assert (local.date().isoformat(), local.utcoffset()) == (day, timedelta(hours=offset))


def test_A28_a_day_that_the_zone_skipped_cannot_be_reported() -> None:
    daily()
    app = an_app("Pacific/Apia")
    at = datetime(2012, 1, 5, tzinfo=UTC)

    told = report(*[day_report(app, f"2011-12-{day}", "5") for day in (29, 30, 31)], at=at)

    assert statuses(told) == ["accepted", "invalid_day", "accepted"]


PERIODS = [  # anchor day of the agreement, what is reported -> verdict
    (1, "2026-10", "accepted"),
    (1, "2026-10-01", "accepted"),
    (1, "2026-10-02", "across_an_edge"),
    (10, "2026-10-10", "accepted"),
    (10, "2026-10", "across_an_edge"),
    (10, "2026-10-01", "across_an_edge"),
    (10, "2026-10-11", "across_an_edge"),
    (31, "2026-10-31", "accepted"),  # to 30 November
    (31, "2026-09-30", "accepted"),
]


@pytest.mark.parametrize(("anchored", "label", "said"), PERIODS)
def test_A28_a_report_over_an_edge_is_refused_not_shared_out(anchored: int, label: str, said: str) -> None:
    by_period()
    zone = ZoneInfo("Asia/Shanghai")
    customer = make_customer(billing_zone=str(zone))
    app = make_app(customer)
    make_subscription(customer, at=local_midnight(date(2026, 8, anchored), zone))

    told = report(period_report(app, label, "7"))

    assert statuses(told) == [said]
    if said == "across_an_edge":
        assert told[0].refusal is not None
        assert "2026-10" in str(told[0].refusal.limit)


def test_a_period_has_one_figure_whatever_name_it_goes_by() -> None:
    by_period()
    customer = make_customer(billing_zone="UTC")
    app = make_app(customer)
    make_subscription(customer, at=datetime(2026, 8, 1, tzinfo=UTC))

    told = report(period_report(app, "2026-10", "7"), period_report(app, "2026-10-01", "8", revision=2))

    assert statuses(told) == ["accepted", "accepted"]
    assert (UsageRollup.objects.get().count, UsageRollup.objects.get().grain) == (8, "period")
    history = Door().get(f"/api/v1/usage/reports/{app.code}/mau/2026-10").json()
    assert [one["value"] for one in history["history"]] == ["8", "7"]


@pytest.mark.parametrize("missing", ["evidence", "evidence_hash"])
def test_a_period_needs_its_evidence(missing: str) -> None:
    by_period()
    app = an_app()
    body = {"value": "1", **EVIDENCE}
    del body[missing]

    answer = put(Door(), f"{app.code}/mau/2026-10", body)

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, missing)


def test_a_moved_zone_cannot_report_an_hour_twice() -> None:
    daily()
    app = an_app("UTC")
    report(day_report(app, "2026-11-17", "5"))
    app.customer.billing_zone = "Asia/Shanghai"
    app.customer.save()

    assert statuses(report(day_report(app, "2026-11-17", "5"))) == ["report_overlaps"]


def test_a_recompute_leaves_a_reported_cell_alone() -> None:
    meter = daily()
    app = an_app()
    report(day_report(app, "2026-11-18", "5"))
    at = datetime(2026, 11, 18, 12, tzinfo=UTC)
    mark_dirty(app=app, meter=meter, instant=at, reason="looked at", at=NOW, by=TESTER)

    roll_up_all()

    assert UsageRollup.objects.get().max == 5


def test_a_catalogue_file_cannot_change_what_feeds_a_counted_meter() -> None:
    daily()
    text = (
        "meters:\n  - {code: dau, names: {en: Days, zh-Hans: 日}, kind: gauge, unit: dau, source: events,"
        " event_type: dau}\nplans: []\n"
    )
    apply_catalogue(read_catalogue(text), at=NOW, by=TESTER)
    apply_catalogue(read_catalogue(text.replace("events,", "daily_reports,")), at=NOW, by=TESTER)
    report(day_report(an_app(), "2026-11-18", "1"))

    with pytest.raises(TermsInvalid) as refused:
        apply_catalogue(read_catalogue(text), at=NOW, by=TESTER)

    assert [(one.path, one.code) for one in refused.value.problems] == [("meters[0].source", "meter_in_use")]
