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
    """Take the long tests first, so that both workers end together; what one commits is emptied after it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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
