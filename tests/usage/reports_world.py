"""Builders of the report tests: meters fed by reports, and reports through the service and the door."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from plans.models import Meter
from plans.models.meters import MeterSource
from subscriptions.models import App
from tests.factories import NOW, TESTER
from tests.usage.world import Door, make_meter
from usage.parsing_usage_reports import parse_reports
from usage.services import ReportVerdict, report_usage

EVIDENCE = {"evidence": "warehouse://mau?snapshot=7", "evidence_hash": "ab" * 32}
JSON = "application/json"


def daily(code: str = "dau", kind: str = "gauge") -> Meter:
    return make_meter(code, kind, event_type=code, source=MeterSource.DAILY_REPORTS)


def by_period(code: str = "mau", kind: str = "unique") -> Meter:
    return make_meter(code, kind, event_type=code, source=MeterSource.PERIOD_REPORTS)


def day_report(app: App, day: str, value: str, meter: str = "dau", **more: Any) -> dict[str, Any]:
    return {"app": app.code, "meter": meter, "day": day, "value": value, **more}


def period_report(app: App, period: str, value: str, meter: str = "mau", **more: Any) -> dict[str, Any]:
    return {"app": app.code, "meter": meter, "period": period, "value": value, **EVIDENCE, **more}


def report(*said: dict[str, Any], at: datetime = NOW, backfill: bool = True) -> list[ReportVerdict]:
    """Bring reports in through the service."""
    _sent, good, refused = parse_reports(json.dumps(said).encode())
    assert not refused, refused
    return report_usage(good, at=at, by=TESTER, backfill=backfill)


def statuses(verdicts: Sequence[ReportVerdict]) -> list[str]:
    return [one.refusal.code if one.refusal else one.status for one in verdicts]


def put(door: Door, path: str, body: Any) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {door.text}"}
    return door.client.put(f"/api/v1/usage/reports/{path}", raw, content_type=JSON, headers=headers)
