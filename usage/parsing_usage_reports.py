"""Absolute reports: strict fields to values. PURE."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from usage.parsing import Refusal
from usage.parsing_json import read_items
from usage.parsing_reports import revision
from usage.parsing_values import Refused, quantity, text
from usage.report_periods import Spelled, spelled_day, spelled_period

BODY = {"value", "revision", "evidence", "evidence_hash"}
ADDRESS = {"app", "meter", "region", "day", "period"}
LONGEST = 16  # of a period, as the table has it
NO_REGION = "-"  # in an address; in a body it is left out or empty
_HASH = re.compile(r"(?:sha256:)?([0-9a-fA-F]{64})")


@dataclass(frozen=True, slots=True)
class SaidReport:
    """One report as it was sent: about a day of the billing zone, or about a period."""

    index: int
    app: str
    meter: str
    region: str
    spelled: Spelled
    value: Decimal
    revision: int
    evidence: str
    evidence_hash: str

    @property
    def label(self) -> str:
        """The day or period as it was written."""
        return self.spelled.label

    @property
    def is_period(self) -> bool:
        """False for a report of a day."""
        return self.spelled.is_period

    @property
    def content_hash(self) -> str:
        """Equal for equal statements, however they were written."""
        said = [f"{self.value:f}", self.evidence, self.evidence_hash]
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()

    @property
    def address(self) -> str:
        """What it is about, as its address is written."""
        place = [self.app, self.meter] if self.is_period else [self.app, self.meter, self.region or NO_REGION]
        return "/".join([*place, self.label])


def parse_report(address: Mapping[str, str], tree: dict[str, Any]) -> SaidReport:
    """Read the body of one report whose address says what it is about; raises Refused."""
    for name in tree:
        if name not in BODY:
            raise Refused("unknown_field", name[:64] if name.isprintable() else "?")
    return _report(0, {**tree, **address})


def parse_reports(body: bytes) -> tuple[int, list[SaidReport], list[Refusal]]:
    """Read an array of reports: how many were sent, the good ones, and why the others are refused.

    Raises UnreadableBody or BodyTooLarge for the body as a whole.
    """
    found: list[SaidReport] = []
    refused: list[Refusal] = []
    items = read_items(body)
    for index, item in enumerate(items):
        try:
            if isinstance(item, Refused):
                raise item
            if not isinstance(item, dict):
                raise Refused("wrong_type", "", "object")
            for name in item:
                if name not in BODY | ADDRESS:
                    raise Refused("unknown_field", name[:64] if name.isprintable() else "?")
            found.append(_report(index, item))
        except Refused as no:
            refused.append(Refusal(index, _address_of(item), no.code, no.field, no.limit))
    return len(items), found, refused


def read_address(address: Mapping[str, Any]) -> Spelled:
    """Return the day or period that is addressed; raises Refused."""
    if (address.get("day") is None) == (address.get("period") is None):
        raise Refused("day_or_period", "day")
    if address.get("day") is not None:
        return spelled_day(text(address["day"], "day", longest=10))
    return spelled_period(text(address["period"], "period", longest=LONGEST))


def _report(index: int, tree: Mapping[str, Any]) -> SaidReport:
    spelled = read_address(tree)
    is_period = spelled.is_period
    named = tree.get("region") not in (None, "", NO_REGION)
    region = text(tree["region"], "region", longest=32) if named else ""
    if is_period and region:
        raise Refused("no_region_here", "region")
    given = is_period or tree.get("evidence") is not None
    hashed = is_period or tree.get("evidence_hash") is not None
    return SaidReport(
        index,
        app=text(tree.get("app"), "app", longest=64),
        meter=text(tree.get("meter"), "meter", longest=64),
        region=region,
        spelled=spelled,
        value=Decimal(quantity(tree.get("value"), "value")),
        revision=revision(tree.get("revision", 1)),
        evidence=text(tree.get("evidence"), "evidence", longest=500) if given else "",
        evidence_hash=_hash(tree.get("evidence_hash")) if hashed else "",
    )


def _hash(given: object) -> str:
    spelled = text(given, "evidence_hash", longest=80)
    found = _HASH.fullmatch(spelled)
    if found is None:
        raise Refused("not_a_hash", "evidence_hash")
    return found[1].lower()


def _address_of(item: object) -> str:
    """Return what a refused item is about, as far as it can be read."""
    if not isinstance(item, dict):
        return ""
    parts = [item.get(name) for name in ("app", "meter", "region", "day", "period")]
    said = "/".join(part for part in parts if isinstance(part, str))
    return said[:200] if said.isprintable() else ""
