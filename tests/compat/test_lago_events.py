"""lago-python-client 1.55.0, unchanged: events, batches, and events by id."""

from typing import Any

import httpx
import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from lago_python_client.client import Client as Lago
from lago_python_client.exceptions import LagoApiError
from lago_python_client.models import BatchEvent, Event

from subscriptions.models import App
from tests.factories import NOW, make_app, make_key, make_subscription
from tests.usage.world import Door, count, make_meter, rows, statements
from usage.models import EventConflict, QuarantinedEvent

pytestmark = pytest.mark.django_db
SECONDS = int(NOW.timestamp())


def an_event(**fields: Any) -> Event:
    given = {
        "transaction_id": "tx-1",
        "external_subscription_id": "harbour",
        "code": "message.sent",
        "timestamp": SECONDS,
        "properties": {"value": "2"},
    }
    return Event(**{**given, **fields})


def refused(error: pytest.ExceptionInfo[LagoApiError]) -> tuple[int, Any]:
    """The status and the reasons, which the client could only read from a JSON body."""
    return error.value.status_code, error.value.response["error_details"]


def values() -> list[str]:
    return [str(v.normalize()) for (v,) in rows("SELECT value FROM usage_usageevent ORDER BY value")]


def test_an_event_is_stored_and_told_back(lago: Lago, app: App) -> None:
    told = lago.events.create(an_event(properties={"value": "2", "kind": "group"}))

    assert (told.transaction_id, told.external_subscription_id) == ("tx-1", "harbour")
    assert (told.code, told.timestamp) == ("message.sent", "2026-11-20T03:14:15Z")
    assert told.properties == {"value": "2", "kind": "group"}
    assert values() == ["2"]


def test_seconds_come_as_number_or_text_whole_or_not(lago: Lago, app: App) -> None:
    for n, given in enumerate([SECONDS, str(SECONDS), f"{SECONDS}.250", "2026-11-20T11:14:15+08:00"]):
        told = lago.events.create(an_event(transaction_id=f"tx-{n}", timestamp=given))
        assert told.timestamp in ("2026-11-20T03:14:15Z", "2026-11-20T03:14:15.250000Z")
    assert count("usage_usageevent") == 4


def test_the_same_event_again_is_the_same_answer(lago: Lago, app: App) -> None:
    first, again = lago.events.create(an_event()), lago.events.create(an_event())

    assert (first.lago_id, first.timestamp) == (again.lago_id, again.timestamp)
    assert values() == ["2"]


def test_an_event_without_a_time_happened_when_it_came_and_its_repeat_is_no_other(
    lago: Lago, app: App, settings: Any
) -> None:
    first = lago.events.create(an_event(timestamp=None))
    settings.RATECARD_CLOCK = "tests.compat.test_lago_events.later"
    again = lago.events.create(an_event(timestamp=None))

    assert (first.timestamp, again.timestamp) == ("2026-11-20T03:14:15Z", "2026-11-20T03:14:15Z")
    assert values() == ["2"]


def later() -> Any:
    """A minute after the first."""
    from datetime import timedelta

    return NOW + timedelta(minutes=1)


def test_A02_the_same_id_with_another_body_exists_already(lago: Lago, app: App) -> None:
    lago.events.create(an_event())

    with pytest.raises(LagoApiError) as error:
        lago.events.create(an_event(properties={"value": "3"}))

    assert refused(error) == (422, {"transaction_id": ["value_already_exist"]})
    assert EventConflict.objects.get().event_id == "tx-1"
    assert values() == ["2"]


def test_A06_two_codes_may_share_an_id(lago: Lago, app: App) -> None:
    make_meter("calls", event_type="call.ended")

    lago.events.create(an_event())
    lago.events.create(an_event(code="call.ended"))

    assert values() == ["2", "2"]


def test_an_unknown_code_or_subscription_is_taken_and_boxed(lago: Lago, app: App) -> None:
    lago.events.create(an_event(code="reactions"))
    lago.events.create(an_event(transaction_id="tx-2", external_subscription_id="nobody"))

    held = {(row.type, row.reason) for row in QuarantinedEvent.objects.all()}
    assert held == {("reactions", "unknown_type"), ("message.sent", "unknown_app")}
    assert lago.events.find("tx-1").code == "reactions"
    assert count("usage_usageevent") == 0


