"""An availability report: strict fields to values. PURE."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from plans.timespan import Period
from usage.parsing_json import read_object
from usage.parsing_values import Refused, instant, quantity, text

UNITS = ("minutes", "user_minutes", "requests")
FIELDS = {"app", "region", "start", "end", "unit", "good", "total", "failed", "revision"}
MOST_FAILED = 1_000


@dataclass(frozen=True, slots=True)
class Availability:
    """What was measured of one app in one region over one window."""

    app: str
    region: str
    window: Period
    unit: str
    good: Decimal
    total: Decimal
    failed: tuple[Period, ...]  # where known, sorted
    revision: int

    @property
    def content_hash(self) -> str:
        """Equal for equal figures, however they were written."""
        said = [self.unit, f"{self.good:f}", f"{self.total:f}", self.failed_texts]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()

    @property
    def failed_texts(self) -> list[list[str]]:
        """The failed ranges as stored: [start, end) in UTC."""
        return [[span.start.isoformat(), span.end.isoformat()] for span in self.failed]


def parse_availability(body: bytes) -> Availability:
    """Read one report; raises UnreadableBody for the body, Refused for a field."""
    tree = read_object(body)
    for name in tree:
        if name not in FIELDS:
            raise Refused("unknown_field", name[:64] if name.isprintable() else "?")
    window = span(tree, "")
    total = Decimal(quantity(tree.get("total"), "total"))
    good = Decimal(quantity(tree.get("good"), "good"))
    if total == 0:
        raise Refused("not_positive", "total")
    if good > total:
        raise Refused("above_total", "good")
    if tree.get("unit") not in UNITS:
        raise Refused("unknown_unit", "unit", ", ".join(UNITS))
    return Availability(
        app=text(tree.get("app"), "app", longest=64),
        region=text(tree["region"], "region", longest=32) if tree.get("region") else "",
        window=window,
        unit=tree["unit"],
        good=good,
        total=total,
        failed=_failed(tree.get("failed"), window),
        revision=revision(tree.get("revision", 1)),
    )


def span(tree: dict[str, Any], path: str) -> Period:
    """Read `start` and `end` of a report, half-open."""
    start, end = instant(tree.get("start"), f"{path}start"), instant(tree.get("end"), f"{path}end")
    if start >= end:
        raise Refused("not_a_span", f"{path}end")
    return Period(start, end)


def _failed(given: object, window: Period) -> tuple[Period, ...]:
    if given is None:
        return ()
    if not isinstance(given, list):
        raise Refused("wrong_type", "failed", "array")
    if len(given) > MOST_FAILED:
        raise Refused("too_long", "failed", MOST_FAILED)
    return tuple(sorted(_failed_span(item, f"failed.{n}", window) for n, item in enumerate(given)))


def _failed_span(item: object, path: str, window: Period) -> Period:
    if not isinstance(item, dict) or set(item) != {"start", "end"}:
        raise Refused("wrong_type", path, '{"start", "end"}')
    found = span(item, f"{path}.")
    if found.start < window.start or found.end > window.end:
        raise Refused("outside_window", path)
    return found


def revision(given: object) -> int:
    """Read a revision: a whole number from 1."""
    if type(given) is not int:
        raise Refused("wrong_type", "revision", "integer")
    if not 1 <= given < 2**31:
        raise Refused("not_positive" if given < 1 else "out_of_range", "revision")
    return given
