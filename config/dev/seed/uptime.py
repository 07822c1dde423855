"""Availability reports of one app: one a day, and one bad day where the world needs an SLA credit."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.dev.seed.firms import Firm
from plans.timespan import local_midnight

BAD_MINUTES = 190  # of a 30-day month's 43,200: 99.56 %, below both tiers' targets


def reports_of(firm: Firm, app: str, at: datetime) -> Iterator[dict[str, Any]]:
    """Yield a day's good and total minutes for each whole local day since the firm subscribed."""
    zone = ZoneInfo(firm.zone)
    first = at.date() - timedelta(days=firm.age_days)
    bad = _bad_day(first) if firm.breach else None
    for number in range(firm.age_days + 2):
        day = first + timedelta(days=number)
        start, end = local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
        if end > at:
            break
        total = int((end - start).total_seconds()) // 60
        failed = BAD_MINUTES if day == bad else 0
        yield {
            "app": app,
            "region": firm.region,
            "start": _text(start),
            "end": _text(end),
            "good": str(total - failed),
            "total": str(total),
            "unit": "minutes",
            "failed": [
                {
                    "start": _text(start + timedelta(hours=9)),
                    "end": _text(start + timedelta(hours=9, minutes=failed)),
                }
            ]
            if failed
            else [],
            "revision": 1,
        }


def _bad_day(first: date) -> date:
    """The tenth of the first whole calendar month."""
    return (first.replace(day=1) + timedelta(days=32)).replace(day=10)


def _text(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
