"""Batches to the HTTP API: patient with 429 and 503, and the same bytes again when a connection is lost."""

import http.client
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

MEDIA = "application/cloudevents-batch+json"
LONGEST_WAIT = 30.0
FIRST_PAUSE = 0.2


class SendingFailed(Exception):  # noqa: N818  # reads as what happened
    """The API refused a request, or did not answer for too long."""


@dataclass(slots=True)
class Tally:
    """What became of the events; once all is answered, accepted + duplicates + rejected = sent."""

    sent: int = 0
    accepted: int = 0
    duplicates: int = 0
    rejected: int = 0
    waits: int = 0  # answers that asked to come again
    resent: int = 0  # batches whose answer was lost
    reasons: Counter[str] = field(default_factory=Counter)

    def add(self, sent: int, answer: dict[str, Any]) -> None:
        """Count one answered batch."""
        self.sent += sent
        self.accepted += answer["accepted"]
        self.duplicates += answer["duplicates"]
        self.rejected += len(answer["rejected"])
        self.reasons.update(f"{one['code']}: {one['detail']}" for one in answer["rejected"])


class Sender:
    """One keep-alive connection with one key."""

    def __init__(
        self,
        api: str,
        key: str,
        tally: Tally,
        *,
        patience: float,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        parts = urlsplit(api)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "127.0.0.1", parts.port, timeout=30)
        self._path = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": MEDIA}
        self._tally, self._patience, self._pause = tally, patience, pause

    def get(self, path: str) -> dict[str, Any]:
        """Read one document."""
        self._connection.request("GET", f"{self._path}{path}", headers=self._headers)
        answer = self._connection.getresponse()
        return _document(answer.status, answer.read(), f"GET {path}")

    def send(self, events: Sequence[dict[str, Any]]) -> None:
        """Send a batch until it is answered; what a lost answer had stored comes back as duplicates."""
        body = json.dumps(events, separators=(",", ":")).encode()
        began, pause = time.monotonic(), FIRST_PAUSE
        while True:
            try:
                status, headers, text = self._post(body)
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                self._tally.resent += 1
                wait, why = pause, str(error) or type(error).__name__
                pause = min(pause * 2, LONGEST_WAIT)
            else:
                if status not in (429, 503):
                    self._tally.add(len(events), _document(status, text, "POST /usage/events"))
                    return
                self._tally.waits += 1
                wait, why = _asked_wait(headers), f"{status}"
            if time.monotonic() - began + wait > self._patience:
                raise SendingFailed(f"no answer to a batch for {self._patience:.0f} s, last: {why}")
            self._pause(wait)

    def _post(self, body: bytes) -> tuple[int, http.client.HTTPMessage, bytes]:
        self._connection.request("POST", f"{self._path}/usage/events", body, self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def close(self) -> None:
        """End the connection."""
        self._connection.close()


def _asked_wait(headers: http.client.HTTPMessage) -> float:
    """Return the seconds that an answer asks to wait."""
    for name in ("Retry-After", "X-RateLimit-Reset"):
        if (given := headers.get(name, "")).isdecimal():
            return min(float(given), LONGEST_WAIT)
    return 1.0


def _document(status: int, text: bytes, what: str) -> dict[str, Any]:
    if status >= 300:
        raise SendingFailed(f"{what}: {status} {text[:400].decode(errors='replace')}")
    found: dict[str, Any] = json.loads(text)
    return found
