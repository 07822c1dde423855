"""Requests made from the API document, sound and broken: no 5xx, every refusal a problem with a code."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings

from config.wsgi import application
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import make_key
from tests.usage.world import make_meter

schema = schemathesis.openapi.from_path(Path(__file__).resolve().parents[2] / "docs/openapi.yaml")
schema.app = application
api = schema.include(path_regex="/usage")
pytestmark = pytest.mark.django_db


@pytest.fixture
def bearer(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr("usage.api_limits.take", lambda *_args, **_kwargs: None)
    make_meter()
    for signal in (request_started, request_finished):  # the test's connection stays open
        signal.disconnect(close_old_connections)
    yield make_key(PROVIDER_SCOPES)[1]
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@api.parametrize()
@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=5)
def test_no_request_breaks_it(case: Any, bearer: str) -> None:
    answer = case.call(headers={"Authorization": f"Bearer {bearer}"})

    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"][0] == "application/problem+json", answer.text
        assert answer.json()["code"]
