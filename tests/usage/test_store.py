"""The statement that stores: what it says of repeats, of its connection, and of batches in runs."""

import random
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.usage.world import an_app, event, make_meter, rows, send, statements
from usage import folding
from usage.parsing import parse
from usage.parsing_values import spelled
from usage.services import roll_up

pytestmark = pytest.mark.django_db


def test_a_repeat_takes_one_statement_and_a_conflict_two() -> None:
    make_meter()
    app = an_app()
    sent = [event(app) for _ in range(5)]
    send(*sent)

    with CaptureQueriesContext(connection) as repeat:
        assert send(*sent).duplicates == 5
    with CaptureQueriesContext(connection) as conflict:
        assert len(send(*sent[:4], {**sent[4], "data": {"value": "9"}}).rejected) == 1

    def stored(captured: CaptureQueriesContext) -> int:
        return len([one for one in statements(captured) if "pg_inherits" not in one])

    assert (stored(repeat), stored(conflict)) == (1, 2)


def test_columns_that_say_the_usual_are_kept_as_well_as_those_that_do_not() -> None:
    make_meter()
    make_meter("kinds", dimensions=["kind"], event_type="kind.sent")
    make_meter("mau", kind="unique", event_type="kind.sent")
    app = an_app()
    send(
        event(app),
        event(app, type="kind.sent", kind="group", user="u1"),
        event(app, type="kind.sent", user="u2"),
    )

    found = rows("SELECT dims ->> 'kind', user_digest IS NULL, count(*) FROM usage_usageevent GROUP BY 1, 2")
    assert sorted(found, key=str) == [
        ("group", False, 1),
        ("group", True, 1),
        (None, False, 1),
        (None, True, 2),
    ]
    assert rows("SELECT count(*) FROM usage_usageeventkey") == [(3,)]


def test_batches_with_gaps_are_folded_and_no_others() -> None:
    make_meter()
    app = an_app()
    for _batch in range(40):
        send(event(app))
    ids = [row[0] for row in rows("SELECT id FROM usage_ingestbatch ORDER BY id")]
    held = random.Random(7).sample(ids, 20)  # gaps of other rollers, of more runs than are told by their ends
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE usage_ingestbatch SET state = 'done', folded_at = now() WHERE id = ANY(%s)", [held]
        )

    assert roll_up() == 20
    assert rows("SELECT sum(count) FROM usage_usagerollup") == [(20,)]


@pytest.mark.parametrize(("ids", "told"), [([4, 5, 6], 1), ([1, 2, 4, 9, 10], 3)])
def test_numbers_that_follow_each_other_are_told_by_their_ends(ids: list[int], told: int) -> None:
    assert folding._chosen(ids).count("BETWEEN") == told
    assert "ANY" in folding._chosen(list(range(0, 100, 2)))


def test_parts_of_time_belong_to_one_day_of_each_zone() -> None:
    found = folding.edges(
        ["UTC", "Asia/Kathmandu", "America/New_York"], date(2026, 10, 30), date(2026, 11, 3)
    )
    edges = found["edges"].strip("{}").split(",")
    zones = found["zones"].strip("{}").split(",")

    assert edges == sorted(edges)
    assert len(edges) == 3 * 6  # five days of each zone have six edges, and no two zones share one
    assert {zone: zones.count(zone) for zone in set(zones)}.keys() == {
        '"UTC"',
        '"Asia/Kathmandu"',
        '"America/New_York"',
    }


def test_an_instant_is_spelled_as_isoformat_does() -> None:
    for fraction in ("", ".0", ".5", ".000001", ".999999", ".120"):
        (one,) = parse(
            (
                '{"specversion":"1.0","id":"e","source":"s","type":"t","subject":"a",'
                f'"time":"2026-11-20T03:14:15{fraction}+05:45","data":{{}}}}'
            ).encode()
        ).events
        assert spelled(one.time) == one.time.isoformat()


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"id":"a","id" :"b","data":{}}]',  # white space before the colon of a second one
        b'[{"id":"a","id":"b","data":[1]}]',  # a list's length is no number of keys
        b'[{"id":"a","id":"b","data":{"x":{"y":1}}}]',
        b'[{"id":":a","id":"b","data":{}}]',
        b'[{"id":"a","data":{"v":1},"data":{"v":1}}]',
    ],
)
def test_A18_counting_bytes_never_hides_a_key_named_twice(raw: bytes) -> None:
    assert [one.code for one in parse(raw).refused] == ["duplicate_key"]
