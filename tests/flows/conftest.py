"""A sandbox process per session, emptied for each test, and its messages brought to our webhook."""

import time
from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import settings as django_settings
from django.test import Client

from billing import outbox
from billing.services.events import process_events
from billing.services.nightly import NightReport, run_night
from config.sandbox.delivery import signature
from config.sandbox.state import dump
from tests.sandbox_process import SandboxProcess, start_sandbox

SECRET = "whsec_flows_0123456789abcdef0123456789"
Json = dict[str, Any]


class Stripe:
    """The sandbox as these stories see it: what arrived there, and what it tells us."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.client = Client()
        self.heard: set[str] = set()

    def at(self, at: datetime) -> None:
        """Set virtual time, and stop it there."""
        self.process.set_clock(int(at.timestamp()), frozen=True)

    def events(self) -> list[Json]:
        """Everything the sandbox has to tell, oldest first."""
        return [self.body_of(event) for event in self.process.objects("event")]

    def body_of(self, event: Json) -> Json:
        return {key: value for key, value in event.items() if not key.startswith("_")}

    def post(self, event: Json, *, secret: str = SECRET, stamp: int | None = None) -> int:
        """Deliver one message to our webhook; return the status."""
        body = dump(event).encode()
        signed = signature(secret, body, int(time.time()) if stamp is None else stamp)
        answer = self.client.post(
            "/webhooks/stripe", body, content_type="application/json", headers={"Stripe-Signature": signed}
        )
        return answer.status_code

    def tell(self, at: datetime) -> int:
        """Deliver what is new, and let it be judged."""
        for event in self.events():
            if event["id"] not in self.heard:
                self.heard.add(event["id"])
                assert self.post(event) == 200
        return process_events(at, limit=500)

    def deliver(self, at: datetime) -> None:
        """Send what is planned, hear what comes of it, until nothing moves."""
        while outbox.deliver_ready() + self.tell(at):
            pass

    def enter_card(self, url: str, number: str = "4242424242424242") -> None:
        """Fill in the hosted page as a person does; where it leads to is not ours to follow."""
        place = urlsplit(url)
        line = HTTPConnection(place.netloc, timeout=20)
        form = urlencode({"number": number, "outcome": "pass"})
        line.request("POST", place.path, form, {"Content-Type": "application/x-www-form-urlencoded"})
        assert line.getresponse().status in {200, 303}
        line.close()

    def writes(self, since: int = 0) -> list[str]:
        """The writing requests, in order."""
        log = self.process.requests(method="POST", since=since)
        return [row["path"].removeprefix("/v1/") for row in log]

    def last_request(self) -> int:
        log = self.process.requests()
        return log[-1]["seq"] if log else 0


@pytest.fixture(scope="session")
def sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    process = start_sandbox(Path(tmp_path_factory.mktemp("flows")))
    yield process
    process.stop()


@pytest.fixture
def stripe(sandbox_process: SandboxProcess, settings: Any, transactional_db: None) -> Iterator[Stripe]:
    """An empty sandbox that our gateway talks to."""
    sandbox_process.reset()
    settings.STRIPE_API_KEY = django_settings.STRIPE_SANDBOX_KEY
    settings.STRIPE_API_BASE = sandbox_process.url
    settings.STRIPE_WEBHOOK_SECRET = SECRET
    yield Stripe(sandbox_process)
    sandbox_process.clear_faults()
    sandbox_process.set_clock()


@pytest.fixture
def night() -> Any:
    """Run one night and expect it to leave nothing behind."""

    def run(at: datetime) -> NightReport:
        report = run_night(at)
        assert report.left == []
        return report

    return run
