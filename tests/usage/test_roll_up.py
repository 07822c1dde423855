"""Folding: once, in the customer's own days, and the same whatever came when."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction

from plans.timespan import local_midnight
from subscriptions.models import App
from tests.factories import NOW, TESTER
from tests.usage.world import an_app, event, make_meter, rows, send
from usage import services
from usage.models import DirtyCell, DistinctUser, IngestBatch, UsageRollup

pytestmark = pytest.mark.django_db


def cells(app: App, meter: str = "messages") -> list[tuple[str, str, str, int]]:
    """Return (first instant, region, sum, events) of an app's cells."""
    found = UsageRollup.objects.filter(app=app, meter__code=meter).order_by("cell_start", "region")
    return [(f"{c.cell_start:%m-%d %H:%M}", c.region, f"{c.sum.normalize():f}", c.count) for c in found]


def test_events_become_cells_by_app_meter_region_and_day() -> None:
    make_meter()
    app, other = an_app(), an_app()
    send(
        event(app),
        event(app, value="2.5"),
        event(app, region="eu"),
        event(other),
        event(app, at="2026-11-19T10:00:00Z"),
    )

    assert services.roll_up() == 1
    assert cells(app) == [
        ("11-19 00:00", "", "1", 1),
        ("11-20 00:00", "", "3.5", 2),
        ("11-20 00:00", "eu", "1", 1),
    ]
    assert cells(other) == [("11-20 00:00", "", "1", 1)]


def test_B01_a_second_fold_changes_nothing() -> None:
    make_meter()
    app = an_app()
    send(event(app))

    assert services.roll_up_all() == 1
    assert services.roll_up_all() == 0
    assert cells(app) == [("11-20 00:00", "", "1", 1)]
    assert IngestBatch.objects.get().state == "done"


def test_B06_a_later_batch_adds_to_its_cell_without_a_new_revision() -> None:
    make_meter()
    app = an_app()
    for _night in range(3):
        send(event(app, value="2"))
        services.roll_up()

    assert cells(app) == [("11-20 00:00", "", "6", 3)]
    assert UsageRollup.objects.get().revision == 1


def test_A15_ten_tenths_are_one() -> None:
    make_meter()
    app = an_app()
    send(*[event(app, value="0.1") for _ in range(10)])
    services.roll_up()

    assert UsageRollup.objects.get().sum == Decimal(1)


@pytest.mark.parametrize(
    ("zone", "instant", "start", "end"),
    [
        ("Asia/Shanghai", "2026-11-19T15:59:59Z", "11-18 16:00", "11-19 16:00"),
        ("Asia/Shanghai", "2026-11-19T16:00:00Z", "11-19 16:00", "11-20 16:00"),
        ("Asia/Kolkata", "2026-11-19T18:29:59.999999Z", "11-18 18:30", "11-19 18:30"),
        ("Asia/Kolkata", "2026-11-19T18:30:00Z", "11-19 18:30", "11-20 18:30"),
        ("Asia/Kathmandu", "2026-11-19T18:15:00Z", "11-19 18:15", "11-20 18:15"),
        ("Pacific/Kiritimati", "2026-11-19T10:00:00Z", "11-19 10:00", "11-20 10:00"),
        ("Etc/GMT+12", "2026-11-19T11:59:59Z", "11-18 12:00", "11-19 12:00"),
        ("America/New_York", "2026-11-01T05:30:00Z", "11-01 04:00", "11-02 05:00"),  # a day of 25 hours
        ("America/Havana", "2026-11-01T04:30:00Z", "11-01 04:00", "11-02 05:00"),  # midnight comes twice
    ],
)
def test_B09_a_cell_is_a_day_of_the_billing_zone(zone: str, instant: str, start: str, end: str) -> None:
    make_meter()
    app = an_app(zone)
    send(event(app, at=instant))
    services.roll_up()

    cell = UsageRollup.objects.get()
    assert (f"{cell.cell_start:%m-%d %H:%M}", f"{cell.cell_end:%m-%d %H:%M}") == (start, end)


def test_B09_a_midnight_that_does_not_exist_begins_after_the_gap() -> None:
    make_meter()
    app, zone = an_app("America/Santiago"), ZoneInfo("America/Santiago")
    send(event(app, at="2026-09-06T04:30:00Z"), backfill=True)
    services.roll_up()

    assert UsageRollup.objects.get().cell_start == local_midnight(
        datetime(2026, 9, 6, tzinfo=UTC).date(), zone
    )


def test_B11_a_gauge_keeps_its_peak_and_the_latest_value_by_time_then_key() -> None:
    make_meter("online", kind="gauge", event_type="online.sampled")
    app = an_app()
    noon, later = "2026-11-20T01:00:00Z", "2026-11-20T02:00:00Z"
    for value, at in (("5", later), ("9", noon), ("3", noon)):
        send(event(app, type="online.sampled", value=value, at=at))
        services.roll_up()

    cell = UsageRollup.objects.get()
    assert (cell.max, cell.min, cell.last, cell.last_at) == (9, 3, 5, datetime(2026, 11, 20, 2, tzinfo=UTC))


