"""The live server of the façade tests, and a proxy that loses answers."""

import http.client
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.compat.conftest import _fixed_clock as _fixed_clock
from tests.compat.conftest import address as address
from tests.compat.conftest import app as app
from tests.compat.conftest import key as key

Fault = str  # "lost": the answer never arrives; "busy": 503 and not passed on; "flood": 429, not passed on


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: list[Fault] = []
    target = ""

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._pass("GET", None)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.faults.pop(0) if self.faults else ""
        if fault in ("busy", "flood"):
            self._answer(503 if fault == "busy" else 429, b"{}", {"Retry-After": "2"})
        elif fault == "lost":
            self._forward("POST", body)
            self.close_connection = True
        else:
            self._pass("POST", body)

    def _pass(self, method: str, body: bytes | None) -> None:
        status, text = self._forward(method, body)
        self._answer(status, text, {"Content-Type": "application/json"})

    def _forward(self, method: str, body: bytes | None) -> tuple[int, bytes]:
        parts = urlsplit(self.target)
        connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)
        sent = {name: self.headers[name] for name in ("Authorization", "Content-Type")}
        connection.request(method, self.path, body, sent)
        answer = connection.getresponse()
        status, text = answer.status, answer.read()
        connection.close()
        return status, text

    def _answer(self, status: int, text: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


@pytest.fixture
def network(address: str) -> Iterator[Any]:
    """An address before the server, with a list of faults for the next posts."""
    handler = type("Proxy", (_Proxy,), {"faults": [], "target": address})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler.faults  # type: ignore[attr-defined]
    server.shutdown()
    server.server_close()
    thread.join()
