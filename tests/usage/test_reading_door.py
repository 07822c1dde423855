"""Reading usage and meters: rows, pages, and whose they are."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import make_app, make_customer, make_key
from tests.usage.world import Door, an_app, event, make_meter, send, statements
from usage import services

pytestmark = pytest.mark.django_db


def figures(answer: Any) -> list[tuple[str, str, str, str]]:
    assert answer.status_code == 200, answer.content
    return [(r["start"], r["meter"], r["region"], r["value"]) for r in answer.json()["data"]]


def read(door: Door, **parameters: str) -> Any:
    return door.get("/api/v1/usage", **parameters)


def test_rows_are_days_or_months_of_the_billing_zone() -> None:
    make_meter("mau", kind="unique")
    make_meter()
    app, door = an_app("Asia/Shanghai"), Door()
    for at in ("2026-10-31T15:59:00Z", "2026-10-31T16:00:00Z", "2026-11-19T16:00:00Z"):
        send(event(app, at=at, user="u1", value="1.5"), event(app, at=at, user="u2", region="eu"))
    services.roll_up_all()

    days = figures(read(door, **{"from": "2026-11-01", "app": app.code}))
    months = figures(read(door, **{"from": "2026-10-01", "window": "month", "app": app.code}))

    assert days == [
        ("2026-10-31T16:00:00Z", "mau", "", "2"),
        ("2026-10-31T16:00:00Z", "messages", "", "1.5"),
        ("2026-10-31T16:00:00Z", "messages", "eu", "1"),
        ("2026-11-19T16:00:00Z", "mau", "", "2"),
        ("2026-11-19T16:00:00Z", "messages", "", "1.5"),
        ("2026-11-19T16:00:00Z", "messages", "eu", "1"),
    ]
    assert months == [
        ("2026-09-30T16:00:00Z", "mau", "", "2"),
        ("2026-09-30T16:00:00Z", "messages", "", "1.5"),
        ("2026-09-30T16:00:00Z", "messages", "eu", "1"),
        ("2026-10-31T16:00:00Z", "mau", "", "2"),
        ("2026-10-31T16:00:00Z", "messages", "", "3"),
        ("2026-10-31T16:00:00Z", "messages", "eu", "2"),
    ]


def test_filters_narrow_and_the_end_is_not_included() -> None:
    make_meter()
    make_meter("sent", kind="count")
    app, door = an_app(), Door()
    send(event(app, at="2026-11-18T00:00:00Z", value="7"), event(app, at="2026-11-19T00:00:00Z", region="eu"))
    services.roll_up_all()

    assert figures(read(door, meter="sent", to="2026-11-19")) == [("2026-11-18T00:00:00Z", "sent", "", "1")]
    assert figures(read(door, meter="messages", region="eu")) == [
        ("2026-11-19T00:00:00Z", "messages", "eu", "1")
    ]
    exact = {"from": "2026-11-18T00:00:00Z", "to": "2026-11-19T00:00:00Z", "meter": "messages"}
    assert figures(read(door, **exact)) == [("2026-11-18T00:00:00Z", "messages", "", "7")]
    assert figures(read(door, **{"from": "2026-11-19", "region": ""})) == []


def test_pages_follow_the_cursor_to_the_end_without_gap_or_repeat() -> None:
    make_meter()
    make_meter("sent", kind="count")
    apps, door = [an_app(), an_app()], Door()
    send(
        *[
            event(a, at=f"2026-11-{d}T05:00:00Z", region=r)
            for a in apps
            for d in (17, 18, 19)
            for r in ("", "Ä", "eu")
            if r
        ]
    )
    services.roll_up_all()
    whole = read(door, limit="1000").json()

    paged, cursor = [], ""
    while True:
        page = read(door, limit="5", **({"cursor": cursor} if cursor else {})).json()
        paged += page["data"]
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]

    assert page["next_cursor"] is None
    assert paged == whole["data"]
    assert len(paged) == 2 * 3 * 2 * 2
    assert whole["complete_through"].endswith("Z")


def test_a_customer_key_sees_its_own_rows_and_a_strangers_app_is_not_there() -> None:
    make_meter()
    customer = make_customer()
    mine, theirs = make_app(customer), an_app()
    send(event(mine), event(theirs))
    services.roll_up_all()
    own = Door(key=make_key(["usage:read"], customer)[1])

    assert [r["app"] for r in read(own).json()["data"]] == [mine.code]
    assert read(own, app=mine.code).status_code == 200
    assert read(own, app=theirs.code).status_code == 404
    assert read(own, app="app_nobody").status_code == 404
    assert len(read(Door()).json()["data"]) == 2


@pytest.mark.parametrize(
    ("parameters", "status"),
    [
        ({"window": "week"}, 400),
        ({"limit": "0"}, 400),
        ({"limit": "1001"}, 400),
        ({"limit": "0000010000"}, 400),
        ({"limit": "٣"}, 400),
        ({"from": "yesterday"}, 400),
        ({"from": "2026-11-01T00:00:00"}, 400),
        ({"from": "0001-01-01"}, 400),
        ({"to": "20261101"}, 400),
        ({"cursor": "%%%"}, 400),
        ({"cursor": "WzFd"}, 400),
        ({"cursor": "WyJ4IiwgIngiLCAieCIsICJ4Il0"}, 400),
        ({"region": "a\0"}, 400),
        ({"meter": "nothing"}, 404),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, str], status: int) -> None:
    answer = read(Door(), **parameters)

    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"


def test_a_page_takes_the_same_number_of_statements_however_many_rows() -> None:
    make_meter()
    door = Door()
    counts = []
    for _round in range(2):
        send(*[event(an_app()) for _ in range(10)])
        services.roll_up_all()
        read(door)
        with CaptureQueriesContext(connection) as captured:
            read(door)
        counts.append(len(statements(captured)))

    assert counts[0] == counts[1] <= 3


def test_reading_needs_its_scope() -> None:
    assert read(Door(["usage:write"])).status_code == 403
    assert read(Door(key="")).status_code == 401


def test_meters_are_listed_with_what_feeds_them() -> None:
    make_meter(dimensions=["kind"])
    make_meter("mau", kind="unique")
    door = Door()

    first = door.get("/api/v1/meters", limit="1").json()
    second = door.get("/api/v1/meters", limit="1", cursor=first["next_cursor"]).json()

    assert [m["code"] for m in first["data"] + second["data"]] == ["mau", "messages"]
    assert (first["has_more"], second["has_more"]) == (True, False)
    assert second["data"][0] == {
        "code": "messages",
        "name": {"en": "messages", "zh-Hans": "messages"},
        "kind": "sum",
        "source": "events",
        "unit": "messages",
        "event_type": "message.sent",
        "value_property": "value",
        "user_property": "user",
        "dimensions": ["kind"],
    }
