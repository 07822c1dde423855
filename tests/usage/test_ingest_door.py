"""The HTTP door for events: every status, every verdict, and how many statements it takes."""

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from subscriptions.models import App
from tests.factories import NOW, TESTER, make_app, make_customer, make_key
from tests.usage.world import Door, an_app, count, event, make_meter, statements
from usage.models import EventConflict, IngestBatch, QuarantinedEvent, UsageEvent
from usage.services import replay

pytestmark = pytest.mark.django_db


@pytest.fixture
def app() -> App:
    make_meter()
    return an_app()


def verdict(answer: Any) -> tuple[int, int, list[tuple[int, str, str]]]:
    body = answer.json()
    return (
        body["accepted"],
        body["duplicates"],
        [(r["index"], r["code"], r["field"]) for r in body["rejected"]],
    )


def refused(answer: Any) -> tuple[int, str]:
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == answer.status_code
    return answer.status_code, answer.json()["code"]


def test_a_batch_is_stored_and_a_repeat_is_a_duplicate(app: App) -> None:
    door, sent = Door(), [event(app), event(app, value="2.5", region="eu")]

    first, again = door.post(sent), door.post(sent)

    assert (first.status_code, again.status_code) == (200, 200)
    assert verdict(first) == (2, 0, [])
    assert verdict(again) == (0, 2, [])
    assert count("usage_usageevent") == count("usage_usageeventkey") == 2
    (batch,) = IngestBatch.objects.all()
    assert (batch.state, batch.n, batch.app_ids, str(batch.day_min)) == ("pending", 2, [app.pk], "2026-11-20")


def test_one_event_is_taken_as_an_object(app: App) -> None:
    for media in ("application/cloudevents+json", "application/json", "Application/JSON; charset=UTF-8"):
        assert verdict(Door().post(event(app), media=media)) == (1, 0, [])


def test_a_single_refused_event_is_422_with_its_field(app: App) -> None:
    answer = Door().post(event(app, value="NaN"), media="application/cloudevents+json")

    assert refused(answer) == (422, "not_a_number")
    assert answer.json()["errors"][0]["field"] == "data.value"


def test_A07_one_bad_event_is_named_and_the_others_are_stored(app: App) -> None:
    sent = [event(app) for _ in range(100)]
    sent[41]["time"] = "2026-11-20T03:14:15"

    answer = Door().post(sent)

    assert verdict(answer) == (99, 0, [(41, "offset_required", "time")])
    assert answer.json()["rejected"][0]["id"] == sent[41]["id"]
    assert answer.json()["rejected"][0]["detail"] == "time needs an offset (Z or +08:00); it is not guessed."
    assert count("usage_usageevent") == 99


def test_A08_copies_inside_one_body_are_told_apart(app: App) -> None:
    one, other = event(app, id="a"), event(app, id="a", value="7")

    answer = Door().post([one, one, other, event(app, id="b"), one])

    assert verdict(answer) == (2, 2, [(2, "conflict", "id")])
    assert count("usage_usageevent") == 2


def test_A02_the_same_id_with_another_body_is_a_conflict_and_the_first_stays(app: App) -> None:
    door = Door()
    door.post([event(app, id="a", value="1")])

    answer = door.post([event(app, id="a", value="2"), event(app, id="a", value="1"), event(app, id="b")])
    door.post([event(app, id="a", value="2")])

    assert verdict(answer) == (1, 1, [(0, "conflict", "id")])
    noted = EventConflict.objects.get()  # the second attempt adds no second row
    assert (noted.event_id, noted.source, noted.app_id) == ("a", "gateway-1", app.pk)
    assert f"{noted.kept_hash % 2**64:016x}" in answer.json()["rejected"][0]["detail"]
    assert [str(e.value) for e in UsageEvent.objects.filter(event_key=noted.event_key)] == ["1.000000000000"]


def test_A01_a_corrected_time_does_not_make_a_second_event(app: App) -> None:
    door = Door()
    door.post([event(app, id="a", at="2026-11-19T23:59:59Z")])

    other_day = door.post([event(app, id="a", at="2026-11-20T00:00:01Z")])
    other_spelling = door.post([event(app, id="a", at="2026-11-20T07:59:59+08:00")])

    assert verdict(other_day) == (0, 0, [(0, "conflict", "id")])
    assert verdict(other_spelling) == (0, 1, [])


