"""The door for corrections: verdicts, scopes, and the list."""

import pytest

from subscriptions.models import App
from tests.factories import make_key
from tests.usage.test_corrections import event, instead, void
from tests.usage.world import Door, an_app, make_meter, send
from usage import services

pytestmark = pytest.mark.django_db
PATH = "/api/v1/usage/corrections"
JSON = "application/json"


@pytest.fixture
def app() -> App:
    make_meter()
    return an_app()


def test_each_correction_gets_a_verdict(app: App):
    sent = [event(app), event(app)]
    send(*sent)
    door = Door()

    body = [
        void(sent[0]),
        void(sent[0]),
        instead(sent[1], event(app, value="9")),
        void({**sent[0], "id": "no"}),
    ]
    answer = door.post(body, path=PATH, media=JSON)

    assert answer.status_code == 200
    found = answer.json()
    assert (found["accepted"], found["duplicates"]) == (2, 1)
    assert [(one["index"], one["code"], one["field"]) for one in found["rejected"]] == [
        (3, "unknown_event", "id")
    ]
    assert "source" in found["rejected"][0]["detail"]


def test_the_list_says_what_was_corrected(app: App):
    sent = [event(app) for _ in range(3)]
    send(*sent)
    door = Door()
    door.post([void(sent[0]), instead(sent[1], event(app, value="9"))], path=PATH, media=JSON)
    services.roll_up_all()

    first = door.get(PATH, limit="1").json()
    second = door.get(PATH, limit="1", cursor=first["next_cursor"]).json()
    rows = [*first["data"], *second["data"]]

    assert [(row["action"], row["id"], row["meters"], row["counted"]) for row in rows] == [
        ("void", sent[0]["id"], ["messages"], True),
        ("replace", sent[1]["id"], ["messages"], True),
    ]
    assert (rows[0]["replaced_by"], rows[0]["reason"], second["has_more"]) == (None, "sent twice", False)
    assert door.get(PATH, app=app.code, **{"from": "2030-01-01"}).json()["data"] == []


def test_correcting_needs_its_scope_and_a_customer_only_reads_its_own(app: App):
    sent, other = event(app), event(an_app())
    send(sent, other)
    assert Door(("usage:write",)).post([void(sent)], path=PATH, media=JSON).status_code == 403
    assert Door(("usage:correct",)).post([void(sent), void(other)], path=PATH, media=JSON).status_code == 200
    theirs = Door(key=make_key(["usage:read"], customer=app.customer)[1])

    assert theirs.post([void(sent)], path=PATH, media=JSON).status_code == 403
    assert [row["id"] for row in theirs.get(PATH).json()["data"]] == [sent["id"]]


@pytest.mark.parametrize("body", [b"{}", b"[]", b"[", b'[{"action": "void"'])
def test_an_unreadable_body_is_a_problem(app: App, body: bytes):
    answer = Door().post(body, path=PATH, media=JSON)

    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable")


def test_figures_read_from_events_leave_a_void_one_out(app: App):
    sent = [event(app, value="2"), event(app, value="3")]
    send(*sent)
    door = Door()
    door.post([void(sent[0])], path=PATH, media=JSON)

    rows = door.get("/api/v1/usage", window="hour", app=app.code).json()["data"]
    assert [row["value"] for row in rows] == ["3"]
