"""openmeter 1.0.0b236, unchanged: meters and what they say by window and group."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests
from corehttp.exceptions import HttpResponseError
from openmeter import Client as OpenMeter
from openmeter.models import MeterQueryRequest

from subscriptions.models import App
from tests.factories import NOW, make_app, make_key
from tests.usage.world import an_app, event, make_meter, send

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 11, 19, tzinfo=UTC)


@pytest.fixture
def used(app: App) -> App:
    """Three messages of two kinds over two days, one of another app."""
    other = make_app(code="other")
    send(
        event(app, at=DAY + timedelta(hours=1, seconds=5), value="2", kind="group", region="eu"),
        event(app, at=DAY + timedelta(hours=1, minutes=1), value="0.1", kind="single"),
        event(app, at=DAY + timedelta(hours=25), value="0.2", kind="group"),
        event(other, at=DAY + timedelta(hours=2), value="10", kind="group"),
    )
    return app


def rows(openmeter: OpenMeter, **asked: Any) -> list[tuple[Any, ...]]:
    found = openmeter.meters.query_json("messages", **asked)
    return [(one.window_start, one.subject, one.group_by, one.value) for one in found.data]


def test_meters_say_how_they_count(openmeter: OpenMeter, app: App) -> None:
    make_meter("mau", kind="unique")
    make_meter("peak", kind="gauge")
    make_meter("sent", kind="count")

    told = {one.slug: (one.aggregation, one.value_property) for one in openmeter.meters.list()}
    assert told == {
        "mau": ("UNIQUE_COUNT", "$.user"),
        "messages": ("SUM", "$.value"),
        "peak": ("MAX", "$.value"),
        "sent": ("COUNT", None),
    }


def test_a_meter_is_found_by_its_code(openmeter: OpenMeter, app: App) -> None:
    found = openmeter.meters.get("messages")

    assert (found.event_type, found.group_by) == ("message.sent", {"region": "$.region", "kind": "$.kind"})
    with pytest.raises(HttpResponseError) as error:
        openmeter.meters.get("nothing")
    assert error.value.status_code == 404


def test_one_figure_over_everything_that_is_committed(openmeter: OpenMeter, used: App) -> None:
    (row,) = openmeter.meters.query_json("messages").data

    assert (row.value, row.subject, row.group_by) == (12.3, None, {})


def test_nothing_used_is_zero(openmeter: OpenMeter, app: App) -> None:
    (row,) = openmeter.meters.query_json("messages").data

    assert row.value == 0


def test_windows_of_each_size(openmeter: OpenMeter, used: App) -> None:
    def starts(size: str, **more: Any) -> list[tuple[str, float]]:
        asked = {"from_parameter": NOW - timedelta(days=2), "to": NOW, "window_size": size, **more}
        return [(f"{at:%d %H:%M}", value) for at, _subject, _by, value in rows(openmeter, **asked)]

    assert starts("MINUTE") == [("19 01:00", 2), ("19 01:01", 0.1), ("19 02:00", 10), ("20 01:00", 0.2)]
    assert starts("HOUR") == [("19 01:00", 2.1), ("19 02:00", 10), ("20 01:00", 0.2)]
    assert starts("DAY") == [("19 00:00", 12.1), ("20 00:00", 0.2)]
    assert starts("DAY", window_time_zone="America/New_York") == [("18 05:00", 12.1), ("19 05:00", 0.2)]
    assert starts("MONTH") == [("01 00:00", 12.3)]


def test_the_end_of_a_local_day_is_the_next_local_midnight(openmeter: OpenMeter, app: App) -> None:
    at = datetime(2026, 11, 1, 6, tzinfo=UTC)  # New York leaves summer time on this day
    send(event(app, at=at))
    asked = {
        "window_size": "DAY",
        "window_time_zone": "America/New_York",
        "from_parameter": at - timedelta(1),
    }

    (row,) = openmeter.meters.query_json("messages", to=NOW, **asked).data
    assert row.window_end - row.window_start == timedelta(hours=25)


def test_groups_and_subjects(openmeter: OpenMeter, used: App) -> None:
    by_kind = rows(openmeter, group_by=["kind"])
    assert [(by, value) for _at, _subject, by, value in by_kind] == [
        ({"kind": "group"}, 12.2),
        ({"kind": "single"}, 0.1),
    ]
    by_app = rows(openmeter, group_by=["subject", "region"], subject=["harbour", "nobody"])
    assert [(subject, by, value) for _at, subject, by, value in by_app] == [
        ("harbour", {"region": ""}, 0.3),
        ("harbour", {"region": "eu"}, 2),
    ]
    assert [value for *_more, value in rows(openmeter, filter_customer_id=[used.customer.public_id])] == [2.3]


def test_the_clients_own_spelling_of_a_filter_is_read_as_a_literal(
    openmeter: OpenMeter, used: App, address: str, key: str
) -> None:
    assert [row[3] for row in rows(openmeter, filter_group_by={"kind": "single"})] == [0.1]

    url = f"{address}/compat/openmeter/api/v1/meters/messages/query"
    head = {"Authorization": f"Bearer {key}"}
    for hostile in (
        "__import__('os')",
        "{'kind': open('/etc/passwd')}",
        "[" * 900,
        "{'kind': 1}",
        "x" * 2000,
    ):
        answer = requests.get(url, params={"filterGroupBy": hostile}, headers=head)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_parameter")
        assert "use POST" in answer.json()["detail"]


def test_a_query_may_come_as_a_body(openmeter: OpenMeter, used: App) -> None:
    asked = MeterQueryRequest(
        from_property=DAY, to=NOW, window_size="DAY", group_by=["kind"],
        filter_group_by={"kind": ["group", "single"]}, subject=["harbour"],
    )  # fmt: skip

    found = openmeter.meters.query("messages", asked)

    assert [(one.subject, one.group_by["kind"], one.value) for one in found.data] == [
        ("harbour", "group", 2), ("harbour", "single", 0.1), ("harbour", "group", 0.2)
    ]  # fmt: skip
    assert (found.from_property, found.to, found.window_size) == (DAY, NOW, "DAY")


def test_csv_by_accept(openmeter: OpenMeter, used: App) -> None:
    text = openmeter.meters.query_csv("messages", group_by=["kind"], from_parameter=DAY, to=NOW)

    assert str(text).splitlines() == [
        "window_start,window_end,subject,kind,value",
        "2026-11-19T00:00:00Z,2026-11-20T03:14:15Z,,group,12.2",
        "2026-11-19T00:00:00Z,2026-11-20T03:14:15Z,,single,0.1",
    ]
    assert "value" in str(openmeter.meters.query_csv_post("messages"))


def test_distinct_users_and_peaks_do_not_add(openmeter: OpenMeter, app: App) -> None:
    make_meter("mau", kind="unique", event_type="seen")
    make_meter("peak", kind="gauge", event_type="seen")
    other = an_app(code="other")
    sent = [(app, "u1", "5"), (app, "u1", "7"), (app, "u2", "1"), (other, "u1", "3")]
    send(*(event(one, type="seen", user=user, value=value) for one, user, value in sent))

    assert openmeter.meters.query_json("mau").data[0].value == 3  # one user of each app is not the same
    assert openmeter.meters.query_json("peak").data[0].value == 7


def test_what_cannot_be_answered_says_why(openmeter: OpenMeter, used: App) -> None:
    year = {"from_parameter": NOW - timedelta(days=365), "to": NOW}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"window_size": "WEEK"}, "invalid_parameter"),
        ({"window_time_zone": "Moon/Base"}, "invalid_parameter"),
        ({"group_by": ["colour"]}, "invalid_parameter"),
        ({"filter_group_by": {"colour": "red"}}, "invalid_parameter"),
        (year, "query_too_wide"),
        ({"window_size": "MINUTE"}, "query_too_wide"),
    ]
    for asked, code in wrong:
        with pytest.raises(HttpResponseError) as error:
            openmeter.meters.query_json("messages", **asked)
        assert (error.value.status_code, error.value.response.json()["code"]) == (400, code)


def test_a_customers_key_sees_its_own_apps(address: str, used: App) -> None:
    text = make_key(["usage:read"], used.customer)[1]

    with OpenMeter(endpoint=f"{address}/compat/openmeter", token=text) as client:
        assert [row[3] for row in rows(client)] == [2.3]
        assert rows(client, subject=["other"]) == []
