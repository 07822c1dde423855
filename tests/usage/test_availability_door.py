"""Availability over HTTP: added, repeated, corrected, refused."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from plans.timespan import Period
from subscriptions.models import App
from tests.usage.world import Door, an_app
from usage import selectors
from usage.models import AvailabilityReport

pytestmark = pytest.mark.django_db
DAY = Period(datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 19, tzinfo=UTC))


def report(of: App, **fields: Any) -> dict[str, Any]:
    return {
        "app": of.code,
        "region": "eu",
        "start": "2026-11-18T00:00:00Z",
        "end": "2026-11-19T00:00:00Z",
        "unit": "minutes",
        "good": "1422.5",
        "total": 1440,
        "failed": [{"start": "2026-11-18T10:00:00+08:00", "end": "2026-11-18T10:17:30+08:00"}],
        **fields,
    }


def post(body: Any, door: Door | None = None) -> Any:
    return (door or Door()).post(body, path="/api/v1/usage/availability", media="application/json")


def test_a_report_is_stored_and_its_repeat_is_a_duplicate() -> None:
    app = an_app()

    first, again = post(report(app)), post(report(app, good=1422.50, total="1440.0", revision=1))

    assert (first.status_code, first.json()) == (201, {"status": "accepted", "revision": 1})
    assert (again.status_code, again.json()) == (200, {"status": "duplicate", "revision": 1})
    (row,) = selectors.availability_reports([app.pk], DAY)
    assert (row.good, row.total, row.unit, row.region) == (Decimal("1422.5"), 1440, "minutes", "eu")
    assert row.failed == [["2026-11-18T02:00:00+00:00", "2026-11-18T02:17:30+00:00"]]
    assert (row.window.lower, row.window.upper) == (DAY.start, DAY.end)


def test_other_figures_need_the_next_revision_and_the_highest_is_current() -> None:
    app = an_app()
    post(report(app))

    conflict = post(report(app, good="1"))
    corrected = post(report(app, good="1430", failed=[], revision=2))

    assert (conflict.status_code, conflict.json()["code"]) == (409, "conflict")
    assert corrected.status_code == 201
    assert [r.good for r in selectors.availability_reports([app.pk], DAY)] == [1430]
    assert AvailabilityReport.objects.count() == 2


def test_C22_windows_may_touch_but_not_overlap() -> None:
    app = an_app()
    post(report(app))

    touching = post(report(app, start="2026-11-19T00:00:00Z", end="2026-11-20T00:00:00Z", failed=[]))
    other_region = post(report(app, region="us", start="2026-11-18T12:00:00Z", failed=[]))
    overlapping = post(report(app, start="2026-11-18T12:00:00Z", failed=[]))

    assert (touching.status_code, other_region.status_code) == (201, 201)
    assert (overlapping.status_code, overlapping.json()["code"]) == (409, "window_overlaps")


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"good": "1441"}, "above_total", "good"),
        ({"good": -1}, "negative", "good"),
        ({"total": 0, "good": 0}, "not_positive", "total"),
        ({"total": "NaN"}, "not_a_number", "total"),
        ({"unit": "hours"}, "unknown_unit", "unit"),
        ({"unit": ["minutes"]}, "unknown_unit", "unit"),
        ({"end": "2026-11-18T00:00:00Z"}, "not_a_span", "end"),
        ({"start": "2026-11-18T00:00:00"}, "offset_required", "start"),
        ({"end": "2026-11-21T00:00:00Z"}, "in_future", "end"),
        ({"revision": 0}, "not_positive", "revision"),
        ({"revision": True}, "wrong_type", "revision"),
        ({"revision": 2**40}, "out_of_range", "revision"),
        ({"region": "e\u0000u"}, "invalid_text", "region"),
        ({"app": "app_nobody"}, "no_such_app", "app"),
        ({"app": None}, "required", "app"),
        ({"colour": "red"}, "unknown_field", "colour"),
        ({"failed": "all"}, "wrong_type", "failed"),
        ({"failed": [{"start": "2026-11-18T10:00:00Z"}]}, "wrong_type", "failed.0"),
        (
            {"failed": [{"start": "2026-11-17T10:00:00Z", "end": "2026-11-18T10:00:00Z"}]},
            "outside_window",
            "failed.0",
        ),
    ],
)
def test_a_wrong_field_is_422_by_name(fields: dict[str, Any], code: str, field: str) -> None:
    answer = post(report(an_app(), **fields))

    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["field"]) == (
        422,
        code,
        field,
    )
    assert answer.json()["detail"]


@pytest.mark.parametrize("raw", [b" ", b"[]", b'{"app":"a","app":"b"}', b'{"a":' * 50 + b"1" + b"}" * 50])
def test_an_unreadable_report_is_400(raw: bytes) -> None:
    assert post(raw).json()["code"] == "unreadable"


def test_the_scope_is_its_own() -> None:
    assert post(report(an_app()), Door(["usage:write"])).status_code == 403


def test_reports_are_insert_only_and_bounded() -> None:
    post(report(an_app()))

    for sql in (
        "UPDATE usage_availabilityreport SET good = 0",
        "DELETE FROM usage_availabilityreport",
        'INSERT INTO usage_availabilityreport (app_id, region, "window", unit, good, total, failed, revision,'
        " content_hash, reported_at, by) SELECT app_id, region, \"window\", unit, 'NaN', 'NaN', failed, 9,"
        " content_hash, reported_at, by FROM usage_availabilityreport",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
