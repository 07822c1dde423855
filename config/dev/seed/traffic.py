"""Shaped usage of one app: weekday waves, growth, one spike, 2 % duplicates, 1 % late.

Deterministic: the same firm and days give the same events, ids included.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from config.dev.seed.firms import Firm

WEEKDAY = [Decimal(p) for p in ("1.00", "1.02", "1.04", "1.06", "1.15", "0.86", "0.78")]  # Monday first
SPIKE_DAYS_AGO = 33
SPIKE = Decimal("2.5")
DUPLICATES = 0.02
LATE = 0.01
LATE_BY_DAYS = 2
HOURS = [1, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 10, 11, 10, 9, 9, 9, 10, 11, 12, 12, 10, 6, 3]  # weight of each


@dataclass(frozen=True, slots=True)
class Sent:
    """One event as it goes over the wire, and the day it is sent on (later than it happened, if late)."""

    day: date
    event: dict[str, Any]


def usage_of(firm: Firm, app: str, today: date, *, until: datetime) -> Iterator[Sent]:
    """Yield what the app's backend reports from the subscription's first day up to `until`."""
    dice = random.Random(f"ratecard:{firm.slug}")  # noqa: S311  # a demo world, not a secret
    zone = ZoneInfo(firm.zone)
    for age in range(firm.age_days, -2, -1):  # east of UTC it may be tomorrow already
        day = today - timedelta(days=age)
        factor = _factor(firm, age, day)
        for event in _day(firm, app, day, factor, zone, dice):
            if datetime.fromisoformat(event["time"]) >= until:
                continue
            late = LATE_BY_DAYS if dice.random() < LATE else 0
            yield Sent(day + timedelta(days=late), event)
            if dice.random() < DUPLICATES:
                yield Sent(day + timedelta(days=late), event)


def _factor(firm: Firm, age: int, day: date) -> Decimal:
    grown = 1 + firm.growth * (firm.age_days - age)
    spike = SPIKE if age == SPIKE_DAYS_AGO else Decimal(1)
    return max(grown, Decimal("0.1")) * WEEKDAY[day.weekday()] * spike


def _day(
    firm: Firm, app: str, day: date, factor: Decimal, zone: ZoneInfo, dice: random.Random
) -> Iterator[dict[str, Any]]:
    """One day: who was there, what they sent in each busy hour, what was carried and asked for."""
    active = int(firm.users_daily * factor)
    pool = int(firm.users_daily * 14)  # people come and go: a month sees many more than a day
    for user in sorted(dice.sample(range(pool), min(active, pool))):
        yield _event(firm, app, "user.active", day, zone, dice, {"user": f"u_{user:06d}"})
    for kind, per_user, unit in METERED:
        total = factor * firm.users_daily * per_user
        parts = 6
        for _ in range(parts):
            wobble = Decimal(dice.randint(70, 130)) / 100
            value = (total / parts * wobble).quantize(unit)
            yield _event(firm, app, kind, day, zone, dice, {"value": str(value)})
    peak = int(active * dice.randint(12, 16) / 100) + 1
    yield _event(firm, app, "connections.peak", day, zone, dice, {"value": str(peak)})


# event type, value for one daily user, places
METERED = [
    ("message.sent", Decimal(46), Decimal(1)),
    ("traffic.out", Decimal("0.016"), Decimal("0.001")),
    ("api.request", Decimal(150), Decimal(1)),
]


def _event(
    firm: Firm, app: str, kind: str, day: date, zone: ZoneInfo, dice: random.Random, payload: dict[str, str]
) -> dict[str, Any]:
    hour = dice.choices(range(24), HOURS)[0]
    local = datetime(day.year, day.month, day.day, hour, dice.randrange(60), dice.randrange(60), tzinfo=zone)
    return {
        "specversion": "1.0",
        "id": f"{dice.getrandbits(64):016x}",
        "source": f"im-{firm.region}/gateway-{dice.randrange(1, 4)}",
        "type": kind,
        "subject": app,
        "time": local.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "data": {**payload, "region": firm.region},
    }