def test_a_field_that_is_not_right_is_named_in_lagos_words(lago: Lago, app: App) -> None:
    wrong = {
        "properties.value": {"properties": {"value": "NaN"}},
        "properties.colour": {"properties": {"value": "1", "colour": "red"}},
        "timestamp": {"timestamp": "yesterday"},
        "transaction_id": {"transaction_id": ""},
        "code": {"code": "x" * 65},
    }
    for field, change in wrong.items():
        with pytest.raises(LagoApiError) as error:
            lago.events.create(an_event(**change))
        status, details = refused(error)
        assert (status, list(details)) == (422, [field])


def test_a_batch_of_a_hundred_is_stored(lago: Lago, app: App) -> None:
    lago.events.batch_create(BatchEvent(events=[an_event(transaction_id=f"tx-{n}") for n in range(100)]))

    assert count("usage_usageevent") == 100


def test_A07_a_batch_names_the_bad_by_place_and_stores_the_others(lago: Lago, app: App) -> None:
    lago.events.create(an_event())
    sent = [an_event(properties={"value": "9"}), an_event(transaction_id="tx-2"), an_event(code="")]

    with pytest.raises(LagoApiError) as error:
        lago.events.batch_create(BatchEvent(events=sent))

    assert refused(error) == (
        422, {"0": {"transaction_id": ["value_already_exist"]}, "2": {"code": ["required"]}}
    )  # fmt: skip
    assert values() == ["2", "2"]
    lago.events.batch_create(BatchEvent(events=[sent[1]]))  # what was stored is a repeat, no fault
    assert values() == ["2", "2"]


def test_more_than_a_hundred_events_are_too_many(lago: Lago, app: App) -> None:
    with pytest.raises(LagoApiError) as error:
        lago.events.batch_create(BatchEvent(events=[an_event(transaction_id=f"tx-{n}") for n in range(101)]))

    assert refused(error) == (413, {})


def test_an_event_is_found_by_its_id_which_comes_unquoted(lago: Lago, app: App) -> None:
    for name in ("tx-1", "2026/11/20:7", "a=b&c", "消息-1"):
        lago.events.create(an_event(transaction_id=name, properties={"value": "2.50", "kind": "group"}))

        found = lago.events.find(name)

        assert (found.transaction_id, found.code) == (name, "message.sent")
        assert found.external_subscription_id == "harbour"
        assert found.properties == {"value": "2.5", "kind": "group"}


def test_an_id_nobody_sent_is_404_with_a_body(lago: Lago, app: App) -> None:
    with pytest.raises(LagoApiError) as error:
        lago.events.find("tx-9")

    assert refused(error) == (404, {})


def test_the_id_of_a_subscription_stands_for_its_only_app(lago: Lago, app: App) -> None:
    agreed = make_subscription(app.customer)

    lago.events.create(an_event(external_subscription_id=agreed.public_id))
    second = make_app(app.customer)
    own = make_subscription(make_app(code="other").customer)
    lago.events.create(an_event(transaction_id="tx-2", external_subscription_id=own.public_id))

    sent = {
        code
        for (code,) in rows(
            "SELECT a.code FROM usage_usageevent v JOIN subscriptions_app a ON a.id = v.app_id"
        )
    }
    assert sent == {"harbour", "other"}
    assert second.code not in sent


def test_the_id_of_a_subscription_with_several_apps_is_no_place(lago: Lago, app: App) -> None:
    make_app(app.customer)

    with pytest.raises(LagoApiError) as error:
        lago.events.create(an_event(external_subscription_id=make_subscription(app.customer).public_id))

    assert refused(error) == (422, {"external_subscription_id": ["several_apps"]})


def test_the_code_of_a_meter_stands_for_its_event_type(lago: Lago, app: App) -> None:
    told = lago.events.create(an_event(code="messages"))

    assert told.code == "messages"
    assert values() == ["2"]
    with pytest.raises(LagoApiError):  # one type is one place for ids
        lago.events.create(an_event(code="message.sent", properties={"value": "3"}))


