"""Reads of raw events after retention has dropped some: nothing says a smaller figure."""

import json
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from subscriptions.models import App
from subscriptions.models.keys import Scope
from tests.factories import NOW, TESTER, make_key
from tests.usage.old_days import no_days as no_days
from tests.usage.world import Door, an_app, count, event, make_meter, rows, send
from usage.errors_retention import RawEventsDropped
from usage.models import DroppedDay, EventName, IngestBatch, QuarantinedEvent, UsageEventKey
from usage.parsing import parse
from usage.partitions import ensure_days, partition_of
from usage.purging import SLICE, delete_keys, delete_names
from usage.retention import Need
from usage.selectors_names import Named, named_events
from usage.selectors_windows import WindowQuery, window_rows
from usage.services import drop_day, ingest_named, replay, retain, roll_up_all

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_days")]
OLD = NOW - timedelta(days=150)
DAY = OLD.date()


def nobody(_apps: Collection[int], _at: datetime) -> Mapping[int, Need]:
    """No bill needs anything."""
    return {}


def old_day(app: App, *events: dict[str, object]) -> None:
    """Have events of an old day, received on it."""
    send(*(events or [event(app, at=OLD, value="7", user="ann")]), at=NOW, backfill=True)
    IngestBatch.objects.filter(state="pending").update(received_at=OLD)
    roll_up_all()


def values(**asked: str) -> list[str]:
    return [row["value"] for row in Door().get("/api/v1/usage", **asked).json()["data"]]


@pytest.fixture
def app() -> App:
    make_meter()
    make_meter("mau", kind="unique")
    return an_app(code="temple")


@pytest.fixture
def gone(app: App) -> App:
    """An app with a dropped day, and the day after it kept."""
    old_day(app)
    send(event(app, at=OLD + timedelta(days=1), value="5", user="bob"), at=NOW, backfill=True)
    roll_up_all()
    assert retain(at=NOW, needs=nobody).dropped == [DAY]
    return app


def test_the_day_is_gone_with_its_keys_and_says_how_much_it_was(gone: App) -> None:
    assert rows("SELECT to_regclass(%s)", partition_of(DAY)) == [(None,)]
    row = DroppedDay.objects.get()
    assert (row.day, row.rows, row.bytes > 0) == (DAY, 2, True)
    assert list(UsageEventKey.objects.values_list("day", flat=True)) == [DAY + timedelta(days=1)]


def test_what_is_not_100_days_old_is_not_judged(app: App) -> None:
    at = NOW - timedelta(days=100)
    old_day(app, event(app, at=at, user="ann"))

    assert retain(at=NOW, needs=nobody).judged == []
    assert retain(at=NOW + timedelta(days=1), needs=nobody).dropped == [at.date()]


def test_what_is_kept_longer_is_a_setting(app: App, settings) -> None:
    old_day(app)
    settings.USAGE_KEEP_DAYS = 151
    assert retain(at=NOW, needs=nobody).judged == []
    settings.USAGE_KEEP_DAYS = 149
    assert retain(at=NOW, needs=nobody).dropped == [DAY]


def test_hours_of_a_dropped_day_are_refused_and_those_after_it_are_not(gone: App) -> None:
    door, key = Door(), make_key([Scope.USAGE_READ], customer=gone.customer)[1]
    for asked in (door, Door(key=key)):
        span = {"from": f"{DAY}", "to": f"{DAY + timedelta(days=2)}"}
        answer = asked.get("/api/v1/usage", window="hour", **span)
        assert (answer.status_code, answer.json()["code"]) == (410, "raw_events_dropped")
        assert f"up to {DAY} (UTC) are no longer kept" in answer.json()["detail"]

    after = {"from": f"{DAY + timedelta(days=1)}", "to": f"{DAY + timedelta(days=2)}"}
    assert values(window="hour", **after) == ["1", "5"]


def test_the_csv_of_hours_is_refused_too(gone: App) -> None:
    door = Door()
    answer = door.client.get(
        "/api/v1/usage",
        {"window": "hour", "from": f"{DAY}", "to": f"{DAY + timedelta(days=1)}"},
        headers={"Authorization": f"Bearer {door.text}", "Accept": "text/csv"},
    )
    assert answer.status_code == 410


@pytest.mark.parametrize(("zone", "status"), [("Asia/Shanghai", 410), ("America/New_York", 200)])
def test_where_an_hour_s_day_begins_is_a_matter_of_the_zone(gone: App, zone: str, status: int) -> None:
    gone.customer.billing_zone = zone
    gone.customer.save()
    day = DAY + timedelta(days=1)

    span = {"from": f"{day}", "to": f"{day + timedelta(days=1)}"}
    answer = Door().get("/api/v1/usage", window="hour", **span)

    assert answer.status_code == status


def test_days_and_months_stay_as_they_were(gone: App) -> None:
    asked = {"from": f"{DAY}", "to": f"{DAY + timedelta(days=2)}", "meter": "messages"}
    assert values(window="day", **asked) == ["7", "5"]
    assert values(window="day", **{**asked, "meter": "mau"}) == ["1", "1"]


def test_windows_of_a_dropped_day_are_refused(gone: App) -> None:
    meter = gone.rollups.first().meter
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)

    end = start + timedelta(days=2)
    with pytest.raises(RawEventsDropped):
        window_rows(WindowQuery(meter, start + timedelta(hours=23), end, "day"))
    assert len(window_rows(WindowQuery(meter, start + timedelta(days=1), end, "day"))) == 1


