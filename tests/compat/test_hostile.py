"""Whatever is sent to a façade, it answers in its own form and never with a fault of ours."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscriptions.models import App
from tests.usage.world import Door

pytestmark = pytest.mark.django_db
LAGO, OPENMETER = "/compat/lago/api/v1", "/compat/openmeter/api/v1"
RAW = ["\ud800", "\0", "\u202e", "1e999", "NaN", "x" * 300, "harbour", "message.sent", "2026-11-20T03:14:15Z"]

DEEP_AND_LONG = [b"[" * 5000, b'{"event":{"timestamp":1' + b"0" * 5000 + b"}}"]
PLACES = ["events", "meters", "meters/messages/query", "customers", "customers/harbour/access"]
NAMES = ["from", "to", "limit", "page", "pageSize", "subject", "groupBy", "filterGroupBy", "id"]
VALUES = ["1", "0", "2999-01-01T00:00:00Z", "{'kind': 'x'}", "{" * 900]

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats()
    | st.sampled_from(RAW)
    | st.text(max_size=8)
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)
lago_events = st.fixed_dictionaries(
    {},
    optional={
        "transaction_id": scalars,
        "external_subscription_id": scalars,
        "code": scalars,
        "timestamp": scalars | st.sampled_from([1763608455, 10**40, -1, "1763608455.5", 1e300]),
        "properties": trees,
    },
)
queries = st.fixed_dictionaries(
    {},
    optional={
        "from": scalars,
        "to": scalars,
        "windowSize": scalars | st.sampled_from(["DAY", "HOUR"]),
        "windowTimeZone": scalars | st.sampled_from(["Asia/Shanghai", "posixrules", "localtime", "America"]),
        "subject": trees,
        "groupBy": trees | st.just(["kind", "subject"]),
        "filterGroupBy": trees | st.just({"kind": ["\ud800"]}),
    },
)
many = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


def sound(answer: Any) -> None:
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert {"status", "code", "detail"} <= answer.json().keys()


@many
@given(sent=st.lists(lago_events | trees, max_size=3))
def test_lagos_events(app: App, sent: list[Any]) -> None:
    door = Door()
    for body, path in (({"events": sent}, "events/batch"), ({"event": (sent or [None])[0]}, "events")):
        sound(door.post(json.dumps(body).encode(), path=f"{LAGO}/{path}", media="application/json"))


@many
@given(asked=queries | trees)
def test_openmeters_queries(app: App, asked: Any) -> None:
    path = f"{OPENMETER}/meters/messages/query"
    sound(Door().post(json.dumps(asked).encode(), path=path, media="application/json"))


@many
@given(
    body=st.binary(max_size=60)
    | st.sampled_from([b"[" * 5000, b'{"event":{"timestamp":1' + b"0" * 5000 + b"}}"])
)
def test_bodies_that_are_no_json(app: App, body: bytes) -> None:
    door = Door()
    for path in (f"{LAGO}/events", f"{OPENMETER}/events", f"{OPENMETER}/meters/messages/query"):
        sound(door.post(body, path=path, media="application/json"))


@many
@given(
    path=st.sampled_from(PLACES),
    asked=st.dictionaries(st.sampled_from(NAMES), st.text(max_size=12) | st.sampled_from(VALUES)),
)
def test_openmeters_addresses(app: App, path: str, asked: dict[str, str]) -> None:
    door = Door()
    head = {"Authorization": f"Bearer {door.text}"}
    texts = {name: value.encode("utf-8", "replace").decode() for name, value in asked.items()}
    sound(Client().get(f"{OPENMETER}/{path}", texts, headers=head))