def test_a_wrong_key_is_401_and_a_customers_key_403(lago: Lago, app: App) -> None:
    lago.api_key = "rc_live_wrong"
    with pytest.raises(LagoApiError) as unknown:
        lago.events.create(an_event())

    lago = Lago(api_key=make_key(["usage:read"], app.customer)[1], api_url=lago.api_url)
    with pytest.raises(LagoApiError) as customers:
        lago.events.create(an_event())

    assert unknown.value.status_code == 401
    assert customers.value.status_code == 403


def test_a_customers_key_finds_its_own_events_only(lago: Lago, app: App) -> None:
    lago.events.create(an_event())
    own = Lago(api_key=make_key(["usage:read"], app.customer)[1], api_url=lago.api_url)
    other = Lago(api_key=make_key(["usage:read"], make_app().customer)[1], api_url=lago.api_url)

    assert own.events.find("tx-1").transaction_id == "tx-1"
    with pytest.raises(LagoApiError):
        other.events.find("tx-1")


def test_A27_a_flood_is_429_and_the_client_waits_by_the_header_it_reads(
    lago: Lago, app: App, settings: Any
) -> None:
    settings.USAGE_RATE_PER_SECOND = 1
    for n in range(3):
        lago.events.create(an_event(transaction_id=f"tx-{n}"))
    url, head = f"{lago.base_api_url}events", {"Authorization": f"Bearer {lago.api_key}"}
    answers = [httpx.post(url, headers=head, json={"event": an_event().dict()}) for _ in range(3)]

    assert count("usage_usageevent") == 3
    refused = [one for one in answers if one.status_code == 429]
    assert refused
    assert (refused[0].json()["status"], refused[0].headers["x-ratelimit-reset"]) == (429, "1")


def test_every_refusal_has_a_json_body(address: str, key: str, app: App) -> None:
    base, head = f"{address}/compat/lago/api/v1", {"Authorization": f"Bearer {key}"}
    answers = [
        httpx.get(f"{base}/nothing", headers=head),
        httpx.put(f"{base}/events", headers=head, json={}),
        httpx.post(f"{base}/events", headers={**head, "Content-Type": "application/json"}, content=b"{"),
        httpx.post(f"{base}/events", headers=head, json={"events": []}),
        httpx.post(f"{base}/events", headers={**head, "Content-Type": "text/plain"}, content=b"x"),
        httpx.get(f"{base}/events/a%00b", headers=head),
        httpx.post(f"{base}/events/batch", json={"events": []}),
        httpx.post(f"{base}/events/batch", headers=head, json={"events": []}),
        httpx.post(f"{base}/events/batch", headers=head, json={"events": ["x"]}),
    ]

    assert [one.status_code for one in answers] == [404, 405, 400, 400, 415, 400, 401, 400, 422]
    for one in answers:
        body = one.json()
        assert {"status", "error", "code", "error_details"} <= body.keys()
        assert body["status"] == one.status_code
        assert "Retry-After" not in one.headers


@pytest.mark.parametrize(("error", "status"), [(OperationalError("gone"), 503), (KeyError("bug"), 500)])
def test_A25_a_fault_of_ours_has_a_json_body_too(
    lago: Lago, app: App, monkeypatch: Any, error: Exception, status: int
) -> None:
    def fail(*_args: object, **_kwargs: object) -> int:
        raise error

    monkeypatch.setattr("usage.store.append", fail)
    with pytest.raises(LagoApiError) as told:
        lago.events.create(an_event())

    assert refused(told) == (status, {})
    assert ("Retry-After" in told.value.headers) == (status == 503)


def test_a_batch_takes_at_most_three_statements(app: App) -> None:
    door, batch = Door(), "/compat/lago/api/v1/events/batch"
    one = an_event().dict()
    for code in ("message.sent", "messages"):  # known for seconds from here on
        door.post({"events": [{**one, "code": code}]}, path=batch, media="application/json")

    for size in (1, 100):
        sent = [{**one, "transaction_id": f"{size}-{n}"} for n in range(size)]
        for events in (sent, sent, [{**sent[0], "code": "messages"}]):
            with CaptureQueriesContext(connection) as captured:
                door.post({"events": events}, path=batch, media="application/json")
            # a test's transaction always looks for the day's partition; a committed day is remembered
            asked = [q for q in statements(captured) if "pg_inherits" not in q]
            assert len(asked) <= 3, [q[:80] for q in asked]
