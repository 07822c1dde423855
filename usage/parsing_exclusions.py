"""A span of time put forward as not to be counted: strict fields to values. PURE."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from plans.sla_terms import EXCLUSIONS
from plans.timespan import Period
from usage.parsing_json import read_object
from usage.parsing_reports import revision, span
from usage.parsing_values import Refused, instant, quantity, text

FIELDS = {
    "reference", "app", "customer", "region", "start", "end", "kind", "notice_at", "peak_share",
    "reason", "evidence", "withdrawn", "revision",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What the provider says of a span: of one app, of one customer's apps, or of all."""

    reference: str  # the provider's own number of the change or incident
    app: str
    customer: str
    region: str
    span: Period
    kind: str
    notice_at: datetime | None
    peak_share: Decimal | None  # percent of the trailing peak, of a surge
    reason: str
    evidence: str
    withdrawn: bool
    revision: int

    @property
    def content_hash(self) -> str:
        """Equal for equal statements, however they were written."""
        said = [
            self.app, self.customer, self.region, self.span.start.isoformat(), self.span.end.isoformat(),
            self.kind, self.notice_at and self.notice_at.isoformat(),
            None if self.peak_share is None else f"{self.peak_share.normalize():f}",
            self.reason, self.evidence, self.withdrawn,
        ]  # fmt: skip
        return hashlib.sha256(msgspec.json.encode(said)).hexdigest()


def parse_exclusion(body: bytes) -> Exclusion:
    """Read one exclusion; raises UnreadableBody for the body, Refused for a field."""
    tree = read_object(body)
    for name in tree:
        if name not in FIELDS:
            raise Refused("unknown_field", name[:64] if name.isprintable() else "?")
    if tree.get("kind") not in EXCLUSIONS:
        raise Refused("unknown_kind", "kind", ", ".join(EXCLUSIONS))
    if tree.get("app") and tree.get("customer"):
        raise Refused("one_scope", "customer")
    return Exclusion(
        reference=text(tree.get("reference"), "reference", longest=64),
        app=_optional(tree, "app", 64),
        customer=_optional(tree, "customer", 64),
        region=_optional(tree, "region", 32),
        span=span(tree, ""),
        kind=tree["kind"],
        notice_at=instant(tree["notice_at"], "notice_at") if tree.get("notice_at") else None,
        peak_share=_share(tree),
        reason=text(tree.get("reason"), "reason", longest=500),
        evidence=_optional(tree, "evidence", 500),
        withdrawn=_flag(tree.get("withdrawn", False)),
        revision=revision(tree.get("revision", 1)),
    )


def _optional(tree: dict[str, Any], name: str, longest: int) -> str:
    return text(tree[name], name, longest=longest) if tree.get(name) else ""


def _share(tree: dict[str, Any]) -> Decimal | None:
    if tree.get("peak_share") is None:
        return None
    share = Decimal(quantity(tree["peak_share"], "peak_share"))
    if share >= 10**9:
        raise Refused("out_of_range", "peak_share")
    return share


def _flag(given: object) -> bool:
    if not isinstance(given, bool):
        raise Refused("wrong_type", "withdrawn", "true, false")
    return given
