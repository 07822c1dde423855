"""Codes in events to rows: apps and meters, remembered in the process for seconds.

A code that is not known is looked up again at once, so a new app or type works immediately; a changed
meter takes up to CACHE_SECONDS to be noticed. One statement refreshes both.
"""

import hmac
import json
import time
from dataclasses import dataclass, field

from django.conf import settings
from django.db import connection

from plans.models.meters import MeterKind, MeterSource
from usage.parsing_events import MeterRule, TypeRules
from usage.parsing_sheet import number_of

CACHE_SECONDS = 5
MOST_APPS = 100_000


@dataclass(frozen=True, slots=True)
class AppRef:
    """An app as ingest needs it."""

    id: int
    region: str  # of events that name none
    digest_key: bytes  # keys the digests of its users
    number: bytes  # the id as a sheet of rows holds it

    def digest(self, user: str) -> str:
        """Return 128 bits, as hex, that stand for a user of this app and of no other."""
        return hmac.digest(self.digest_key, user.encode(), "sha256")[:16].hex()


@dataclass(slots=True)
class Directory:
    """What the process knows now."""

    expires: float = 0.0
    apps: dict[str, AppRef] = field(default_factory=dict)
    types: dict[str, TypeRules] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)  # types of meters fed by reports, with the source


@dataclass(frozen=True, slots=True)
class _MeterRow:
    id: int
    kind: str
    value: str
    user: str
    dimensions: tuple[str, ...]


_cached = Directory()

_LOOK_UP = """
SELECT TRUE, id, code, region, '', '', '[]'::jsonb, '' FROM subscriptions_app WHERE code = ANY(%s)
UNION ALL
SELECT FALSE, id, event_type, kind, value_property, unique_property, dimensions, source FROM plans_meter
ORDER BY 1, 2
"""


def look_up(apps: set[str], types: set[str]) -> Directory:
    """Return a directory that knows all of these codes that exist."""
    global _cached
    now = time.monotonic()
    if _cached.expires < now or len(_cached.apps) > MOST_APPS:
        _cached = Directory(expires=now + CACHE_SECONDS)
    found = _cached
    if not (found.apps.keys() >= apps and found.types.keys() | found.reported.keys() >= types):
        _load(found, sorted(apps - found.apps.keys()))
    return found


def forget_directory() -> None:
    """Empty the process's memory (tests)."""
    global _cached
    _cached = Directory()


def _load(into: Directory, codes: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_LOOK_UP, [codes])
        rows = cursor.fetchall()
    meters: dict[str, list[_MeterRow]] = {}
    into.reported = {row[2]: row[7] for row in rows if not row[0] and row[7] != MeterSource.EVENTS}
    for is_app, pk, code, second, value, user, dimensions, source in rows:
        if is_app:
            key = hmac.digest(settings.USAGE_DIGEST_KEY.encode(), code.encode(), "sha256")
            into.apps[code] = AppRef(pk, second, key, number_of(pk))
        elif source == MeterSource.EVENTS:
            meters.setdefault(code, []).append(_MeterRow(pk, second, value, user, _names(dimensions)))
    into.types = {code: rules_of(fed) for code, fed in meters.items()}


def _names(dimensions: object) -> tuple[str, ...]:
    listed = json.loads(dimensions) if isinstance(dimensions, str) else dimensions
    return tuple(listed) if isinstance(listed, list) else ()


def rules_of(meters: list[_MeterRow]) -> TypeRules:
    """Return what an event that feeds these meters may and must say."""
    rules = tuple(_rule(meter) for meter in meters)
    values = {m.value for m in meters} | {rule.value for rule in rules}
    users = {m.user for m in meters} | {rule.user for rule in rules}
    return TypeRules(
        meters=rules,
        numbers=frozenset(name for name in values if name),
        users=frozenset(name for name in users if name),
        dimensions=frozenset(name for m in meters for name in m.dimensions),
    )


def _rule(meter: _MeterRow) -> MeterRule:
    counts = meter.kind in (MeterKind.COUNT, MeterKind.UNIQUE)
    return MeterRule(
        id=meter.id,
        value=None if counts else (meter.value or "value"),
        user=(meter.user or "user") if meter.kind == MeterKind.UNIQUE else None,
    )
