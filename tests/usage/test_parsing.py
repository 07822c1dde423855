"""The strict door: what JSON decoders let through and billing may not."""

import gzip
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage.errors import BodyTooLarge, UnreadableBody
from usage.parsing import Parsed, parse
from usage.parsing_json import MAX_BYTES, inflate
from usage.parsing_values import Refused, quantity

EVENT = {
    "specversion": "1.0",
    "id": "e1",
    "source": "gw",
    "type": "message.sent",
    "subject": "app_1",
    "time": "2026-11-20T03:14:15.926Z",
    "data": {"value": "1"},
}


def body(*events: object) -> bytes:
    return json.dumps(list(events)).encode()


def changed(**fields: object) -> dict[str, object]:
    return {**EVENT, **fields}


def without(field: str) -> dict[str, object]:
    return {name: value for name, value in EVENT.items() if name != field}


def only_refusal(parsed: Parsed) -> tuple[str, str]:
    assert not parsed.events
    (refusal,) = parsed.refused
    return refusal.code, refusal.field


def test_a_batch_and_a_single_event_are_read() -> None:
    batch, single = parse(body(EVENT, changed(id="e2"))), parse(json.dumps(EVENT).encode())

    assert [e.id for e in batch.events] == ["e1", "e2"]
    assert (batch.single, single.single) == (False, True)
    assert single.events[0].time == datetime(2026, 11, 20, 3, 14, 15, 926000, tzinfo=UTC)


def test_extension_attributes_pass_and_are_ignored() -> None:
    parsed = parse(body(changed(traceparent="00-ab", deep={"x": [1, {"y": 2}]})))

    assert [e.id for e in parsed.events] == ["e1"]


@pytest.mark.parametrize(
    ("event", "code", "field"),
    [
        (without("id"), "required", "id"),
        (changed(id=""), "required", "id"),
        (changed(id=7), "wrong_type", "id"),
        (changed(id="x" * 201), "too_long", "id"),
        (changed(id="a\u0000b"), "invalid_text", "id"),
        (changed(id="a\u202eb"), "invalid_text", "id"),
        (changed(source="\u200egw"), "invalid_text", "source"),
        (changed(specversion="0.3"), "specversion", "specversion"),
        (changed(specversion=1.0), "specversion", "specversion"),
        (without("type"), "required", "type"),
        (without("subject"), "required", "subject"),
        (without("time"), "required", "time"),
        (changed(time=1763608455), "wrong_type", "time"),
        (changed(time="2026-11-20"), "invalid_time", "time"),
        (changed(time="2026-02-31T00:00:00Z"), "invalid_time", "time"),
        (changed(time="2026-11-20T00:00:60Z"), "invalid_time", "time"),
        (changed(time="０026-11-20T00:00:00Z"), "invalid_time", "time"),
        (changed(time="20261120T000000Z"), "invalid_time", "time"),
        (changed(time="0001-01-01T00:00:00+10:00"), "invalid_time", "time"),
        (changed(data=[1]), "wrong_type", "data"),
        (changed(data_base64="AAAA"), "unsupported", "data_base64"),
        ("text", "wrong_type", ""),
        (None, "wrong_type", ""),
    ],
)
def test_an_item_is_refused_by_field_and_code(event: object, code: str, field: str) -> None:
    assert only_refusal(parse(body(event))) == (code, field)


def test_A19_a_naive_time_is_refused_never_guessed() -> None:
    assert only_refusal(parse(body(changed(time="2026-11-20T03:14:15")))) == ("offset_required", "time")


def test_A17_nfc_and_nfd_are_one_identity() -> None:
    composed, decomposed = parse(body(changed(id="caf\u00e9"), changed(id="cafe\u0301"))).events

    assert composed.identity() == decomposed.identity()
    assert composed.id != decomposed.id


def test_identity_keeps_source_and_id_apart() -> None:
    one, other = parse(body(changed(source="a", id="bc"), changed(source="ab", id="c"))).events

    assert one.identity() != other.identity()


@pytest.mark.parametrize(
    "raw",
    [
        b'{"specversion":"1.0","id":"e1","id":"e2","source":"s"}',
        b'{"specversion":"1.0","id":"e1","data":{"value":1,"value":2}}',
        b'{"specversion":"1.0","id":"e1","\\u0069d":"e2"}',
        b'{"id":"e1","data":{"a":"x:\\"y\\":z","a":":"}}',
    ],
)
def test_A18_a_key_named_twice_refuses_that_item_only(raw: bytes) -> None:
    good = json.dumps(EVENT).encode()

    parsed = parse(b"[" + good + b"," + raw + b"]")

    assert [e.index for e in parsed.events] == [0]
    assert [(r.index, r.code) for r in parsed.refused] == [(1, "duplicate_key")]


