"""Bodies are read before anything else is done, by no more than half the threads.

A body is read in the thread that answers it, and a client may take as long as it likes to send one. Where
every thread could wait so, a handful of clients that stop in the middle would stop the whole site.
"""

import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from io import BytesIO
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.utils import translation
from django.utils.translation import gettext as _

from config.middleware import api_problem

WAIT_SECONDS = 1.0
KEPT_BYTES = 4 * 2**20  # more than any door takes; what is larger is read, or refused, by its door

Start = Callable[..., Any]


class BodyGate:
    """The application behind slots for readers; who finds none within a second is told to come again."""

    def __init__(self, application: WSGIHandler, readers: int) -> None:
        self.application = application
        self.slots = threading.BoundedSemaphore(readers)

    def __call__(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        said = environ.get("CONTENT_LENGTH") or "0"
        length = int(said) if said.isascii() and said.isdecimal() else 0
        if length == 0:
            return self.application(environ, start_response)
        if not self.slots.acquire(timeout=WAIT_SECONDS):
            return self._busy(environ, start_response)
        try:
            if length > KEPT_BYTES:
                return self.application(environ, start_response)
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        finally:
            self.slots.release()
        return self.application(environ, start_response)

    def _busy(self, environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        request = self.application.request_class(environ)
        with translation.override(translation.get_language_from_request(request)):
            said = _("Too many requests are still being sent. Nothing was stored; send this one again.")
            if request.path_info.startswith(("/api/", "/compat/")):
                response: HttpResponse = api_problem(request, "busy", said, HTTPStatus.SERVICE_UNAVAILABLE)
            else:
                response = HttpResponse(said, "text/plain; charset=utf-8", HTTPStatus.SERVICE_UNAVAILABLE)
        headers = [*response.items(), ("Retry-After", "2"), ("Content-Length", str(len(response.content)))]
        start_response(f"{response.status_code} {response.reason_phrase}", headers)
        return [response.content]
