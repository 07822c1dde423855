"""The instant the usage tests live at; and what they leave behind, they remove."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _fixed_clock(settings: Any) -> None:
    settings.RATECARD_CLOCK = "tests.usage.world.fixed_now"


@pytest.fixture(autouse=True)
def _no_events_left(request: pytest.FixtureRequest) -> Iterator[None]:
    """A transactional test truncates Django's tables; the event table is not managed by Django."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE usage_usageevent")