def test_a_user_is_seen_once_a_local_day() -> None:
    make_meter("mau", kind="unique")
    app = an_app("Asia/Shanghai")
    late, night = "2026-11-19T15:00:00Z", "2026-11-19T17:00:00Z"
    for _twice in range(2):
        send(*[event(app, user=user, at=at) for user in ("u1", "u2") for at in (late, night)])
        services.roll_up()

    assert sorted(str(d) for d in DistinctUser.objects.values_list("day", flat=True)) == [
        "2026-11-19",
        "2026-11-19",
        "2026-11-20",
        "2026-11-20",
    ]


def test_B12_a_pass_takes_no_more_than_its_limit_and_the_rest_waits() -> None:
    make_meter()
    app = an_app()
    for _batch in range(3):
        send(*[event(app) for _ in range(10)])

    assert [services.roll_up(limit=20) for _pass in range(3)] == [2, 1, 0]
    assert cells(app) == [("11-20 00:00", "", "30", 30)]


def test_B02_a_fold_that_dies_leaves_the_batch_pending() -> None:
    make_meter()
    app = an_app()
    send(event(app))
    try:
        with transaction.atomic():
            services.roll_up()
            raise DatabaseError("killed before commit")
    except DatabaseError:
        pass

    assert cells(app) == []
    services.roll_up()
    assert cells(app) == [("11-20 00:00", "", "1", 1)]


def test_a_dirty_cell_is_assigned_from_events_that_were_folded() -> None:
    make_meter()
    app = an_app("Asia/Shanghai")
    meter = app_meter = make_meter("mau", kind="unique")
    send(event(app, user="u1"), event(app, user="u2", region="eu"), at=NOW)
    services.roll_up()
    UsageRollup.objects.update(sum=99, count=99)  # what a bad deploy might have done
    UsageRollup.objects.create(**ghost(app, app_meter))
    send(event(app, user="u3"))  # pending: a recompute must not count it, the fold will
    for target in (meter, UsageRollup.objects.exclude(meter=meter).first().meter):
        services.mark_dirty(app=app, meter=target, instant=NOW, reason="test", at=NOW, by=TESTER)
        services.mark_dirty(app=app, meter=target, instant=NOW, reason="again", at=NOW, by=TESTER)

    assert services.rebuild_dirty() == 2

    assert cells(app) == [("11-19 16:00", "", "1", 1), ("11-19 16:00", "eu", "1", 1)]
    assert cells(app, "mau") == [
        ("11-19 16:00", "", "1", 1),
        ("11-19 16:00", "eu", "1", 1),
        ("11-19 16:00", "ghost", "0", 0),
    ]
    assert set(UsageRollup.objects.values_list("revision", flat=True)) == {2}
    assert DistinctUser.objects.count() == 2
    assert not DirtyCell.objects.exists()
    services.roll_up_all()
    assert cells(app) == [("11-19 16:00", "", "2", 2), ("11-19 16:00", "eu", "1", 1)]


def ghost(app: App, meter: object) -> dict[str, object]:
    whole = UsageRollup.objects.filter(region="eu").values("cell_start", "cell_end").first() or {}
    return {
        "app": app,
        "meter": meter,
        "region": "ghost",
        "sum": 7,
        "count": 7,
        "min": 1,
        "max": 1,
        "updated_at": NOW,
        **whole,
    }


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE usage_usageevent SET value = 2",
        "DELETE FROM usage_usageevent",
        "UPDATE usage_usageeventkey SET payload_hash = 0",
        "UPDATE usage_ingestbatch SET state = 'pending', folded_at = NULL",
        "UPDATE usage_usagerollup SET sum = 'NaN'",
        "UPDATE usage_usagerollup SET sum = 1e30",
        "UPDATE usage_usagerollup SET cell_end = cell_start",
        "INSERT INTO usage_usageevent SELECT app_id, meter_id, batch_id, occurred_at, received_at, event_key,"
        " user_digest, 'NaN', region, dims FROM usage_usageevent",
    ],
)
def test_the_tables_defend_themselves(sql: str) -> None:
    make_meter()
    send(event(an_app()))
    services.roll_up()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


def test_a_pending_batch_cannot_be_deleted() -> None:
    make_meter()
    send(event(an_app()))

    with pytest.raises(DatabaseError), transaction.atomic():
        IngestBatch.objects.all().delete()


def test_partitions_are_made_ahead_once() -> None:
    far = datetime(2031, 3, 1, 12, tzinfo=UTC)

    assert services.make_partitions(at=far) == 9
    assert services.make_partitions(at=far) == 0
    assert rows("SELECT to_regclass('usage_usageevent_20310308') IS NOT NULL") == [(True,)]