def test_A06_one_event_feeds_each_meter_of_its_type_under_one_key(app: App) -> None:
    make_meter("mau", kind="unique")
    make_meter("sent", kind="count")

    answer = Door().post([event(app, value="3", user="u1"), event(app)])

    assert verdict(answer) == (1, 0, [(1, "required", "data.user")])
    assert count("usage_usageeventkey") == 1
    stored = {
        e.meter.code: (str(e.value.normalize()), e.user_digest is not None) for e in UsageEvent.objects.all()
    }
    assert stored == {"messages": ("3", False), "mau": ("1", True), "sent": ("1", False)}


def test_a_user_is_kept_as_a_digest_keyed_by_app(app: App) -> None:
    make_meter("mau", kind="unique")
    other = an_app()

    Door().post([event(app, user="u1"), event(other, user="u1"), event(app, user="u1")])

    digests = {(e.app_id, e.user_digest) for e in UsageEvent.objects.filter(meter__code="mau")}
    assert len(digests) == 2
    assert len({digest for _app, digest in digests}) == 2


def test_an_event_without_a_region_gets_the_apps(app: App) -> None:
    home = an_app(region="cn-north")

    Door().post([event(home), event(home, region="eu"), event(app)])

    assert sorted(e.region for e in UsageEvent.objects.all()) == ["", "cn-north", "eu"]


def test_declared_dimensions_are_kept_and_others_refused(app: App) -> None:
    make_meter("files", event_type="file.sent", dimensions=["kind"])
    tricky = 'gro"up\\{},'

    answer = Door().post([event(app, type="file.sent", kind=tricky), event(app, kind="group")])

    assert verdict(answer) == (1, 0, [(1, "unknown_property", "data.kind")])
    assert UsageEvent.objects.get().dims == {"kind": tricky}


def test_A22_unknown_apps_and_types_are_refused_and_held(app: App) -> None:
    strangers = [event("app_nobody", value="0.10"), event(app, type="pigeon.sent"), event(app)]

    answer = Door().post(strangers)
    Door().post(strangers)

    assert verdict(answer) == (1, 0, [(0, "unknown_app", "subject"), (1, "unknown_type", "type")])
    held = {h.reason: h for h in QuarantinedEvent.objects.all()}
    assert {reason: h.subject for reason, h in held.items()} == {
        "unknown_app": "app_nobody",
        "unknown_type": app.code,
    }
    assert held["unknown_app"].body["data"] == {"value": "0.10"}
    assert (held["unknown_app"].expires_at - NOW).days == 35


def test_A22_a_held_event_is_replayed_once_its_app_exists(app: App) -> None:
    Door().post([event("app_late", value="0.10", region="eu"), event(app, type="pigeon.sent")])

    before = replay(QuarantinedEvent.objects.all(), at=NOW, by=TESTER)
    made = make_app(code="app_late")
    month_later = NOW + timedelta(days=34)
    after = replay(QuarantinedEvent.objects.all(), at=month_later, by=TESTER)
    again = replay(QuarantinedEvent.objects.filter(subject="app_late"), at=month_later, by=TESTER)

    assert before == {"unknown_app": 1, "unknown_type": 1}
    assert after == {"accepted": 1, "unknown_type": 1}
    assert again == {"duplicate": 1}
    (stored,) = UsageEvent.objects.filter(app=made)
    assert (str(stored.value.normalize()), stored.region) == ("0.1", "eu")
    assert sorted(QuarantinedEvent.objects.values_list("result", flat=True)) == ["duplicate", "unknown_type"]
    assert QuarantinedEvent.objects.get(subject="app_late").replayed_at == month_later


def test_A16_an_unknown_app_cannot_bring_broken_text_into_quarantine(app: App) -> None:
    answer = Door().post([event("app_nobody", region="a\u0000b"), event("app_nobody", kind=["x"])])

    assert verdict(answer) == (0, 0, [(0, "invalid_text", "data.region"), (1, "wrong_type", "data.kind")])


def test_an_app_made_a_moment_ago_is_known_at_once(app: App) -> None:
    door = Door()
    door.post([event(app)])

    assert verdict(door.post([event(an_app())])) == (1, 0, [])


def test_A21_old_events_need_the_backfill_scope(app: App) -> None:
    old = [event(app, at="2026-08-20T00:00:00Z"), event(app, at="2019-01-01T00:00:00Z")]

    plain, backfill = Door(["usage:write"]).post(old), Door().post(old)

    assert verdict(plain) == (0, 0, [(0, "too_old", "time"), (1, "too_old", "time")])
    assert verdict(backfill) == (1, 0, [(1, "too_old", "time")])


