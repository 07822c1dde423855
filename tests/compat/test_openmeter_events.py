"""openmeter 1.0.0b236, unchanged: events in and out."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from corehttp.exceptions import HttpResponseError, ResourceExistsError
from django.db import OperationalError
from openmeter import Client as OpenMeter
from openmeter.models import Event

from subscriptions.models import App
from tests.factories import NOW, make_app, make_key
from tests.usage.world import count, rows
from usage.models import QuarantinedEvent
from usage.services import ingest_named

pytestmark = pytest.mark.django_db


def an_event(**fields: Any) -> Event:
    given = {"id": "e-1", "source": "gateway", "specversion": "1.0", "type": "message.sent"}
    more = {"subject": "harbour", "time": NOW, "data": {"value": "2"}}
    return Event(**{**given, **more, **fields})


def problem(error: pytest.ExceptionInfo[HttpResponseError]) -> dict[str, Any]:
    answer = error.value.response
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert "Retry-After" not in answer.headers
    body = answer.json()
    assert {"type", "title", "detail", "instance"} <= body.keys()
    return body


def values() -> list[str]:
    return [str(v.normalize()) for (v,) in rows("SELECT value FROM usage_usageevent ORDER BY value")]


def test_one_event_is_taken(openmeter: OpenMeter, app: App) -> None:
    openmeter.events.ingest_event(an_event())

    assert values() == ["2"]


def test_a_batch_is_taken_in_each_form_the_client_has(openmeter: OpenMeter, app: App) -> None:
    openmeter.events.ingest_events([an_event(id="a"), an_event(id="b")])
    openmeter.events.ingest_events_json([an_event(id="c")])
    openmeter.events.ingest_events_json(an_event(id="d"))

    assert count("usage_usageevent") == 4


def test_a_repeat_is_success_and_counts_once(openmeter: OpenMeter, app: App) -> None:
    openmeter.events.ingest_event(an_event())
    openmeter.events.ingest_events([an_event(), an_event()])

    assert values() == ["2"]


def test_time_and_the_like_may_be_null(openmeter: OpenMeter, app: App, address: str, key: str) -> None:
    body = {
        "id": "e-1",
        "source": "gateway",
        "specversion": "1.0",
        "type": "message.sent",
        "subject": "harbour",
    }
    nulls = {"time": None, "datacontenttype": None, "dataschema": None}
    url, head = f"{address}/compat/openmeter/api/v1/events", {"Authorization": f"Bearer {key}"}
    media = {"Content-Type": "application/cloudevents+json"}
    for _ in range(2):
        answer = requests.post(url, json={**body, **nulls, "data": {"value": 3}}, headers={**head, **media})
        assert (answer.status_code, answer.content) == (204, b"")

    assert values() == ["3"]
    missing = requests.post(url, json={**body, "data": None, "id": "e-2"}, headers={**head, **media})
    assert missing.json()["errors"][0]["field"] == "data.value"


def test_an_event_without_time_happened_when_it_came(openmeter: OpenMeter, app: App, settings: Any) -> None:
    openmeter.events.ingest_event(an_event(time=None))
    settings.RATECARD_CLOCK = "tests.compat.test_openmeter_events.later"
    openmeter.events.ingest_event(an_event(time=None))

    (found,) = openmeter.events.list()
    assert found.event.time == NOW
    assert values() == ["2"]


def later() -> Any:
    """A minute after the first."""
    return NOW + timedelta(minutes=1)


def test_A02_another_body_under_the_same_id_is_409(openmeter: OpenMeter, app: App) -> None:
    openmeter.events.ingest_event(an_event())

    with pytest.raises(ResourceExistsError) as error:
        openmeter.events.ingest_event(an_event(data={"value": "3"}))

    assert problem(error)["code"] == "conflict"
    assert values() == ["2"]


def test_A07_a_batch_names_the_bad_by_index_and_stores_the_others(openmeter: OpenMeter, app: App) -> None:
    with pytest.raises(HttpResponseError) as error:
        openmeter.events.ingest_events([an_event(id="a", data={"value": "x"}), an_event(id="b")])

    body = problem(error)
    assert (error.value.status_code, body["code"]) == (400, "not_a_number")
    assert [(one["index"], one["id"], one["field"]) for one in body["errors"]] == [(0, "a", "data.value")]
    assert values() == ["2"]


def test_an_unknown_type_or_subject_is_taken_and_listed_with_its_reason(
    openmeter: OpenMeter, app: App
) -> None:
    openmeter.events.ingest_events([an_event(id="a", type="reaction"), an_event(id="b", subject="nobody")])

    assert QuarantinedEvent.objects.count() == 2
    listed = {one.event.id: one.validation_error for one in openmeter.events.list()}
    assert listed["a"].startswith("no meter takes this type")
    assert listed["b"].startswith("no app has this subject")


def test_events_come_back_as_they_were_sent(openmeter: OpenMeter, app: App) -> None:
    openmeter.events.ingest_event(an_event(data={"value": "2.50", "kind": "group", "region": "eu"}))

    (found,) = openmeter.events.list()
    sent = found.event
    assert (sent.id, sent.source, sent.type, sent.subject) == ("e-1", "gateway", "message.sent", "harbour")
    assert (sent.time, sent.data) == (NOW, {"value": "2.5", "kind": "group", "region": "eu"})
    assert found.customer_id == app.customer.public_id
    assert found.validation_error is None


def test_events_are_listed_by_subject_time_and_number(openmeter: OpenMeter, app: App) -> None:
    make_app(code="other")
    for hours in (1, 30, 80):
        openmeter.events.ingest_event(an_event(id=f"h{hours}", time=NOW - timedelta(hours=hours)))
    openmeter.events.ingest_event(an_event(id="o", subject="other"))

    def ids(**asked: Any) -> list[str]:
        return [one.event.id for one in openmeter.events.list(**asked)]

    assert ids() == ["o", "h1", "h30"]  # three days back unless told otherwise
    assert ids(subject="harbour") == ["h1", "h30"]
    assert ids(from_parameter=NOW - timedelta(hours=90), to=NOW - timedelta(hours=2)) == ["h30", "h80"]
    assert ids(limit=1) == ["o"]
    assert ids(id="h30") == ["h30"]
    with pytest.raises(HttpResponseError) as error:
        ids(limit=101)
    assert problem(error)["code"] == "invalid_parameter"


def test_a_customers_key_lists_its_own_events_and_reports_none(
    address: str, openmeter: OpenMeter, app: App
) -> None:
    make_app(code="other")
    openmeter.events.ingest_events([an_event(), an_event(id="o", subject="other")])
    text = make_key(["usage:read"], app.customer)[1]

    with OpenMeter(endpoint=f"{address}/compat/openmeter", token=text) as client:
        assert [one.event.subject for one in client.events.list()] == ["harbour"]
        with pytest.raises(HttpResponseError) as error:
            client.events.ingest_event(an_event(id="n"))
    assert (error.value.status_code, problem(error)["code"]) == (403, "permission_denied")


def test_every_refusal_is_a_problem_document(address: str, key: str, app: App) -> None:
    base, head = f"{address}/compat/openmeter/api/v1", {"Authorization": f"Bearer {key}"}
    answers = [
        requests.get(f"{base}/nothing", headers=head),
        requests.put(f"{base}/events", headers=head),
        requests.post(f"{base}/events", headers={**head, "Content-Type": "application/json"}, data="{"),
        requests.post(f"{base}/events", headers={**head, "Content-Type": "text/plain"}, data="x"),
        requests.get(f"{base}/events?subject=%00", headers=head),
        requests.get(f"{base}/events?from=yesterday", headers=head),
        requests.get(f"{base}/events"),
    ]

    assert [one.status_code for one in answers] == [404, 405, 400, 415, 400, 400, 401]
    for one in answers:
        assert one.headers["Content-Type"].startswith("application/problem+json"), one.url
        assert {"type", "title", "detail", "status"} <= one.json().keys()
        assert "Retry-After" not in one.headers


def test_A27_a_flood_is_429_and_the_client_comes_again_by_retry_after(
    openmeter: OpenMeter, app: App, settings: Any
) -> None:
    settings.USAGE_RATE_PER_SECOND = 1
    for n in range(3):
        openmeter.events.ingest_event(an_event(id=f"e-{n}"))

    assert count("usage_usageevent") == 3


@pytest.mark.parametrize(("error", "status"), [(OperationalError("gone"), 503), (KeyError("bug"), 500)])
def test_A25_a_fault_of_ours_is_tried_four_times_and_is_a_problem_document(
    openmeter: OpenMeter, app: App, monkeypatch: Any, error: Exception, status: int
) -> None:
    tries: list[int] = []

    def fail(*_args: object, **_kwargs: object) -> int:
        tries.append(1)
        raise error

    monkeypatch.setattr("usage.store.append", fail)
    with pytest.raises(HttpResponseError) as told:
        openmeter.events.ingest_event(an_event())

    assert (told.value.status_code, len(tries)) == (status, 4)
    assert told.value.response.json()["instance"].startswith("req_")


def test_A26_a_fault_after_the_commit_is_healed_by_the_clients_own_repeat(
    openmeter: OpenMeter, app: App, monkeypatch: Any
) -> None:
    tries: list[int] = []

    def cut_short(*args: Any, **kwargs: Any) -> Any:
        outcome = ingest_named(*args, **kwargs)
        tries.append(outcome.accepted)
        if len(tries) == 1:
            raise OperationalError("the answer was lost")
        return outcome

    monkeypatch.setattr("config.compat.openmeter.events.ingest_named", cut_short)
    openmeter.events.ingest_event(an_event())

    assert tries == [1, 0]
    assert values() == ["2"]