def test_colons_and_quotes_inside_strings_are_no_keys() -> None:
    assert parse(body(changed(id='a":"b\\":{[', source='\\"'))).events


@pytest.mark.parametrize("raw", [b"[" * 100_000, b'{"a":' * 100_000, b"[" + b"[" * 100_000 + b"]" * 100_001])
def test_A10_deep_json_is_unreadable_not_a_crash(raw: bytes) -> None:
    with pytest.raises(UnreadableBody):
        parse(raw)


def test_A10_a_nested_item_is_refused_alone() -> None:
    deep: object = 1
    for _level in range(20):
        deep = [deep]

    parsed = parse(body(EVENT, changed(id="e2", extra=deep)))

    assert [e.index for e in parsed.events] == [0]
    assert [(r.index, r.code) for r in parsed.refused] == [(1, "too_deep")]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"1",
        b'"x"',
        b"null",
        b"[]",
        b"{",
        b"[{}",
        b"[{}] x",
        b"[1,]",
        b"\xff\xfe",
    ],
)
def test_an_unreadable_body_is_refused_whole(raw: bytes) -> None:
    with pytest.raises(UnreadableBody):
        parse(raw)


def test_A16_broken_text_refuses_that_item_only() -> None:
    good = json.dumps(EVENT).encode()
    for broken in (b'"\\ud800"', b'"\\ud800 tail of some length"', b'"\xff"'):
        parsed = parse(b"[" + good + b',{"specversion":"1.0","id":' + broken + b"}]")

        assert [e.index for e in parsed.events] == [0], broken
        assert [(r.code, r.field) for r in parsed.refused] == [("invalid_text", "id")]


def test_a_huge_integer_refuses_that_item_only() -> None:
    parsed = parse(b"[" + json.dumps(EVENT).encode() + b',{"specversion":"1.0","id":' + b"1" * 6000 + b"}]")

    assert [e.index for e in parsed.events] == [0]
    assert [(r.code, r.field) for r in parsed.refused] == [("wrong_type", "id")]


@pytest.mark.parametrize("literal", [b"NaN", b"-Infinity", b"1e999", b"1e99999999999999999999", b"1" * 5000])
def test_A11_a_number_literal_that_is_none_is_the_field_of_its_item(literal: bytes) -> None:
    raw = json.dumps(EVENT).encode().replace(b'"1"', literal)

    (event,) = parse(b"[" + raw + b"]").events
    with pytest.raises(Refused, match=r"out_of_range.*data\.value"):
        quantity(event.data["value"], "data.value")


def test_A09_more_than_a_thousand_events_or_a_mebibyte_is_too_large() -> None:
    assert parse(b"[" + b",".join([b"{}"] * 1000) + b"]").sent == 1000
    with pytest.raises(BodyTooLarge):
        parse(b"[" + b",".join([b"{}"] * 1001) + b"]")
    with pytest.raises(BodyTooLarge):
        parse(b" " * (MAX_BYTES + 1))


def test_the_media_type_says_whether_an_array_comes() -> None:
    with pytest.raises(UnreadableBody):
        parse(body(EVENT), batch=False)
    with pytest.raises(UnreadableBody):
        parse(json.dumps(EVENT).encode(), batch=True)


def test_gzip_is_read_and_a_bomb_is_stopped() -> None:
    assert inflate(gzip.compress(b"[1]")) == b"[1]"
    with pytest.raises(BodyTooLarge):
        inflate(gzip.compress(b" " * 50_000_000))
    for cut in (b"", b"x", gzip.compress(b"[1]")[:-3], gzip.compress(b"[1]") + b"more"):
        with pytest.raises(UnreadableBody):
            inflate(cut)


@given(st.binary(max_size=400))
def test_arbitrary_bytes_raise_nothing_but_the_refusal(raw: bytes) -> None:
    for given_bytes in (raw, b"[" + raw + b"]", b'{"id":"' + raw + b'"}'):
        try:
            parsed = parse(given_bytes)
        except (UnreadableBody, BodyTooLarge):
            continue
        assert len(parsed.events) + len(parsed.refused) == parsed.sent


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(
        st.fixed_dictionaries({name: st.just(value) | JSON for name, value in EVENT.items()}),
        min_size=1,
        max_size=5,
    )
)
def test_every_item_gets_exactly_one_verdict(events: list[object]) -> None:
    try:
        parsed = parse(json.dumps(events).encode())
    except UnreadableBody:  # numbers beyond what a body may hold
        return
    indexes = [e.index for e in parsed.events] + [r.index for r in parsed.refused]

    assert sorted(indexes) == list(range(len(events)))
