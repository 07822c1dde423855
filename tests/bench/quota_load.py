"""What the benchmarks of freshness and overshoot share: agreements with quotas, a client, all running."""

import http.client
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.core.management import call_command

from config.dev.places import HOST
from plans.catalogue import read_catalogue
from plans.models import PlanVersion
from plans.services import apply_catalogue
from subscriptions.models import App
from subscriptions.models.keys import PROVIDER_SCOPES
from tests.bench.killing import whole
from tests.bench.serving import BATCH, Server
from tests.factories import TESTER, make_app, make_customer, make_key, make_subscription
from usage import services

QUOTA = 1_000_000
GRACE = 10
PARTS = ("web", "worker", "beat")
ZONES = ("Asia/Shanghai", "UTC", "America/New_York", "Asia/Kolkata")
CATALOGUE = f"""\
meters:
  - {{code: messages, names: {{en: Messages, zh-Hans: 消息}}, kind: sum, unit: u, event_type: message.sent}}
  - {{code: users, names: {{en: Users, zh-Hans: 用户}}, kind: unique, unit: users, event_type: user.active}}
features:
  - {{code: told, names: {{en: Told, zh-Hans: 提醒}}, type: allowance, meter: messages}}
  - {{code: hard, names: {{en: Hard, zh-Hans: 硬}}, type: allowance, meter: messages}}
  - {{code: soft, names: {{en: Soft, zh-Hans: 宽限}}, type: allowance, meter: messages}}
plans:
  - code: growth
    names: {{en: Growth, zh-Hans: 成长版}}
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+00:00
        entitlements: {{told: {QUOTA}, hard: {QUOTA}, soft: {QUOTA}}}
        quotas: {{hard: {{at_limit: stop}}, soft: {{at_limit: stop, grace: {GRACE}}}}}
        terms: {{currency: USD}}
"""


@dataclass(frozen=True)
class Running:
    """Everything `dev.py run` starts, with an app for each of some customers."""

    server: Server
    apps: list[App]


@contextmanager
def running(apps: int) -> Iterator[Running]:
    """Start database, broker, web, worker and beat, and make the agreements."""
    with TemporaryDirectory(prefix="ratecard-load-") as name:
        Path(name).chmod(0o711)  # PostgreSQL may be another user's
        with whole(Path(name)) as parts:
            call_command("migrate", verbosity=0)
            made = _agreements(apps)
            key = make_key(PROVIDER_SCOPES)[1]
            for part in PARTS:
                parts.start(part)
            yield Running(Server(parts.ports["web"], key, Path(name)), made)


def _agreements(count: int) -> list[App]:
    now = datetime.now(UTC)
    apply_catalogue(read_catalogue(CATALOGUE), at=now - timedelta(days=7), by=TESTER)
    version, made = PlanVersion.objects.get(), []
    for n in range(count):
        app = make_app(make_customer(billing_zone=ZONES[n % len(ZONES)]))
        make_subscription(app.customer, version, at=now - timedelta(days=3))
        made.append(app)
    services.make_partitions(at=now)
    return made


def event(app: str, value: int = 1, user: str = "") -> dict[str, Any]:
    """Return an event of now."""
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "gateway-1",
        "type": "user.active" if user else "message.sent",
        "subject": app,
        "time": datetime.now(UTC).isoformat(),
        "data": {"user": user} if user else {"value": str(value)},
    }


class Door:
    """One client's connection."""

    def __init__(self, server: Server) -> None:
        self.headers = {"Authorization": f"Bearer {server.key}"}
        self.way = http.client.HTTPConnection(HOST, server.port, timeout=60)

    def get(self, path: str) -> dict[str, Any]:
        """Ask."""
        return self._answer("GET", path, None, self.headers)

    def used(self, app: str, feature: str) -> dict[str, Any]:
        """Ask for one entitlement."""
        return self.get(f"/api/v1/entitlements/{feature}?app={app}")

    def report(self, events: list[dict[str, Any]]) -> None:
        """Report one batch; each event must be accepted."""
        headers = {**self.headers, "Content-Type": BATCH}
        told = self._answer("POST", "/api/v1/usage/events", json.dumps(events).encode(), headers)
        assert told["accepted"] == len(events), told

    def _answer(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> dict[str, Any]:
        self.way.request(method, path, body, headers)
        answer = self.way.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:300])
        said: dict[str, Any] = json.loads(text)
        return said
