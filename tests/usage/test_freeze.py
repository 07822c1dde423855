"""Readings: fixed once, exact, and made of folded batches only; and the live figures beside them."""

import random
import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, connections, transaction

from plans.timespan import Period
from subscriptions.models import App, Subscription
from tests.factories import NOW, make_app, make_customer, make_subscription
from tests.usage.world import event, make_meter, send
from usage import selectors, services
from usage.models import Reading, UsageRollup

pytestmark = pytest.mark.django_db
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOVEMBER = Period(datetime(2026, 10, 31, 16, tzinfo=UTC), datetime(2026, 11, 30, 16, tzinfo=UTC))  # there


def agreement(zone: str = "Asia/Shanghai") -> tuple[Subscription, App]:
    customer = make_customer(billing_zone=zone)
    app = make_app(customer)
    return make_subscription(customer), app


def frozen(subscription: Subscription, *meters: str, period: Period = NOVEMBER) -> list[Reading]:
    return services.freeze(subscription=subscription, period=period, meters=meters, at=NOW)


def said(readings: list[Reading]) -> list[tuple[str, str, str, str]]:
    return [(r.meter.code, r.app.code, r.region, f"{r.value.normalize():f}") for r in readings]


def test_a_reading_adds_the_cells_of_its_period_by_region() -> None:
    make_meter()
    subscription, app = agreement()
    before, first = "2026-10-31T15:59:59Z", "2026-10-31T16:00:00Z"
    send(
        event(app, at=before),
        event(app, at=first, value="2"),
        event(app, value="0.5"),
        event(app, region="eu"),
    )
    services.roll_up_all()

    home, eu = frozen(subscription, "messages")

    assert said([home, eu]) == [("messages", app.code, "", "2.5"), ("messages", app.code, "eu", "1")]
    assert home.cells == [
        {"start": "2026-10-31T16:00:00+00:00", "value": "2"},
        {"start": "2026-11-19T16:00:00+00:00", "value": "0.5"},
    ]
    assert len(home.manifest["cells"]) == 2
    assert (home.customer_id, home.period.lower, home.revision) == (app.customer_id, NOVEMBER.start, 1)


def test_B07_a_freeze_is_kept_whatever_comes_later() -> None:
    make_meter()
    subscription, app = agreement()
    send(event(app))
    services.roll_up_all()
    first = frozen(subscription, "messages")
    send(event(app), event(app, region="eu"))
    services.roll_up_all()

    again = frozen(subscription, "messages")

    assert [r.pk for r in again] == [r.pk for r in first]
    assert said(again) == [("messages", app.code, "", "1")]
    assert set(UsageRollup.objects.filter(region="").values_list("revision", flat=True)) == {2}


def test_no_usage_is_a_reading_of_zero_that_stays_zero() -> None:
    make_meter()
    make_meter("mau", kind="unique")
    subscription, app = agreement()
    first = frozen(subscription, "messages", "mau", "not_in_the_catalogue")
    send(event(app, user="u1"))
    services.roll_up_all()

    assert said(first) == said(frozen(subscription, "messages", "mau"))
    assert said(first) == [("mau", app.code, "", "0"), ("messages", app.code, "", "0")]
    assert first[0].cells == []


def test_pending_events_are_not_in_a_reading() -> None:
    make_meter()
    make_meter("mau", kind="unique")
    subscription, app = agreement()
    send(event(app, user="u1"))
    services.roll_up_all()
    send(event(app, user="u2"))

    assert said(frozen(subscription, "mau", "messages")) == [
        ("mau", app.code, "", "1"),
        ("messages", app.code, "", "1"),
    ]


def test_distinct_users_are_exact_and_never_added_over_days() -> None:
    make_meter("mau", kind="unique", value_property="")
    subscription, app = agreement()
    rng = random.Random(7)
    days = [NOVEMBER.start + timedelta(days=d, hours=1) for d in range(20)]
    users = {(rng.choice(days), f"u{rng.randrange(60)}") for _ in range(400)}
    for start in range(0, len(users), 100):
        batch = [event(app, user=user, at=day) for day, user in sorted(users)[start : start + 100]]
        for one in batch:
            del one["data"]["value"]
        assert send(*batch).accepted == len(batch)
    services.roll_up_all()

    (reading,) = frozen(subscription, "mau")

    assert reading.value == len({user for _day, user in users})
    assert reading.cells == [{"start": NOVEMBER.start.isoformat(), "value": str(int(reading.value))}]
    (live,) = selectors.live_values(subscription, NOVEMBER, ["mau"])
    assert (live.value, live.cell_start, live.region) == (reading.value, None, "")
    by_day = dict(selectors.daily_series([app.pk], "mau", date(2026, 11, 1), date(2026, 11, 30), SHANGHAI))
    assert by_day[date(2026, 11, 1)] == len({user for day, user in users if day == days[0]})
    assert by_day[date(2026, 11, 30)] == 0


