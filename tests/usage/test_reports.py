"""Absolute reports: revisions, feeds, edges of days and periods, many at once, and the history."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from tests.factories import NOW, TESTER, make_app, make_customer, make_key
from tests.usage.reports_world import (
    EVIDENCE,
    JSON,
    by_period,
    daily,
    day_report,
    put,
    report,
    statuses,
)
from tests.usage.world import Door, an_app, count, rows, statements
from usage.models import UsageReport, UsageRollup

pytestmark = pytest.mark.django_db
BULK = "/api/v1/usage/reports"


def cell(meter: str = "dau") -> tuple[Decimal, int]:
    row = UsageRollup.objects.get(meter__code=meter)
    return row.max, row.revision


def post(*said: Any, door: Door | None = None) -> Any:
    return (door or Door()).post(list(said), path=BULK, media=JSON)


def test_a_day_is_put_by_its_address_and_read_back_with_its_history() -> None:
    daily()
    app, door = an_app("Asia/Shanghai"), Door()
    path = f"{app.code}/dau/-/2026-11-18"

    first = put(door, path, {"value": "120", "revision": 1})
    second = put(door, path, {"value": 125.5, "revision": 2, **EVIDENCE})

    assert [one.status_code for one in (first, second)] == [201, 201]
    assert second.json() == {"status": "accepted", "revision": 2, "current_revision": 2}
    told = door.get(f"/api/v1/usage/reports/{path}").json()
    assert (told["value"], told["start"], told["end"]) == (
        "125.5", "2026-11-17T16:00:00Z", "2026-11-18T16:00:00Z",
    )  # fmt: skip
    assert [(one["revision"], one["value"]) for one in told["history"]] == [(2, "125.5"), (1, "120")]
    assert told["evidence_hash"] == EVIDENCE["evidence_hash"]
    assert cell() == (Decimal("125.5"), 2)


REVISIONS = [  # what is sent after revision 2 with value 20 -> status, HTTP, value that counts
    ({"revision": 3, "value": "30"}, "accepted", 201, 30),
    ({"revision": 2, "value": "20.0"}, "duplicate", 200, 20),
    ({"revision": 2, "value": "21"}, "report_conflict", 409, 20),
    ({"revision": 2, "value": "20", "evidence": "elsewhere"}, "report_conflict", 409, 20),
    ({"revision": 1, "value": "10"}, "outdated", 200, 20),
    ({"value": "10"}, "outdated", 200, 20),
]


@pytest.mark.parametrize(("said", "status", "http", "counts"), REVISIONS)
def test_the_highest_revision_counts(said: dict[str, Any], status: str, http: int, counts: int) -> None:
    daily()
    app, door = an_app(), Door()
    path = f"{app.code}/dau/-/2026-11-18"
    put(door, path, {"value": "20", "revision": 2})

    answer = put(door, path, said)

    assert answer.status_code == http, answer.content
    assert answer.json().get("code", answer.json().get("status")) == status
    assert cell()[0] == counts
    if status == "outdated":
        assert answer.json()["current_revision"] == 2
        assert count("usage_usagereport") == 2  # told and kept, never current


def test_one_body_may_hold_several_revisions_of_one_day_and_each_has_its_verdict() -> None:
    daily()
    app = an_app()
    day = "2026-11-18"

    found = report(
        day_report(app, day, "1", revision=2),
        day_report(app, day, "2", revision=1),
        day_report(app, day, "1", revision=2),
        day_report(app, day, "9", revision=2),
        day_report(app, day, "3", revision=7),
    )

    assert statuses(found) == ["accepted", "outdated", "duplicate", "report_conflict", "accepted"]
    assert cell() == (3, 1)


def test_whatever_order_revisions_come_in_the_same_one_counts() -> None:
    daily()
    revisions = range(1, 5)
    for order in permutations(revisions):
        app = an_app()
        told = [report(day_report(app, "2026-11-18", str(10 * n), revision=n))[0] for n in order]

        highest = [max(order[: k + 1]) for k in range(len(order))]
        assert [one.current for one in told] == highest
        expected = ["accepted" if n == top else "outdated" for n, top in zip(order, highest, strict=True)]
        assert statuses(told) == expected
        cell = UsageRollup.objects.get(app=app)
        assert (cell.max, cell.revision) == (40, expected.count("accepted"))
        assert UsageReport.objects.filter(app=app).count() == len(revisions)


def test_a_thousand_in_one_body_take_as_many_statements_as_one() -> None:
    daily()
    apps = [make_app(make_customer()) for _ in range(40)]
    start = date(2026, 11, 18) - timedelta(days=24)
    many = [
        day_report(app, (start + timedelta(days=n)).isoformat(), str(n)) for app in apps for n in range(25)
    ]
    door = Door()
    with CaptureQueriesContext(connection) as single:
        post(many[0], door=door)
    with CaptureQueriesContext(connection) as whole:
        answer = post(*many, door=door).json()
    again = post(*many, door=door).json()

    assert (answer["accepted"], answer["duplicates"], answer["outdated"], answer["rejected"]) == (
        999, 1, [], [],
    )  # fmt: skip
    assert (again["accepted"], again["duplicates"]) == (0, 1000)
    assert len(statements(whole)) == len(statements(single))
    assert (count("usage_usagereport"), count("usage_usagerollup")) == (1000, 1000)


def test_one_bad_item_of_many_takes_no_other_along() -> None:
    daily()
    by_period()
    app = an_app()
    good = day_report(app, "2026-11-18", "1")

    raw = json.dumps(
        [
            good,
            {**good, "value": "NaN"},
            {**good, "app": "nobody"},
            {**good, "meter": "nothing"},
            {**good, "meter": "mau"},
            {**good, "day": "2026-02-28"},
            {**good, "day": "2026-02-30"},
            {**good, "period": "2026-10"},
            {**good, "colour": "red"},
            "text",
            {**good, "day": "2026-11-17", "value": "-1"},
            {**good, "day": "2027-01-01"},
            {**good, "day": "2020-01-01"},
            {**good, "day": "2026-11-17"},
        ]
    ).encode()
    raw = raw.replace(b'"day": "2026-02-28"', b'"day": "2026-02-28", "day": "2026-02-28"')
    answer = Door().post(raw, path=BULK, media=JSON).json()

    assert answer["accepted"] == 2
    assert [(one["index"], one["code"], one["field"]) for one in answer["rejected"]] == [
        (1, "not_a_number", "value"),
        (2, "no_such_app", "app"),
        (3, "no_such_meter", "meter"),
        (4, "fed_otherwise", "meter"),
        (5, "duplicate_key", ""),
        (6, "invalid_day", "day"),
        (7, "day_or_period", "day"),
        (8, "unknown_field", "colour"),
        (9, "wrong_type", ""),
        (10, "negative", "value"),
        (11, "in_future", "day"),
        (12, "too_old", "day"),
    ]
    assert all(one["detail"] for one in answer["rejected"])


NUMBERS = [
    ("1e999", "out_of_range"),
    ('"1_000"', "not_a_number"),
    ('"１２"', "not_a_number"),
    ("true", "wrong_type"),
    ("null", "required"),
    ("1000000000000000000", "out_of_range"),
    ("0.0000000000001", "too_precise"),
    ('"-0.1"', "negative"),
]


@pytest.mark.parametrize(("spelled", "code"), NUMBERS)
def test_numbers_are_as_strict_as_those_of_events(spelled: str, code: str) -> None:
    daily()
    app = an_app()

    answer = put(Door(), f"{app.code}/dau/-/2026-11-18", f'{{"value": {spelled}}}'.encode())

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert count("usage_usagereport") == 0


def test_older_days_need_the_backfill_scope() -> None:
    daily()
    app, old = an_app(), (NOW - timedelta(days=60)).date().isoformat()
    path = f"{app.code}/dau/-/{old}"
    plain = Door(key=make_key(["usage:write"])[1])
    both = Door(key=make_key(["usage:write", "usage:backfill"])[1])

    assert put(plain, path, {"value": "1"}).json()["code"] == "too_old"
    assert put(both, path, {"value": "1"}).status_code == 201


def test_customers_read_their_own_and_report_nothing() -> None:
    daily()
    app, stranger = an_app(), an_app()
    for one in (app, stranger):
        report(day_report(one, "2026-11-18", "1"))
    own = Door(key=make_key(["usage:read"], customer=app.customer)[1])
    path = f"{app.code}/dau/-/2026-11-18"

    assert put(own, path, {"value": "0", "revision": 9}).status_code == 403
    assert post(day_report(app, "2026-11-18", "0"), door=own).status_code == 403
    assert own.get(f"/api/v1/usage/reports/{path}").json()["value"] == "1"
    assert own.get(f"/api/v1/usage/reports/{stranger.code}/dau/-/2026-11-18").status_code == 404
    assert [one["app"] for one in own.get(BULK).json()["data"]] == [app.code]


def test_reports_are_paged_in_the_order_they_came() -> None:
    daily()
    app, door = an_app(), Door()
    report(*[day_report(app, f"2026-11-{n}", str(n)) for n in (12, 10, 11)])
    report(day_report(app, "2026-11-10", "99", revision=2))

    first = door.get(BULK, limit="3").json()
    second = door.get(BULK, limit="3", cursor=first["next_cursor"]).json()

    assert [one["value"] for one in [*first["data"], *second["data"]]] == ["12", "10", "11", "99"]
    assert [one["value"] for one in door.get(BULK, **{"from": "2026-11-12"}).json()["data"]] == ["12"]
    assert door.get(BULK, cursor="ZZZ").status_code == 400


PATHS = ["x/dau/-/2026-13-01", "x/dau/-/tomorrow", "x/dau/2026", "x/d%ed%a0%80/-/y"]


@pytest.mark.parametrize("path", PATHS)
def test_no_address_is_a_server_error(path: str) -> None:
    answers = put(Door(), path, {"value": "1"}), Door().get(f"/api/v1/usage/reports/{path}")

    assert [answer.status_code for answer in answers] == [422, 404]


def test_reports_are_insert_only() -> None:
    daily()
    report(day_report(an_app(), "2026-11-18", "1"))

    for sql in ("UPDATE usage_usagereport SET value = 5", "DELETE FROM usage_usagereport"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    copied = (
        "app_id, meter_id, region, kind, label, span, evidence, evidence_hash, content_hash, reported_at, by"
    )
    for value in ("NaN", "1e18", "-1"):
        with pytest.raises(DatabaseError), transaction.atomic():
            rows(
                f"INSERT INTO usage_usagereport ({copied}, value, revision)"
                f" SELECT {copied}, %s, 9 FROM usage_usagereport RETURNING id",
                value,
            )
    assert UsageReport.objects.get().by == TESTER.id
