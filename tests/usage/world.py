"""Builders of the usage tests: meters, an app, events, and the HTTP door."""

import itertools
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from plans.models import Meter
from subscriptions.models import App
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.factories import NOW, TESTER, make_app, make_customer, make_key
from usage.services import Outcome, ingest_body

BATCH = "application/cloudevents-batch+json"
_ids = itertools.count(1)


def make_meter(code: str = "messages", kind: str = "sum", **fields: Any) -> Meter:
    """Make a meter fed by `message.sent` unless told otherwise."""
    given = {"event_type": "message.sent", "unit": code, "name_en": code, "name_zh": code, **fields}
    return Meter.objects.create(code=code, kind=kind, **given)


def an_app(zone: str = "UTC", **fields: Any) -> App:
    """Make an app of a new customer that counts its days in `zone`."""
    return make_app(make_customer(billing_zone=zone), **fields)


def event(
    app: App | str,
    *,
    at: datetime | str = NOW,
    id: str | None = None,  # noqa: A002
    **attributes: Any,
) -> dict[str, Any]:
    """Return one event with a fresh id; `value`, `user`, `region` and the like go into data."""
    data = {
        name: attributes.pop(name) for name in list(attributes) if name in ("value", "user", "region", "kind")
    }
    return {
        "specversion": "1.0",
        "id": id or f"evt-{next(_ids)}",
        "source": "gateway-1",
        "type": "message.sent",
        "subject": app if isinstance(app, str) else app.code,
        "time": at if isinstance(at, str) else at.isoformat(),
        "data": {"value": "1", **data},
        **attributes,
    }


def send(*events: dict[str, Any], at: datetime = NOW, backfill: bool = False) -> Outcome:
    """Bring events in through the service."""
    return ingest_body(json.dumps(events).encode(), at=at, by=TESTER, backfill=backfill)


class Door:
    """The HTTP door, opened with a provider key unless told otherwise, at the test's NOW."""

    def __init__(self, scopes: Sequence[str] = PROVIDER_SCOPES, key: str | None = None) -> None:
        self.client = Client()
        self.text = key if key is not None else make_key(scopes)[1]

    def post(
        self, body: Any, *, path: str = "/api/v1/usage/events", media: str = BATCH, **headers: str
    ) -> Any:
        """Post a body (bytes as they are, anything else as JSON)."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.client.post(path, raw, content_type=media, headers=self._with_key(headers))

    def get(self, path: str, **parameters: str) -> Any:
        """Read a page."""
        return self.client.get(path, parameters, headers=self._with_key({}))

    def _with_key(self, headers: dict[str, str]) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}", **headers} if self.text else headers


def fixed_now() -> datetime:
    """The instant every door of these tests reads (settings.RATECARD_CLOCK)."""
    return NOW


def rows(sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


def count(table: str) -> int:
    """Return the number of rows of a table."""
    return int(rows(f"SELECT count(*) FROM {table}")[0][0])


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Return what was asked of the database, without transaction control."""
    control = ("BEGIN", "COMMIT", "ROLLBACK")
    told = [q["sql"] for q in captured.captured_queries if not q["sql"].startswith(control)]
    return [sql for sql in told if 'SAVEPOINT "' not in sql]  # the history's context may stand before it