def test_A20_the_future_is_refused(app: App) -> None:
    assert verdict(Door().post([event(app, at="2026-11-20T03:20:00Z")])) == (0, 0, [(0, "in_future", "time")])


@pytest.mark.parametrize("raw", [b" ", b"nope", b"[" * 100_000, b"[]", b"\xff"])
def test_an_unreadable_body_is_400(raw: bytes) -> None:
    assert refused(Door().post(raw)) == (400, "unreadable")


def test_A09_too_much_is_413_before_it_is_parsed(app: App) -> None:
    door = Door()

    assert refused(door.post([event(app) for _ in range(1001)])) == (413, "too_large")
    assert refused(door.post(b" " * 3_000_000)) == (413, "too_large")
    assert refused(door.post(gzip.compress(b" " * 3_000_000), **{"Content-Encoding": "gzip"})) == (
        413,
        "too_large",
    )
    assert count("usage_usageevent") == 0


@pytest.mark.parametrize(
    "media", ["text/plain", "", "application/xml", "application/json; charset=utf-16", "multipart/form-data"]
)
def test_another_media_type_is_415(media: str) -> None:
    assert refused(Door().post([{}], media=media)) == (415, "unsupported_media_type")


def test_gzip_is_welcome_and_other_codings_are_415(app: App) -> None:
    raw = json.dumps([event(app)]).encode()

    assert verdict(Door().post(gzip.compress(raw), **{"Content-Encoding": "gzip"})) == (1, 0, [])
    assert refused(Door().post(raw, **{"Content-Encoding": "br"})) == (415, "unsupported_media_type")


@pytest.mark.parametrize("key", ["", "rc_live_00000000_" + "0" * 40, "nonsense", "rc_live_ü"])
def test_a_missing_or_wrong_key_is_401(key: str) -> None:
    answer = Door(key=key).post([])

    assert refused(answer)[0] == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_key_without_the_scope_is_403(app: App) -> None:
    _row, customer_key = make_key(["usage:read"], make_customer())

    assert refused(Door(["usage:read"]).post([event(app)]))[0] == 403
    assert refused(Door(key=customer_key).post([event(app)]))[0] == 403


def test_A25_a_database_that_is_away_is_503_and_nothing_is_acknowledged(app: App, monkeypatch: Any) -> None:
    def away(*_args: object, **_kwargs: object) -> int:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("usage.store.append", away)
    answer = Door().post([event(app)])

    assert refused(answer) == (503, "unavailable")
    assert answer["Retry-After"] == "1"


@pytest.mark.parametrize("blank", ["", " ", "\t", "\n"])
@pytest.mark.parametrize("key", ["value", "id", "data_base64"])
def test_A18_a_key_named_twice_is_refused_at_the_door_however_it_is_spelled(
    app: App, blank: str, key: str
) -> None:
    """A batch in which every other event is good, so that nothing but the keys can tell."""
    good, bad = (json.dumps(event(app, value="1"), separators=(",", ":")) for _n in range(2))
    twice = {
        "value": bad.replace('"value":"1"', f'"value":"1","value"{blank}:"1000000"'),
        "id": bad.replace('"source"', f'"id"{blank}:"other","source"'),
        "data_base64": bad.replace('"source"', f'"data_base64"{blank}:"eA==","source"'),
    }[key]

    told = json.loads(Door().post(f"[{good},{twice}]".encode()).content)

    wanted = "unsupported" if key == "data_base64" else "duplicate_key"
    assert told["accepted"] == 1
    assert [(no["index"], no["code"]) for no in told["rejected"]] == [(1, wanted)]
    assert (count("usage_usageevent"), UsageEvent.objects.get().value) == (1, 1)


@pytest.mark.parametrize("size", [1, 100, 1000])
def test_a_request_takes_at_most_three_statements(app: App, size: int) -> None:
    door = Door()
    door.post([event(app)])  # the key and the partition are known from here on
    sent = [event(app) for _ in range(size)]

    with CaptureQueriesContext(connection) as first:
        assert verdict(door.post(sent))[0] == size
    with CaptureQueriesContext(connection) as mixed:
        door.post([*sent[: size - 1], event(app, id=sent[0]["id"], value="9"), event("app_new")][:1000])

    # in a test's transaction ensure_days always looks; a committed day is remembered
    looked = [s for s in statements(first) if "pg_inherits" in s]
    assert len(statements(first)) - len(looked) == 1
    assert len([s for s in statements(mixed) if "pg_inherits" not in s]) <= 3