def test_openmeter_s_query_says_so_in_its_own_way(gone: App) -> None:
    start = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
    door = Door()

    answer = door.get(
        "/compat/openmeter/api/v1/meters/messages/query",
        **{"from": start.isoformat().replace("+00:00", "Z"), "windowSize": "DAY",
           "to": (start + timedelta(days=2)).isoformat().replace("+00:00", "Z")},
    )  # fmt: skip

    assert answer.status_code == 410, answer.content
    assert "no longer kept" in answer.content.decode()


def test_a_named_event_of_a_dropped_day_is_not_found_and_its_name_goes(app: App) -> None:
    body = json.dumps([event(app, at=OLD, id="a-1", user="ann"), event(app, at=NOW, id="a-2", user="ann")])
    ingest_named(parse(body.encode()), at=NOW, by=TESTER, backfill=True)
    IngestBatch.objects.update(received_at=OLD)
    roll_up_all()
    assert len(named_events(Named(ids=["a-1", "a-2"]))) == 2

    found = retain(at=NOW, needs=nobody)

    assert (found.dropped, found.keys, found.names) == ([DAY], 1, 1)
    assert [one.id for one in named_events(Named(ids=["a-1", "a-2"]))] == ["a-2"]
    assert list(EventName.objects.values_list("event_id", flat=True)) == ["a-2"]


def test_expired_events_of_the_quarantine_go_and_others_stay(app: App) -> None:
    send(event("nobody-1"), at=NOW)
    send(event("nobody-2"), at=NOW)
    QuarantinedEvent.objects.filter(subject="nobody-1").update(expires_at=NOW - timedelta(seconds=1))

    assert retain(at=NOW, needs=nobody).expired == 1
    assert [row.subject for row in QuarantinedEvent.objects.all()] == ["nobody-2"]


def test_a_held_event_of_a_dropped_day_says_why_it_cannot_be_replayed(gone: App) -> None:
    send(event("later", at=OLD + timedelta(days=1), user="x"), at=NOW, backfill=True)
    held = QuarantinedEvent.objects.get()
    DroppedDay.objects.create(day=DAY + timedelta(days=1), rows=1, bytes=1)

    assert replay([held], at=NOW, by=TESTER) == {"day_dropped": 1}
    held.refresh_from_db()
    assert (held.result, held.replayed_at) == ("day_dropped", None)


def test_the_door_refuses_an_event_of_a_dropped_day_alone_and_teaches(gone: App) -> None:
    door = Door()

    answer = door.post([event(gone, at=OLD, user="ann"), event(gone, at=NOW, user="ann")]).json()

    assert (answer["accepted"], answer["rejected"][0]["code"]) == (1, "day_dropped")
    assert "a copy could not be told from a new event" in answer["rejected"][0]["detail"]


def test_an_ordinary_request_asks_nothing_about_dropped_days(gone: App) -> None:
    send(event(gone, user="ann"))
    with CaptureQueriesContext(connection) as asked:
        send(event(gone, user="ann"))
        send(event(gone, user="ann"), backfill=True)

    assert not [one for one in asked.captured_queries if "droppedday" in one["sql"]]


def test_a_day_s_table_is_not_made_again_once_it_was_dropped(gone: App) -> None:
    with pytest.raises(Exception, match="no longer kept"), transaction.atomic():
        ensure_days([DAY])


def test_a_run_that_dies_in_the_middle_has_changed_nothing_and_the_next_goes_on(app: App) -> None:
    old_day(app)
    with transaction.atomic():
        assert drop_day(DAY, at=NOW)
        transaction.set_rollback(True)  # killed before it committed
    assert (count("usage_usageevent"), DroppedDay.objects.count()) == (2, 0)

    with transaction.atomic():
        assert drop_day(DAY, at=NOW)  # and dies before it deletes the keys
    assert UsageEventKey.objects.count() == 1

    assert (retain(at=NOW, needs=nobody).dropped, UsageEventKey.objects.count()) == ([], 0)
    assert not drop_day(DAY, at=NOW)


def test_an_empty_day_goes_without_a_trace_and_takes_events_again(app: App) -> None:
    ensure_days([DAY])

    assert retain(at=NOW, needs=nobody).dropped == [DAY]
    assert not DroppedDay.objects.exists()
    assert send(event(app, at=OLD, user="ann"), at=NOW, backfill=True).accepted == 1


def test_a_batch_that_nobody_knows_of_keeps_its_events(app: App) -> None:
    old_day(app)
    with connection.cursor() as cursor:  # a copy that was restored in part
        cursor.execute(
            f"INSERT INTO {partition_of(DAY)} SELECT app_id, meter_id, 999999, occurred_at, received_at,"
            f" gen_random_uuid(), user_digest, value, region, dims FROM {partition_of(DAY)} LIMIT 1"
        )

    assert retain(at=NOW, needs=nobody).dropped == []


def test_keys_go_in_slices_and_only_those_of_dropped_days(app: App) -> None:
    fill = (
        "INSERT INTO usage_usageeventkey (app_id, event_key, day, payload_hash, batch_id)"
        " SELECT %s, gen_random_uuid(), %s::date + (n %% 3), n, 1 FROM generate_series(1, 25000) n"
    )
    with connection.cursor() as cursor:
        cursor.execute(fill, [app.pk, DAY])
    DroppedDay.objects.create(day=DAY, rows=1, bytes=1)
    expected = UsageEventKey.objects.filter(day=DAY).count()
    deleted = []

    def watch(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.lstrip().startswith("DELETE FROM usage_usageeventkey"):
            deleted.append(context["cursor"].rowcount)
        return result

    with connection.execute_wrapper(watch):
        assert delete_keys() == expected
    assert max(deleted) <= SLICE
    assert len(deleted) >= 3
    assert sorted(set(UsageEventKey.objects.values_list("day", flat=True))) == [
        DAY + timedelta(days=1), DAY + timedelta(days=2)
    ]  # fmt: skip
    assert delete_keys() == delete_names() == 0
