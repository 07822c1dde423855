"""The product's own doors, as an IM backend and a person's browser use them: HTTP, nothing else."""

import http.client
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

BATCH = 1000


class DoorClosed(Exception):  # noqa: N818  # reads as what happened
    """The web process or the sandbox answered something the seed cannot go on with."""


class Api:
    """A keep-alive connection to the public API with one key."""

    def __init__(self, base: str, key: str) -> None:
        parts = urlsplit(base)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=60)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body: Any, *, media: str = "application/json") -> dict[str, Any]:
        """POST one JSON document; raise with the answer's text if it is not 2xx."""
        payload = json.dumps(body, ensure_ascii=False).encode()
        headers = {**self._headers, "Content-Type": media}
        self._connection.request("POST", f"{self._prefix}{path}", payload, headers)
        answer = self._connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            raise DoorClosed(f"POST {path}: {answer.status} {text[:400].decode(errors='replace')}")
        found: dict[str, Any] = json.loads(text)
        return found

    def send_events(self, events: Sequence[dict[str, Any]]) -> Iterator[tuple[int, dict[str, Any]]]:
        """Send events in batches; yield (number sent, answer) for each."""
        for start in range(0, len(events), BATCH):
            batch = events[start : start + BATCH]
            yield len(batch), self.post("/usage/events", batch, media="application/cloudevents-batch+json")


def add_card(page: str, number: str) -> None:
    """Open the hosted add-a-card page and send its form, as a person's browser would."""
    parts = urlsplit(page)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=30)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.request("GET", path)
    form = connection.getresponse().read().decode()
    action = re.search(r'<form[^>]*action="([^"]+)"', form)
    target = urlsplit(urljoin(page, action.group(1) if action else page)).path
    connection.request(
        "POST", target, urlencode({"number": number}), {"Content-Type": "application/x-www-form-urlencoded"}
    )
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status not in {200, 302, 303}:
        raise DoorClosed(f"adding a card: {answer.status} {text[:400]}")
