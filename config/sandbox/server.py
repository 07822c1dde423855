"""The HTTP edge: one thread per connection, on 127.0.0.1 only."""

import contextlib
import json
import os
import socket
import struct
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from config.sandbox import control, pages, resources, routes
from config.sandbox.api import Api, Cut, Request
from config.sandbox.delivery import Deliverer
from config.sandbox.errors import ApiError
from config.sandbox.idempotency import Answer
from config.sandbox.jobs import Ticker
from config.sandbox.state import Store

HOST = "127.0.0.1"
LARGEST_BODY = 4 * 1024 * 1024
HARD_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER 0: close sends RST


class Sandbox(ThreadingHTTPServer):
    """The server with everything that runs beside it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, state: Path) -> None:
        super().__init__((HOST, port), Handler)
        self.store = Store(state, f"http://{HOST}:{self.server_port}")
        self.api = Api(self.store)
        self.deliverer = Deliverer(self.store)
        self.ticker = Ticker(self.store)
        self.nouns = resources.__all__  # imported for their handlers

    def start_beside(self) -> None:
        """Start delivering webhooks and doing what time brings."""
        for run in (self.deliverer.run, self.ticker.run):
            threading.Thread(target=run, daemon=True).start()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    """Reads a request, lets the right part answer it, writes once."""

    protocol_version = "HTTP/1.1"
    server: Sandbox
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        if request.path.startswith("/v1/") or request.path.startswith("/v2/"):
            self._serve_api(request)
        elif request.path.startswith("/_sandbox/"):
            self._serve_control(request)
        else:
            status, headers, body = pages.answer(self.server.store, request)
            self._write(status, headers, body.encode())

    def _read(self) -> Request | None:
        length = self.headers.get("Content-Length") or "0"
        if not length.isascii() or not length.isdecimal() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._write_json(
                413, {"error": {"type": "invalid_request_error", "message": "Request too large."}}
            )
            return None
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(self.command, parts.path, parts.query, headers, self.rfile.read(int(length)))

    def _serve_api(self, request: Request) -> None:
        try:
            answer = self.server.api.answer(request)
        except Cut as cut:
            self._hang_up(hard=cut.hard)
            return
        self._write_json(answer.status, answer.body, self._api_headers(request, answer))

    def _api_headers(self, request: Request, answer: Answer) -> dict[str, str]:
        headers = {"Request-Id": answer.request_id, "Stripe-Version": routes.api_version()}
        if key := request.headers.get("idempotency-key"):
            headers["Idempotency-Key"] = key
        if answer.replayed:
            headers |= {"Idempotent-Replayed": "true", "Original-Request": answer.request_id}
        return headers

    def _serve_control(self, request: Request) -> None:
        try:
            self._write_json(200, control.answer(self.server, request))
        except ApiError as refusal:
            self._write_json(refusal.status, refusal.body(""))
        except (ValueError, KeyError, TypeError) as mistake:
            self._write_json(400, {"error": {"message": f"{type(mistake).__name__}: {mistake}"}})

    def _hang_up(self, *, hard: bool) -> None:
        self.close_connection = True
        if hard:
            with contextlib.suppress(OSError):
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, HARD_CLOSE)
                os.close(self.connection.detach())

    def _write_json(self, status: int, body: object, headers: dict[str, str] | None = None) -> None:
        text = json.dumps(body, ensure_ascii=False, indent=2)
        self._write(status, {"Content-Type": "application/json", **(headers or {})}, text.encode())

    def _write(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the base class's name
        """Keep quiet: /_sandbox/requests is the log."""
