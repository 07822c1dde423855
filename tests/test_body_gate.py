"""Clients that stop in the middle of a body: the others are answered."""

import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from config import body_gate
from config.body_gate import BodyGate
from config.wsgi import application


class Stalled:
    """A body that does not come before `event` is set."""

    def __init__(self, event: threading.Event, started: threading.Semaphore) -> None:
        self.event, self.started = event, started

    def read(self, length: int) -> bytes:
        """Wait, then give what is there."""
        self.started.release()
        assert self.event.wait(20)
        return b"x" * length


class Inner:
    """An application that tells what it read."""

    request_class = application.application.request_class

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [])
        return [environ["wsgi.input"].read(100)]


def ask(gate: Any, path: str = "/api/v1/usage/events", body: Any = b"", **more: str) -> tuple[str, bytes]:
    """Return the status line and the body of an answer."""
    told: list[str] = []
    given = BytesIO(body) if isinstance(body, bytes) else body
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.input": given,
        "wsgi.url_scheme": "http",
        "CONTENT_LENGTH": str(len(body)) if isinstance(body, bytes) else "3",
        **more,
    }
    answer = b"".join(gate(environ, lambda status, headers: told.append(status)))
    return told[0], answer


@pytest.fixture
def stalled(monkeypatch: pytest.MonkeyPatch) -> Iterator[BodyGate]:
    """Give a gate whose two slots are taken by bodies that do not come."""
    monkeypatch.setattr(body_gate, "WAIT_SECONDS", 0.05)
    gate, event, started = BodyGate(Inner(), 2), threading.Event(), threading.Semaphore(0)
    slow = [threading.Thread(target=ask, args=(gate, "/", Stalled(event, started))) for _ in range(2)]
    for one in slow:
        one.start()
    for _one in slow:
        assert started.acquire(timeout=10)
    yield gate
    event.set()
    for one in slow:
        one.join()
    assert ask(gate, body=b"abc") == ("200 OK", b"abc")  # their slots are free again


def test_who_sends_no_body_is_answered(stalled: BodyGate) -> None:
    assert ask(stalled, REQUEST_METHOD="GET", CONTENT_LENGTH="") == ("200 OK", b"")


def test_who_sends_one_more_body_is_asked_to_come_again(stalled: BodyGate) -> None:
    status, answer = ask(stalled, body=b"abc")
    assert status == "503 Service Unavailable"
    assert b'"code": "busy"' in answer
    assert ask(stalled, "/signup/", b"abc")[1].startswith(b"Too many requests")
    chinese = ask(stalled, "/signup/", b"abc", HTTP_ACCEPT_LANGUAGE="zh-CN")[1].decode()
    assert "请求" in chinese


@pytest.mark.parametrize("length", ["", "0", "-1", "٣", "x", "1e3"])
def test_a_length_that_is_none_is_left_to_the_application(length: str) -> None:
    assert ask(BodyGate(Inner(), 1), body=b"abc", CONTENT_LENGTH=length) == ("200 OK", b"abc")


def test_a_body_cut_short_and_one_too_large_to_keep_reach_the_application() -> None:
    gate = BodyGate(Inner(), 1)
    assert ask(gate, body=b"abc", CONTENT_LENGTH="7") == ("200 OK", b"abc")
    assert ask(gate, body=b"abc", CONTENT_LENGTH=str(body_gate.KEPT_BYTES + 1)) == ("200 OK", b"abc")
    assert ask(gate, body=b"abc") == ("200 OK", b"abc")
