"""Reading usage by hour, as CSV, and from page to page by the Link header."""

from datetime import UTC, datetime
from typing import Any

import pytest

from subscriptions.models import App
from tests.factories import make_key
from tests.usage.world import Door, an_app, event, make_meter, send
from usage import services

pytestmark = pytest.mark.django_db
CSV = {"Accept": "text/csv"}


@pytest.fixture
def app() -> App:
    """Messages and users of three hours in Kathmandu, whose hours begin at a quarter to."""
    make_meter()
    make_meter("mau", kind="unique")
    make_meter("peak", kind="gauge", event_type="connections")
    app = an_app("Asia/Kathmandu", code="temple")
    for at in ("2026-11-19T22:14:59Z", "2026-11-19T22:15:00Z", "2026-11-20T02:00:00Z"):
        send(event(app, at=at, user="u1", value="1.5"), event(app, at=at, user="u2", region="eu"))
    send(
        *(event(app, type="connections", at="2026-11-20T02:30:00Z", value=value) for value in ("7", "9", "8"))
    )
    return app


def read(**parameters: str) -> list[tuple[str, ...]]:
    answer = Door().get("/api/v1/usage", window="hour", **parameters)
    assert answer.status_code == 200, answer.content
    return [(r["start"], r["end"], r["meter"], r["region"], r["value"]) for r in answer.json()["data"]]


def csv_of(door: Door, **parameters: str) -> Any:
    return door.client.get(
        "/api/v1/usage", parameters, headers={"Authorization": f"Bearer {door.text}", **CSV}
    )


def test_hours_are_those_of_the_billing_zone_and_need_no_roll_up(app: App) -> None:
    assert read(meter="messages") == [
        ("2026-11-19T21:15:00Z", "2026-11-19T22:15:00Z", "messages", "", "1.5"),
        ("2026-11-19T21:15:00Z", "2026-11-19T22:15:00Z", "messages", "eu", "1"),
        ("2026-11-19T22:15:00Z", "2026-11-19T23:15:00Z", "messages", "", "1.5"),
        ("2026-11-19T22:15:00Z", "2026-11-19T23:15:00Z", "messages", "eu", "1"),
        ("2026-11-20T01:15:00Z", "2026-11-20T02:15:00Z", "messages", "", "1.5"),
        ("2026-11-20T01:15:00Z", "2026-11-20T02:15:00Z", "messages", "eu", "1"),
    ]
    assert [(row[3], row[4]) for row in read(meter="mau")] == [("", "2")] * 3
    assert [row[4] for row in read(meter="peak")] == ["9"]


def test_a_day_is_a_day_of_the_zone_and_an_instant_its_hour(app: App) -> None:
    day = {"from": "2026-11-20", "to": "2026-11-21"}  # from 18:15Z of the 19th
    assert len(read(meter="messages", **day)) == 6
    assert read(meter="messages", **{"from": "2026-11-18", "to": "2026-11-20"}) == []
    inside = {"from": "2026-11-19T22:20:00Z", "to": "2026-11-19T22:21:00Z"}
    assert [row[0] for row in read(meter="messages", **inside)] == ["2026-11-19T22:15:00Z"] * 2


def test_hours_add_up_to_their_days(app: App) -> None:
    services.roll_up_all()

    days = Door().get("/api/v1/usage", meter="messages", region="").json()["data"]
    hours = read(meter="messages", region="")
    assert [one["value"] for one in days] == ["4.5"]
    assert [row[4] for row in hours] == ["1.5"] * 3


def test_the_hour_that_comes_twice_is_two_hours(app: App) -> None:
    autumn = an_app("America/New_York", code="autumn")
    for at in ("2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"):
        send(event(autumn, at=at, user="u"), at=datetime(2026, 11, 2, tzinfo=UTC))

    found = read(app="autumn", meter="messages", **{"from": "2026-11-01", "to": "2026-11-02"})
    assert [row[0] for row in found] == ["2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"]


def test_more_than_a_week_of_hours_is_refused(app: App) -> None:
    answer = Door().get("/api/v1/usage", window="hour", **{"from": "2026-11-01", "to": "2026-11-20"})

    assert (answer.status_code, answer.json()["code"]) == (400, "query_too_wide")


@pytest.mark.parametrize("window", ["hour", "day", "month"])
def test_the_link_leads_from_page_to_page(app: App, window: str) -> None:
    services.roll_up_all()
    door = Door()
    whole = door.get("/api/v1/usage", window=window).json()["data"]

    found, path = [], f"/api/v1/usage?window={window}&limit=2"
    while path:
        answer = door.get(path)
        found += answer.json()["data"]
        link = answer.get("Link", "")
        path = link[1:].partition(">")[0].partition("testserver")[2]
        assert bool(path) == answer.json()["has_more"]

    assert found == whole
    assert len(whole) > 2


def test_csv_has_the_rows_of_the_page_and_no_byte_order_mark(app: App) -> None:
    services.roll_up_all()
    answer = csv_of(Door(), meter="messages", limit="1")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.content.decode().splitlines() == [
        "start,end,zone,app,meter,region,value",
        "2026-11-19T18:15:00Z,2026-11-20T18:15:00Z,Asia/Kathmandu,temple,messages,,4.5",
    ]
    assert 'rel="next"' in answer["Link"]
    assert "Accept" in answer["Vary"]


def test_a_region_cannot_become_a_formula(app: App) -> None:
    send(event(app, user="u", region="=1+1"))

    lines = csv_of(Door(), window="hour", meter="messages").content.decode().splitlines()
    assert lines[-1].endswith(",messages,'=1+1,1")


def test_a_refusal_is_a_problem_document_for_csv_readers_too(app: App) -> None:
    for door, parameters, status in (
        (Door(), {"window": "week"}, 400),
        (Door(key="rc_live_wrong"), {}, 401),
        (Door(key=make_key(["entitlements:read"], app.customer)[1]), {}, 403),
    ):
        answer = csv_of(door, **parameters)
        assert answer.status_code == status
        assert answer["Content-Type"].startswith("application/problem+json")
        assert answer.json()["status"] == status
