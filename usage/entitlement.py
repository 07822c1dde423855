"""What grants come to, and what a customer may do by them now. PURE.

A plan and the modules held beside it may grant the same feature. Switches are on if one is on, of numbers the
highest holds, allowances add up (as often as a module is held), of texts a module's stands for the plan's.
`unlimited` wins over every number.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

import msgspec

from plans.money import exact
from plans.ratio import decimal_text

UNLIMITED = "unlimited"
PLAN = "plan"
Kind = Literal["switch", "number", "text", "allowance"]
NUMBERS = ("number", "allowance")
COUNTABLE = Decimal(10) ** 24  # no figure of usage reaches it, so a limit above is none


@dataclass(frozen=True, slots=True)
class Grant:
    """What one option grants of one feature, and how often the option is held."""

    option: str  # `plan`, or the code of an option held
    value: str
    times: Decimal = Decimal(1)


def resolved(kind: str, grants: Sequence[Grant]) -> str:
    """Return the one value that grants of a feature (at least one) come to."""
    values = [one.value for one in grants]
    if kind == "switch":
        return "true" if "true" in values else "false"
    if kind == "text":
        return min(grants, key=lambda one: (one.option == PLAN, one.option)).value
    if UNLIMITED in values:
        return UNLIMITED
    with exact():
        numbers = [Decimal(one.value) * (one.times if kind == "allowance" else 1) for one in grants]
        total = sum(numbers, Decimal(0)) if kind == "allowance" else max(numbers)
        return decimal_text(total) if total < COUNTABLE else UNLIMITED


def stronger(kind: str, first: str, second: str) -> bool:
    """Return whether `first` grants more than `second`; of texts neither does."""
    if kind == "switch":
        return (first, second) == ("true", "false")
    if kind not in NUMBERS or second == UNLIMITED:
        return False
    return first == UNLIMITED or Decimal(first) > Decimal(second)


def stops_at(limit: Decimal, at_limit: str, grace: int) -> Decimal | None:
    """Return the usage from which on nothing more may be used; None where nothing stops."""
    with exact():
        most = limit + limit * grace / 100
    return most if at_limit == "stop" and most < COUNTABLE else None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the one statement of a check brings back."""

    feature: str
    kind: str
    unit: str
    app: str | None  # None: all the customer's apps
    standing: str
    is_archived: bool
    is_granted: bool
    reason: str  # why not, where it is not granted
    value: str = ""
    at_limit: str = "notify"
    stops_at: Decimal | None = None
    used: Decimal | None = None
    resets_at: datetime | None = None
    as_of: datetime | None = None


def decide(facts: Facts) -> dict[str, Any]:
    """Return the answer of a check: whether the feature may be used now, and why."""
    allowed, reason = _verdict(facts)
    limit = _limit(facts)
    used = facts.used if facts.kind == "allowance" and facts.is_granted else None
    return {
        "feature": facts.feature,
        "app": facts.app,
        "has_access": allowed,
        "reason": reason,
        "kind": facts.kind,
        "value": facts.value if facts.is_granted else None,
        "unit": facts.unit or None,
        "limit": _text(limit),
        "used": _text(used),
        "remaining": None if limit is None or used is None else _text(max(Decimal(0), limit - used)),
        "overage": None if limit is None or used is None else _text(max(Decimal(0), used - limit)),
        "at_limit": facts.at_limit if facts.kind == "allowance" and facts.is_granted else None,
        "stops_at": _text(facts.stops_at) if facts.is_granted else None,
        "resets_at": _instant(facts.resets_at) if facts.is_granted else None,
        "as_of": _instant(facts.as_of),
    }


def _verdict(facts: Facts) -> tuple[bool, str]:
    if facts.standing == "suspended":
        return False, "suspended"
    if facts.is_archived:
        return False, "app_archived"
    if not facts.is_granted:
        return False, facts.reason or "not_granted"
    if facts.kind == "switch":
        return (True, "granted") if facts.value == "true" else (False, "switched_off")
    if facts.kind == "text":
        return True, "granted"
    return _by_number(facts)


def _by_number(facts: Facts) -> tuple[bool, str]:
    if facts.value == UNLIMITED:
        return True, "unlimited"
    limit, used = Decimal(facts.value), facts.used or Decimal(0)
    if facts.kind == "number":
        return (True, "granted") if limit > 0 else (False, "limit_zero")
    if facts.stops_at is not None and used >= facts.stops_at:
        return False, "limit_reached"
    if used <= limit:
        return True, "within_limit"
    return True, "over_limit" if facts.stops_at is None else "in_grace"


def _limit(facts: Facts) -> Decimal | None:
    if facts.kind not in NUMBERS or not facts.is_granted or facts.value == UNLIMITED:
        return None
    return Decimal(facts.value)


def etag_of(answers: Iterable[Mapping[str, Any]]) -> str:
    """Return a tag of what the answers say; weak, as `as_of` (when they were counted) is not part of it."""
    said = [{name: value for name, value in one.items() if name != "as_of"} for one in answers]
    return f'W/"{hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()[:32]}"'


def _text(value: Decimal | None) -> str | None:
    return None if value is None else decimal_text(value)


def _instant(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat().replace("+00:00", "Z")