def test_a_peak_meter_reads_its_highest_value() -> None:
    make_meter("online", kind="gauge", event_type="online")
    subscription, app = agreement()
    send(
        *[
            event(app, type="online", value=v, at=f"2026-11-1{d}T00:00:00Z")
            for d, v in enumerate(["5", "9", "7"])
        ]
    )
    services.roll_up_all()

    (reading,) = frozen(subscription, "online")

    assert reading.value == 9
    assert [cell["value"] for cell in reading.cells] == ["5", "9", "7"]


def test_an_edge_inside_a_day_is_cut_from_the_events() -> None:
    make_meter()
    subscription, app = agreement()
    hours = ["2026-11-19T20:00:00Z", "2026-11-20T02:07:00Z", "2026-11-20T02:06:59Z", "2026-11-18T00:00:00Z"]
    send(*[event(app, at=at, value=v) for at, v in zip(hours, ["1", "10", "100", "1000"], strict=True)])
    services.roll_up_all()
    edge = datetime(2026, 11, 20, 2, 7, tzinfo=UTC)
    before, after = Period(NOVEMBER.start, edge), Period(edge, NOVEMBER.end)

    assert said(frozen(subscription, "messages", period=before))[0][3] == "1101"
    assert said(frozen(subscription, "messages", period=after))[0][3] == "10"
    assert sum(v.value for v in selectors.live_values(subscription, before, ["messages"])) == 1101


def test_a_subscription_of_one_app_reads_that_app_alone() -> None:
    make_meter()
    customer = make_customer()
    app, other = make_app(customer), make_app(customer)
    subscription = make_subscription(customer, app=app)
    send(event(app), event(other))
    services.roll_up_all()

    assert said(frozen(subscription, "messages")) == [("messages", app.code, "", "1")]


def test_readings_are_insert_only_and_of_one_customer() -> None:
    make_meter()
    subscription, _app = agreement()
    stranger = make_app()
    (reading,) = frozen(subscription, "messages")

    for sql in ("UPDATE usage_reading SET value = 5", "DELETE FROM usage_reading"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    reading.pk, reading.public_id, reading.app = None, "rdg_other", stranger
    with pytest.raises(DatabaseError), transaction.atomic():
        reading.save(force_insert=True)


def test_live_values_have_the_shape_of_readings() -> None:
    make_meter()
    subscription, app = agreement()
    send(event(app), event(app, region="eu", value="2"))
    services.roll_up_all()

    values = selectors.live_values(subscription, NOVEMBER, ["messages"])

    day = datetime(2026, 11, 19, 16, tzinfo=UTC)
    assert values == [
        selectors.Value("messages", app.code, "", day, Decimal(1)),
        selectors.Value("messages", app.code, "eu", day, Decimal(2)),
    ]


def test_the_watermark_is_the_oldest_pending_batch_of_these_apps() -> None:
    make_meter()
    _one, app = agreement()
    _two, other = agreement()
    send(event(app))

    assert selectors.complete_through([app.pk]) <= selectors.complete_through([other.pk])
    assert selectors.complete_through([app.pk]) == selectors.complete_through()


def test_a_series_has_every_day() -> None:
    make_meter()
    _subscription, app = agreement()
    send(event(app), event(app, region="eu", at="2026-11-18T16:00:00Z", value="4"))
    services.roll_up_all()

    series = selectors.daily_series([app.pk], "messages", date(2026, 11, 18), date(2026, 11, 20), SHANGHAI)

    assert series == [(date(2026, 11, 18), 0), (date(2026, 11, 19), 4), (date(2026, 11, 20), 1)]


@pytest.mark.django_db(transaction=True)
def test_B01_eight_freezes_at_once_make_one_set_of_readings() -> None:
    make_meter()
    subscription, app = agreement()
    send(event(app), event(app, region="eu"))
    services.roll_up_all()
    barrier, found = threading.Barrier(8), []

    def work() -> None:
        barrier.wait()
        found.append([r.pk for r in frozen(subscription, "messages")])
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]

    assert len(found) == 8
    assert len({tuple(pks) for pks in found}) == 1
    assert Reading.objects.count() == 2
