"""Two ways of reading a batch, by column and by item, make the same rows, or only the second speaks."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.errors import DomainError
from usage.directory import AppRef, Directory
from usage.parsing import parse
from usage.parsing_events import MeterRule, TypeRules, Window
from usage.parsing_sheet import Sheet, number_of, sheet_of
from usage.parsing_usual import usual_batch
from usage.services.ingest import _grouped, _rows, _sort_out

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=35), NOW + timedelta(minutes=5))
MESSAGES = TypeRules((MeterRule(1, "value", None),), frozenset({"value"}), frozenset(), frozenset())
USERS = TypeRules(
    (MeterRule(2, None, "user"), MeterRule(3, "seconds", None), MeterRule(4, None, None)),
    frozenset({"seconds"}),
    frozenset({"user"}),
    frozenset({"kind", "platform"}),
)
KNOWN = Directory(
    expires=float("inf"),
    apps={
        code: AppRef(n, "cn", b"key" + bytes([n]), number_of(n)) for n, code in enumerate(("app-1", "app-2"))
    },
    types={"im.messages": MESSAGES, "im.users": USERS},
)
COLUMNS = Sheet.__dataclass_fields__.keys() - {"days"}


def one(n: int = 0, **changed: Any) -> dict[str, Any]:
    """Return an event as backends send it."""
    usual = {
        "specversion": "1.0",
        "id": f"id-{n}",
        "source": "cluster/1",
        "type": "im.messages",
        "subject": "app-1",
        "time": "2026-11-19T10:00:00.250Z",
        "data": {"value": "12", "region": "eu"},
    }
    return {**usual, **changed}


def of_users(n: int = 0, **data: Any) -> dict[str, Any]:
    """Return an event that feeds three meters."""
    return one(n, type="im.users", subject="app-2", data={"user": f"u{n % 3}", "seconds": 5, **data})


def by_column(body: bytes) -> list[tuple[Any, ...]] | None:
    usual = usual_batch(body)
    sheet = sheet_of(usual, KNOWN.apps, KNOWN.types, WINDOW) if usual else None
    return None if sheet is None else rows_of(sheet)


def by_item(body: bytes) -> list[tuple[Any, ...]] | None:
    """Return the rows where every item is to be stored, and no two are the same."""
    try:
        parsed = parse(body, batch=True)
    except DomainError:
        return None
    work = _sort_out(parsed, WINDOW, KNOWN)
    groups, firsts = _grouped(work.facts)
    if work.rejected or len(firsts) < len(work.facts):
        return None
    return rows_of(_rows([groups[claim][0] for claim in firsts]))


def rows_of(sheet: Sheet) -> list[tuple[Any, ...]]:
    assert sheet.days == {datetime.fromisoformat(at).date() for at in sheet.at}
    columns = [getattr(sheet, name) for name in sorted(COLUMNS)]
    return sorted(zip(*columns, strict=True))


def both(*events: Any) -> Iterator[list[tuple[Any, ...]] | None]:
    """Yield what the two ways say of a body, in the three spellings of JSON that libraries write."""
    for options in ({"separators": (",", ":")}, {}, {"ensure_ascii": False}):
        body = json.dumps(list(events), **options).encode("utf-8", "surrogatepass")
        fast, slow = by_column(body), by_item(body)
        assert fast is None or fast == slow, body
        yield fast


USUAL = [
    [one()],
    [one(n) for n in range(50)],
    [one(1), one(2, data={"region": "eu", "value": 3}), one(3, data={"value": 0.25})],
    [one(1, time="2026-11-19T18:00:00+08:00"), one(2, time="2026-11-19T10:00:00.000001Z")],
    [one(1), of_users(2), of_users(3, kind="group"), of_users(4, platform="web", kind="p2p")],
    [one(1, data={"value": "7"}), one(2, subject="app-2", data={"value": 0})],
]


@pytest.mark.parametrize("events", USUAL)
def test_what_backends_usually_send_is_read_by_column(events: list[Any]) -> None:
    assert all(found is not None and len(found) >= len(events) for found in both(*events))


def test_chinese_texts_are_usual_where_they_are_sent_as_they_are() -> None:
    sent = [one(1, id="事件-1", data={"value": "1", "region": "华东"}), of_users(2, user="张三")]
    assert by_column(json.dumps(sent, ensure_ascii=False).encode()) == by_item(json.dumps(sent).encode())


ODD = [
    [],
    [one(1), one(1)],
    [one(1), one(1, data={"value": "13"})],
    [one(1), 7],
    [one(1), None],
    [one(specversion="1.1")],
    [one(specversion=1.0)],
    [{k: v for k, v in one().items() if k != "time"}],
    [one(extra="x")],
    [one(data_base64="eA==")],
    [one(id="")],
    [one(id="x" * 201)],
    [one(id=5)],
    [one(id="a\x00b")],
    [one(id="a\x7fb")],
    [one(id="a\u202eb")],
    [one(id="a\ud800b")],
    [one(id='a"b')],
    [one(id="a\\b")],
    [one(id="{")],
    [one(type="no.such")],
    [one(subject="app-9")],
    [one(time="2026-11-19T10:00:00")],
    [one(time="2026-11-19T10:00:00.1234567Z")],
    [one(time="2026-11-19T10:00:00.99999999999Z")],
    [one(time="2026-11-19T10:00:00+0800")],
    [one(time="2026-11-19T10:00:60Z")],
    [one(time="2026-02-30T10:00:00Z")],
    [one(time="2026-11-20T03:05:00.000001Z")],
    [one(time="2026-10-16T02:59:59.999999Z")],
    [one(time=1)],
    [one(data={"value": "-1"})],
    [one(data={"value": "1_0"})],
    [one(data={"value": "01"})],
    [one(data={"value": "1" * 19})],
    [one(data={"value": 10**18})],
    [one(data={"value": True})],
    [one(data={"value": None})],
    [one(data={"value": [1]})],
    [one(data={"value": "１２"})],
    [one(data={"value": 1e-13})],
    [one(data={"value": "1", "note": "x"})],
    [one(data={"region": "eu"})],
    [one(data={"value": "1", "region": ""})],
    [one(data={"value": "1", "region": "x" * 33})],
    [one(data={"value": "1", "region": 5})],
    [one(data={"value": "1", "region": {"a": "b"}})],
    [one(data=[])],
    [one(data=None)],
    [of_users(user="x" * 201)],
    [of_users(kind="x" * 65)],
    [of_users(seconds="1.5\n")],
]


@pytest.mark.parametrize("events", ODD)
def test_whatever_is_odd_is_left_to_the_judge_of_items(events: list[Any]) -> None:
    for found in both(*events):
        assert found is None or found == by_item(json.dumps(events).encode())


DOUBLED = [
    b'[{"specversion":"1.0","id":"1","id":"2","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data":{"value":"1"}}]',
    b'[{"specversion":"1.0","id":"1","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data":{"value":"1","value":"2"}}]',
    b'[{"specversion":"1.0","id":"1","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data" : {"value":"1"}}]',
    b'[{"specversion":"1.0","id":"1","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data":{"value":"1"}},]',
    *(
        b'[{"specversion":"1.0","id":"1","source":"s","type":"im.messages","subject":"app-1",'
        b'"time":"2026-11-19T10:00:00Z","data":{"value":"1","value"' + blank + b':"2"}}]'
        for blank in (b" ", b"\t", b"\n", b"\r", b" \n")
    ),
    b'[{"specversion":"1.0","id":"1","id" :"2","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data":{"value":"1"}}]',
    b'[{"specversion":"1.0","id":"1","source":"s","type":"im.messages","subject":"app-1",'
    b'"time":"2026-11-19T10:00:00Z","data":{"value":"1"},"data_base64" :"eA=="}]',
    b"[[]]",
    b"[" * 100_000,
    b"{}",
    b'[{"specversion":"1.0"',
    b"\xff",
]


@pytest.mark.parametrize("body", DOUBLED)
def test_doubled_keys_and_broken_json_are_not_usual(body: bytes) -> None:
    assert by_column(body) is None


VALUES = st.one_of(
    st.integers(-2, 10**18 + 1),
    st.decimals(0, 10**4, places=3).map(str),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["0", "1", "007", "1e3", "", " 1", "１", True, None]),
)
TEXTS = st.one_of(st.sampled_from(["eu", "cn-north", "华东", "a,b", "a{b", ""]), st.text(max_size=40))
TIMES = st.one_of(
    st.datetimes(datetime(2026, 11, 1), datetime(2026, 11, 19)).map(lambda at: f"{at.isoformat()}Z"),  # noqa: DTZ001
    st.sampled_from(["2026-11-19T10:00:00+08:00", "2026-11-19 10:00:00Z", "2026-11-19", ""]),
)
EVENTS = st.lists(
    st.builds(
        one,
        n=st.integers(0, 30),
        subject=st.sampled_from(["app-1", "app-2"]),
        time=TIMES,
        source=TEXTS,
        data=st.fixed_dictionaries({"value": VALUES}, optional={"region": TEXTS}),
    )
    | st.builds(of_users, n=st.integers(0, 30), seconds=VALUES, kind=TEXTS),
    min_size=1,
    max_size=4,
)


SPELLINGS = st.lists(st.sampled_from(["", "", "", " ", "\t", "\n", " \r"]), min_size=4, max_size=4)
KEYS = st.sampled_from(["id", "id", "subject", "data", "value", "data_base64", "more"])


@given(EVENTS, st.lists(st.tuples(KEYS, st.integers(0, 40), SPELLINGS), max_size=3))
def test_keys_put_in_anywhere_and_spelled_oddly_never_pass_by_column_alone(events: Any, put: Any) -> None:
    text = json.dumps(events, separators=(",", ":"))
    for key, place, (before, after, ahead, behind) in put:
        commas = [n for n, sign in enumerate(text) if sign == ","]
        at = commas[place % len(commas)]
        text = f'{text[:at]},{ahead}"{key}"{before}:{after}"7"{behind}{text[at:]}'
    body = text.encode()
    fast = by_column(body)
    assert fast is None or fast == by_item(body)


@given(EVENTS)
def test_random_batches_say_the_same_both_ways(events: list[Any]) -> None:
    for found in both(*events):
        assert found is None or len(found) >= len(events)
