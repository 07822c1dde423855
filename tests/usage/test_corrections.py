"""Corrections: an event that is void counts nowhere, its replacement counts once, and each is told why."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from plans.models import Meter
from plans.timespan import Period
from subscriptions.models import App
from subscriptions.selectors import zone_of
from tests.factories import NOW, TESTER
from tests.usage.world import an_app, count, make_meter, rows, send
from tests.usage.world import event as any_event
from usage import services
from usage.measuring import snapshot
from usage.measuring_users import distinct_users
from usage.models import CellChange, DistinctUser, DroppedDay, EventVoid, IngestBatch, UsageRollup
from usage.parsing_corrections import parse_corrections
from usage.partitions import forget_days
from usage.services import CorrectionVerdict
from usage.voids import Seen

pytestmark = pytest.mark.django_db


def event(app: App, **said: Any) -> dict[str, Any]:
    """Return an event of a user."""
    return any_event(app, **{"user": "u1", **said})


def void(sent: dict[str, Any], reason: str = "sent twice", **more: Any) -> dict[str, Any]:
    """Return the correction that voids an event."""
    named = {name: sent[name] for name in ("subject", "source", "id")}
    return {"action": "void", **named, "reason": reason, **more}


def instead(sent: dict[str, Any], new: dict[str, Any], reason: str = "wrong value") -> dict[str, Any]:
    """Return the correction that puts another event in its place."""
    return {**void(sent, reason), "action": "replace", "event": new}


def correct(*items: dict[str, Any], at: datetime = NOW, backfill: bool = False) -> list[str]:
    """Send corrections through the service; return a status or code for each."""
    said, refused = parse_corrections(json.dumps(items).encode())
    found = services.correct(said, at=at, by=TESTER, backfill=backfill)
    told = [*found, *(CorrectionVerdict(one.index, one.id, "rejected", one) for one in refused)]
    told.sort(key=lambda one: one.index)
    return [one.refusal.code if one.refusal else one.status for one in told]


def cells(app: App, meter: str = "messages") -> list[tuple[str, str, int]]:
    """Return (region, sum, events) of an app's cells."""
    found = UsageRollup.objects.filter(app=app, meter__code=meter).order_by("cell_start", "region")
    return [(c.region, f"{c.sum.normalize():f}", c.count) for c in found]


def three(app: App) -> list[dict[str, Any]]:
    """Send three events of 1, 2 and 4 and fold them."""
    sent = [event(app, value=value, user=f"u{value}") for value in ("1", "2", "4")]
    send(*sent)
    services.roll_up_all()
    return sent


@pytest.fixture
def meters() -> list[Meter]:
    return [make_meter(), make_meter("calls", "count"), make_meter("mau", "unique")]


@pytest.mark.usefixtures("meters")
def test_a_void_takes_an_event_out_of_every_meter_it_fed():
    app = an_app("Asia/Shanghai")
    sent = three(app)

    assert correct(void(sent[1])) == ["accepted"]
    assert cells(app) == [("", "7", 3)]  # not before it is folded
    assert services.roll_up_all() == 1

    assert cells(app) == [("", "5", 2)]
    assert cells(app, "calls") == [("", "2", 2)]
    assert DistinctUser.objects.count() == 2
    assert not IngestBatch.objects.filter(state="pending").exists()
    assert count("usage_usageevent") == 9  # the events stay


@pytest.mark.usefixtures("meters")
def test_what_a_correction_did_to_the_cells_is_kept():
    app = an_app()
    sent = three(app)
    correct(void(sent[1]))
    services.roll_up_all()

    change = CellChange.objects.get(meter__code="messages")
    assert (change.before["sum"], change.after["sum"]) == ("7", "5")
    assert (change.reason, change.by, change.batches) == (
        "sent twice",
        TESTER.id,
        [EventVoid.objects.get().batch_id],
    )


@pytest.mark.usefixtures("meters")
def test_a_replacement_counts_instead():
    app = an_app()
    sent = three(app)
    new = event(app, value="40", user="u4", region="eu")

    assert correct(instead(sent[2], new)) == ["accepted"]
    services.roll_up_all()

    assert cells(app) == [("", "3", 2), ("eu", "40", 1)]
    assert EventVoid.objects.get().replaced_by is not None


