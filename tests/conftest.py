"""Fixtures every test may use. Servers come from `dev.py test` through the environment."""

import gc
from collections.abc import Iterator

import pytest
from django.test import TransactionTestCase
from hypothesis import HealthCheck, settings

from tests.snapshots import empty

settings.register_profile(
    "ci", max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("long", max_examples=1000, deadline=None)
settings.load_profile("ci")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Take the long tests first, so that both workers end together. Those that commit stay last: the event
    table keeps the day partitions that they made."""
    items.sort(key=lambda item: not item.get_closest_marker("slow") or _commits(item))


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))


def pytest_collection_finish() -> None:
    """Look for garbage a tenth as often: what is loaded by now stays, and a test makes little."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


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


@pytest.fixture(scope="session", autouse=True)
def _quick_to_empty() -> Iterator[None]:
    """After a transactional test only tables with rows are emptied, those that Django does not manage too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _self: empty())
        yield
