"""Faults of ingest that no other test bears by name (docs/faults.md lists where each one is tested)."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, connection, transaction

from tests.factories import NOW, TESTER
from tests.usage.world import Door, an_app, count, event, make_meter, send
from usage import services
from usage.models import QuarantinedEvent, UsageRollup

pytestmark = pytest.mark.django_db


@contextmanager
def events_cannot_be_written() -> Iterator[None]:
    """Fail the event table, and it alone: keys are written before, by the same statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION cut() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'cut'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER cut BEFORE INSERT ON usage_usageevent FOR EACH ROW EXECUTE FUNCTION cut()"
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER cut ON usage_usageevent")


def test_A03_a_key_whose_event_could_not_be_stored_does_not_stay_and_the_retry_stores_both() -> None:
    make_meter()
    one = event(an_app())
    with events_cannot_be_written(), pytest.raises(DatabaseError, match="cut"), transaction.atomic():
        send(one)

    assert count("usage_usageeventkey") == count("usage_usageevent") == count("usage_ingestbatch") == 0
    assert send(one).accepted == 1


def test_A24_a_meter_made_later_counts_from_then_on() -> None:
    make_meter()
    app = an_app()
    send(event(app))
    make_meter("later", kind="count")
    services.roll_up_all()
    from usage.directory import forget_directory

    forget_directory()  # what five seconds do
    send(event(app))
    services.roll_up_all()

    assert UsageRollup.objects.get(meter__code="messages").count == 2
    assert UsageRollup.objects.get(meter__code="later").count == 1


def test_A24_events_of_a_type_no_meter_took_count_only_when_replayed() -> None:
    app = an_app()
    assert send(event(app)).rejected[0].code == "unknown_type"
    make_meter()
    services.roll_up_all()
    assert not UsageRollup.objects.exists()

    assert services.replay(QuarantinedEvent.objects.all(), at=NOW, by=TESTER) == {"accepted": 1}
    services.roll_up_all()
    assert UsageRollup.objects.get().count == 1


def test_A26_the_retry_of_an_answer_that_was_lost_is_a_success_and_counts_once() -> None:
    make_meter()
    app, door = an_app(), Door()
    sent = [event(app), event(app)]
    door.post(sent)  # committed; the answer never arrives

    again = door.post(sent)

    assert again.status_code == 200
    assert again.json() == {"accepted": 0, "duplicates": 2, "rejected": []}
    assert count("usage_usageevent") == 2
