"""Anything may arrive at the ingest door: no 5xx, a code for every refusal, a verdict for every item.

A hundred requests in the gate, 20,000 with `dev.py test --long`.
"""

import gzip
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories import NOW
from tests.usage.world import BATCH, Door, an_app, make_meter

pytestmark = pytest.mark.django_db
APP = "app_fuzz"
SINGLE, EITHER = "application/cloudevents+json", "application/json"
MEDIA = st.sampled_from(
    [BATCH] * 6 + [SINGLE, EITHER, f"{BATCH}; charset=utf-8", "text/plain", "", f"{BATCH};a=\x7f"]
)

# What JSON can hold, and what only looks like it.
ODD = [
    "",
    "NaN",
    "Infinity",
    "1e999",
    "1_000",
    " 5 ",
    "１２",
    "٣",
    "0x10",
    "\x00",
    "a\u202eb",
    "é",
    "\U0001f600",
]
TIMES = ["2026-11-20T03:14:15Z", "2026-11-20T03:14:15", "9999-12-31T23:59:59+23:59", "0000-00-00T00:00:00Z"]
WORDS = st.sampled_from([*ODD, *TIMES, "1", "-1", "x" * 300, APP])
NUMBERS = st.one_of(
    st.integers(-(10**40), 10**40), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none()
)
VALUES = st.recursive(
    st.one_of(WORDS, NUMBERS, st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(WORDS, inner, max_size=3)),
    max_leaves=6,
)
FIELDS = [
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "data",
    "datacontenttype",
    "dataschema",
    "extra",
]
LITERALS = [
    b"NaN",
    b"-Infinity",
    b"1e999",
    b"01",
    b"1.",
    b'"\\ud800"',
    b'"\\u0000"',
    b"[" * 200,
    b'{"value":1,"value":2}',
    b"1" * 400,
]


def sound(number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"e{number}", "source": "fuzz", "type": "message.sent", "subject": APP,
        "time": NOW.isoformat(), "data": {"value": "1", "user": f"u{number % 7}", "region": "eu"},
    }  # fmt: skip


@st.composite
def items(draw: Any) -> Any:
    """An event with some of its fields replaced, taken away or added; now and then no event at all."""
    event = sound(draw(st.integers(0, 30)))
    for name in draw(st.lists(st.sampled_from(FIELDS), max_size=3)):
        event[name] = draw(VALUES)
    for name in draw(st.lists(st.sampled_from(FIELDS[:7]), max_size=1)):
        event.pop(name, None)
    if isinstance(event.get("data"), dict) and draw(st.booleans()):
        event["data"][draw(st.sampled_from(["value", "user", "region", "other"]))] = draw(VALUES)
    return draw(VALUES) if draw(st.integers(0, 19)) == 0 else event


@st.composite
def bodies(draw: Any) -> tuple[bytes, int | None]:
    """A body, and how many items it holds where that is known."""
    kind = draw(st.integers(0, 11))
    if kind == 0:
        return draw(st.binary(max_size=80)), None
    events = draw(st.lists(items(), max_size=6))
    raw = json.dumps(events, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    if kind == 1:  # a literal no JSON writer writes
        return raw.replace(b'"1"', draw(st.sampled_from(LITERALS)), 1), None
    if kind == 2:  # cut off, or a byte too many
        at = draw(st.integers(0, len(raw)))
        return raw[:at] + draw(st.binary(max_size=2)) + raw[at + 1 :], None
    if kind == 3:
        return json.dumps(events[0] if events else {}).encode(), None
    return raw, len(events)


@st.composite
def requests(draw: Any) -> tuple[bytes, int | None, str, dict[str, str]]:
    raw, n = draw(bodies())
    headers: dict[str, str] = {}
    if draw(st.integers(0, 7)) == 0:
        packed = gzip.compress(raw)
        raw = draw(st.sampled_from([packed, packed[:-3], raw, packed + b"x"]))
        headers["Content-Encoding"] = draw(st.sampled_from(["gzip", "GZIP", "br", ""]))
    if draw(st.integers(0, 19)) == 0:
        headers["Authorization"] = draw(
            st.sampled_from(["Bearer x", "Bearer ", "Basic eA==", "Bearer \u20ac"])
        )
    return raw, n, draw(MEDIA), headers


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Door:
    """The door without a rate limit: 429 would be all there is to see."""
    monkeypatch.setattr("usage.api_limits.take", lambda *_args, **_kwargs: None)
    make_meter()
    make_meter("users", "unique")
    an_app(code=APP)
    return Door()


def judge(answer: Any, n: int | None) -> None:
    assert answer.status_code < 500, answer.content
    told = answer.json()
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"
        assert (told["status"], bool(told["code"]), bool(told["detail"])) == (answer.status_code, True, True)
        return
    rejected = told["rejected"]
    sent = told["accepted"] + told["duplicates"] + len(rejected)
    assert n is None or n == sent
    assert len({one["index"] for one in rejected}) == len(rejected)
    assert all(0 <= one["index"] < sent and one["code"] and one["detail"] for one in rejected)


@settings(suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_arrives_gets_a_verdict(door: Door, data: Any) -> None:
    many = 20 if settings.default.max_examples >= 1000 else 4
    for raw, n, media, headers in data.draw(st.lists(requests(), min_size=many, max_size=many)):
        judge(door.post(raw, media=media, **headers), None if headers else n)