@pytest.mark.usefixtures("meters")
def test_a_snapshot_knows_whether_anything_is_void():
    """Without a void its events are read on several cores; one that comes later is of another batch."""
    app, meter = an_app(), Meter.objects.get(code="mau")
    zone, day = zone_of(app.customer), Period(NOW - timedelta(days=2), NOW + timedelta(hours=1))
    first, *_others = three(app)
    before = snapshot([app.pk], [meter], day, zone)
    correct(void(first))
    services.roll_up_all()
    after = snapshot([app.pk], [meter], day, zone)

    assert (before.seen, after.seen) == (Seen.NONE, Seen.OF_BATCHES)
    found = [
        distinct_users([app.pk], [meter], day, batches=one.batches, seen=one.seen) for one in (before, after)
    ]
    assert [list(users.values()) for users in found] == [[3], [2]]


@pytest.mark.usefixtures("meters")
def test_the_last_event_of_a_cell_leaves_it_at_nothing():
    app = an_app()
    sent = event(app)
    send(sent)
    services.roll_up_all()
    correct(void(sent))
    services.roll_up_all()

    assert cells(app) == [("", "0", 0)]
    assert not DistinctUser.objects.exists()


@pytest.mark.usefixtures("meters")
def test_an_event_that_is_not_folded_yet_can_be_void():
    app = an_app()
    sent = [event(app), event(app)]
    send(*sent)

    assert correct(void(sent[0])) == ["accepted"]
    assert services.fold_corrections() == 0  # it waits for its event
    services.roll_up_all()

    assert cells(app) == [("", "1", 1)]


@pytest.mark.usefixtures("meters")
def test_a_later_event_adds_to_a_corrected_cell():
    app = an_app()
    sent = three(app)
    correct(void(sent[1]))
    services.roll_up_all()
    send(event(app, value="8"))
    services.roll_up_all()

    assert cells(app) == [("", "13", 3)]


def test_a_gauge_falls_back_to_what_is_left():
    make_meter("online", "gauge", event_type="online.sampled")
    app = an_app()
    sent = [
        any_event(app, type="online.sampled", value=value, at=NOW - timedelta(minutes=back))
        for value, back in (("5", 30), ("9", 20), ("7", 10))
    ]
    send(*sent)
    services.roll_up_all()
    correct(void(sent[1]), void(sent[2]))
    services.roll_up_all()

    cell = UsageRollup.objects.get()
    assert (cell.max, cell.min, cell.last, cell.count) == (5, 5, 5, 1)


@pytest.mark.usefixtures("meters")
def test_the_same_correction_is_a_duplicate_and_another_one_a_conflict():
    app = an_app()
    sent = three(app)
    new = event(app, value="40")
    assert correct(void(sent[0]), void(sent[0]), instead(sent[1], new)) == [
        "accepted",
        "duplicate",
        "accepted",
    ]

    again = correct(
        void(sent[0]),
        void(sent[0], "another reason"),
        instead(sent[0], event(app)),
        instead(sent[1], new),
        instead(sent[1], {**new, "data": {"value": "41", "user": "u1"}}),
        void(sent[1], "wrong value"),
    )

    other = "corrected_otherwise"
    assert again == ["duplicate", other, other, "duplicate", other, other]
    assert EventVoid.objects.count() == 2
    services.roll_up_all()
    assert cells(app) == [("", "44", 2)]


@pytest.mark.usefixtures("meters")
def test_a_replacement_is_stored_with_its_void_or_not_at_all():
    app = an_app()
    sent = three(app)
    taken = {**sent[0], "data": {"value": "77", "user": "u1"}}  # an id that says something else already
    unknown_type = {**event(app), "type": "nobody.counts"}
    before = count("usage_usageeventkey")

    verdicts = correct(
        instead(sent[1], taken),
        instead(sent[1], unknown_type),
        instead({**sent[1], "id": "never-sent"}, event(app)),
        instead(sent[1], {**sent[1], "data": {"value": "3", "user": "u1"}}),
        instead(sent[1], event(an_app())),
    )

    assert verdicts == ["conflict", "type_of_nobody", "unknown_event", "same_id", "other_app"]
    assert (count("usage_usageeventkey"), count("usage_eventvoid")) == (before, 0)
    assert count("usage_quarantinedevent") == 0


