"""A live server at a fixed instant, and the official clients pointed at it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, connections
from django.test.testcases import LiveServerThread, ThreadedWSGIServer
from lago_python_client.client import Client as Lago
from openmeter import Client as OpenMeter

from config.compat.lago.places import forget_places
from subscriptions.models import App
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import make_key
from tests.usage.world import an_app, make_meter


class _Server(ThreadedWSGIServer):
    """Its threads borrow the test's connection; they do not close it. It ends as soon as it is told."""

    def serve_forever(self, poll_interval: float = 0.02) -> None:
        """Look for the end 50 times a second, not twice: every test waits for it."""
        super().serve_forever(poll_interval)

    def _close_connections(self) -> None:
        """Leave it open."""


class _Thread(LiveServerThread):
    server_class = _Server
    shared: Any = None

    def _create_server(self, connections_override: Any = None) -> Any:
        return super()._create_server(connections_override={"default": self.shared})


@pytest.fixture(autouse=True)
def _fixed_clock(settings: Any) -> None:
    settings.RATECARD_CLOCK = "tests.usage.world.fixed_now"


@pytest.fixture(autouse=True)
def _forget_places() -> Iterator[None]:
    forget_places()
    yield
    forget_places()


@pytest.fixture
def address(db: None) -> Iterator[str]:
    """A server that sees what the test has not committed, so that nothing need be truncated after it.

    One client at a time: the test waits while a request is served. test_committed.py has a server with
    connections of its own.
    """
    connection = connections["default"]
    connection.inc_thread_sharing()
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)  # it lies in the test's transaction
    thread = _Thread("127.0.0.1", StaticFilesHandler)
    thread.daemon, thread.shared = True, connection
    thread.start()
    thread.is_ready.wait()
    assert thread.error is None
    yield f"http://127.0.0.1:{thread.port}"
    thread.terminate()
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)
    connection.dec_thread_sharing()


@pytest.fixture
def app(db: None) -> App:
    make_meter(dimensions=["kind"])
    return an_app(code="harbour")


@pytest.fixture
def key(db: None) -> str:
    return make_key(PROVIDER_SCOPES)[1]


@pytest.fixture
def lago(address: str, key: str) -> Lago:
    return Lago(api_key=key, api_url=f"{address}/compat/lago/")


@pytest.fixture
def openmeter(address: str, key: str) -> Iterator[OpenMeter]:
    with OpenMeter(endpoint=f"{address}/compat/openmeter", token=key) as client:
        yield client
