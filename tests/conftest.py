"""Fixtures every test may use. Servers come from `dev.py test` through the environment."""

from collections.abc import Iterator

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", max_examples=1000, deadline=None)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    """API keys, apps and meters are remembered for seconds inside a process; no test sees another's."""
    from subscriptions.auth import forget_keys
    from usage.directory import forget_directory

    forget_keys()
    forget_directory()
    yield
    forget_keys()
    forget_directory()


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