@pytest.mark.usefixtures("meters")
def test_one_event_replaces_one_other_and_no_void_one():
    app = an_app()
    sent = three(app)
    new = event(app, value="40")
    assert correct(instead(sent[0], new), instead(sent[1], new)) == ["accepted", "replaces_two"]
    assert correct(instead(sent[1], new)) == ["replaces_two"]
    assert correct(void(sent[2])) == ["accepted"]
    assert correct(instead(sent[1], sent[2])) == ["replaces_two"]


@pytest.mark.usefixtures("meters")
def test_a_replacement_can_be_corrected_in_its_turn():
    app = an_app()
    sent = three(app)
    second, third = event(app, value="10"), event(app, value="20")
    correct(instead(sent[0], second))
    services.roll_up_all()
    assert correct(instead(second, third)) == ["accepted"]
    services.roll_up_all()

    assert cells(app) == [("", "26", 3)]


@pytest.mark.usefixtures("meters")
@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"action": "undo"}, "unknown_kind"),
        ({"action": None}, "required"),
        ({"reason": ""}, "required"),
        ({"reason": "   "}, "required"),
        ({"reason": "x" * 201}, "too_long"),
        ({"extra": 1}, "unknown_field"),
        ({"event": {}}, "void_with_event"),
        ({"action": "replace"}, "required"),
        ({"key": str(uuid.uuid4())}, "name_or_key"),
        ({"source": None, "id": None, "key": "7"}, "not_a_key"),
        ({"source": None, "id": None, "key": str(uuid.uuid4())}, "unknown_event"),
        ({"subject": "app_nobody"}, "no_such_app"),
        ({"id": "never-sent"}, "unknown_event"),
    ],
)
def test_what_is_wrong_with_a_correction_has_a_code(item: dict[str, Any], code: str):
    sent = three(an_app())

    assert correct({**void(sent[0]), **item}, void(sent[1])) == [code, "accepted"]


@pytest.mark.usefixtures("meters")
def test_an_event_can_be_named_by_its_key():
    app = an_app()
    sent = three(app)
    ((key,),) = rows("SELECT event_key FROM usage_usageevent WHERE value = 2")
    item = {"action": "void", "subject": app.code, "key": str(key), "reason": "sent twice"}

    assert correct(item, void(sent[1])) == ["accepted", "duplicate"]


@pytest.mark.usefixtures("meters")
def test_an_old_event_needs_the_backfill_scope():
    app = an_app()
    old = event(app, at=NOW - timedelta(days=60))
    send(old, backfill=True)
    services.roll_up_all()

    assert correct(void(old)) == ["too_old"]
    assert correct(void(old), backfill=True) == ["accepted"]


@pytest.mark.usefixtures("meters")
@pytest.mark.parametrize("dropped", ["20261119", "20261118"])
def test_a_day_whose_raw_events_are_dropped_cannot_be_corrected(dropped: str):
    app = an_app("Asia/Shanghai")  # its 19th begins on the 18th in UTC
    evening = event(app, at=datetime(2026, 11, 18, 20, tzinfo=UTC))
    noon = event(app, at=datetime(2026, 11, 19, 4, tzinfo=UTC))
    send(evening, noon)
    services.roll_up_all()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE usage_usageevent_{dropped}")
    DroppedDay.objects.create(day=datetime.strptime(dropped, "%Y%m%d").date(), rows=1, bytes=1)  # noqa: DTZ007
    forget_days()

    assert correct(void(noon), void(evening)) == ["raw_dropped", "raw_dropped"]
    assert cells(app) == [("", "2", 2)]


@pytest.mark.usefixtures("meters")
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE usage_eventvoid SET reason = 'other'",
        "DELETE FROM usage_eventvoid",
        "INSERT INTO usage_eventvoid (app_id, event_key, event_batch_id, occurred_at, meter_ids, batch_id,"
        " source, event_id, reason, by, voided_at) SELECT app_id, event_key, event_batch_id, occurred_at,"
        " meter_ids, batch_id, '', '', 'again', by, voided_at FROM usage_eventvoid",
        "DELETE FROM usage_cellchange",
    ],
)
def test_the_tables_keep_their_rows(sql: str):
    sent = three(an_app())
    correct(void(sent[0]))
    services.roll_up_all()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)
