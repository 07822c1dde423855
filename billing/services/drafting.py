"""From a subscription and an edge to the lines of one invoice; nothing of billing's is written here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.derivation import Node, to_tree
from billing.dues import advance_dues, arrears_dues, companions, meters_of, span_of
from billing.errors import NegativeInvoice
from billing.models import InvoiceKind, LineKind
from billing.previews import in_minor
from billing.rating import rate
from billing.selectors_gather import (
    Frozen,
    Standpoint,
    billable,
    calendar_of,
    last_instant,
    observed,
    standpoint,
    version_at,
    version_over,
    within_agreement,
)
from billing.values import Due, Line, Quantities
from billing.wording import described, label_of, with_place
from plans.timespan import Period
from subscriptions.models import Subscription
from subscriptions.selectors import zone_of
from usage.models import Reading
from usage.services import freeze

__all__ = ["Draft", "DraftLine", "Slot", "billable", "drafted", "rated_lines"]

TAX = "tax"  # the tag by which a charge says that it is a tax: due last, over what is left after credits


@dataclass(frozen=True, slots=True)
class Slot:
    """One invoice that has to exist: the k-th edge of a subscription (0: its start)."""

    subscription: Subscription
    kind: InvoiceKind
    k: int
    edge: datetime

    @property
    def key(self) -> tuple[int, str, datetime]:
        """What is unique among live invoices."""
        return self.subscription.pk, self.kind.value, self.edge


@dataclass(frozen=True, slots=True)
class DraftLine:
    """One item before it is a row; `amount` is minor units."""

    key: str
    charge: str
    label: dict[str, str]
    description: dict[str, str]
    tags: tuple[str, ...]
    credit: bool
    app: str
    region: str
    period: Period
    quantity: Decimal | None
    unit: str
    exact: Decimal
    amount: int
    terms_hash: str
    engine: str
    derivation: dict[str, Any]
    kind: LineKind = LineKind.CHARGE
    readings: tuple[int, ...] = ()
    credit_id: int | None = None
    adjusts: int | None = None


@dataclass(slots=True)
class Draft:
    """One invoice before it is a row."""

    slot: Slot
    span: Period
    lines: list[DraftLine]
    parts: list["Part"] = field(default_factory=list)
    quantities: Quantities = field(default_factory=dict)
    frozen: Frozen = field(default_factory=dict)
    late: list[DraftLine] = field(default_factory=list)  # joins the lines when credits are drawn
    corrected: list[dict[str, Any]] = field(default_factory=list)  # what the late lines were rated from

    @property
    def readings(self) -> list[Reading]:
        """The readings of every period."""
        return [reading for readings in self.frozen.values() for reading in readings]

    @property
    def subtotal(self) -> int:
        """Rated lines, tax and late usage included."""
        return sum(line.amount for line in self.lines if line.kind != LineKind.SLA_CREDIT)

    @property
    def total(self) -> int:
        """What is to be paid."""
        return sum(line.amount for line in self.lines)

    @property
    def before_tax(self) -> int:
        """What credits may be drawn against: own lines, less what late usage gives back."""
        own = sum(line.amount for line in self.lines if TAX not in line.tags)
        return own + min(0, sum(line.amount for line in self.late))


@dataclass(frozen=True, slots=True)
class Part:
    """Dues that share terms and context, and the readings behind them."""

    view: Standpoint
    dues: list[Due]


def drafted(slot: Slot, *, at: datetime) -> Draft:
    """Freeze what the slot counts, rate it, and return the draft; NegativeInvoice below zero."""
    parts = _parts(slot)
    frozen = _frozen(slot.subscription, parts, at=at)
    quantities = observed(frozen, zone_of(slot.subscription.customer))
    dues = [due for part in parts for due in part.dues]
    draft = Draft(slot, span_of(dues) if dues else _whole(slot), [], parts, quantities, frozen)
    draft.lines = rated_lines(draft)
    if draft.total < 0:
        raise NegativeInvoice(total=draft.total)
    return draft


def _whole(slot: Slot) -> Period:
    """Return the span of an invoice on which nothing is due: the month that ended or begins."""
    first = max(slot.k - 1, 0)
    return calendar_of(slot.subscription).months(first, 1)


def _parts(slot: Slot) -> list[Part]:
    """Return what is due at the edge: the past and the future, each under its own terms."""
    subscription, calendar = slot.subscription, calendar_of(slot.subscription)
    parts: list[Part] = []
    if slot.k > 0:
        past = calendar.months(slot.k - 1, 1)
        version = version_over(subscription, past)
        view = standpoint(subscription, version, last_instant(past))
        parts.append(Part(view, arrears_dues(view.terms.document, calendar, slot.k)))
    following = version_at(subscription, max(slot.edge, subscription.span.lower))
    if following is not None:
        view = standpoint(subscription, following, max(slot.edge, subscription.span.lower))
        parts.append(Part(view, advance_dues(view.terms.document, calendar, slot.k)))
    return settled(parts)


def settled(parts: list[Part]) -> list[Part]:
    """Return parts as one invoice rates them: together where nothing changed, with taxes and shared fees."""
    return _with_companions(_united(parts))


def _united(parts: list[Part]) -> list[Part]:
    """Rate the past and the future in one go where nothing changed between them."""
    if len(parts) == 2 and parts[0].view == parts[1].view:
        return [Part(parts[0].view, [*parts[0].dues, *parts[1].dues])]
    return [part for part in parts if part.dues] or parts[:1]


def _with_companions(parts: list[Part]) -> list[Part]:
    """Add taxes and fees over lines of both kinds; of two parts, the later terms decide them."""
    if not parts:
        return parts
    last = parts[-1]
    document = last.view.terms.document
    known = {charge.code for charge in document.charges}  # the earlier terms may charge what these do not
    seen = [due for part in parts for due in part.dues if due.charge in known]
    return [*parts[:-1], Part(last.view, [*last.dues, *companions(document, seen)])]


def _frozen(
    subscription: Subscription, parts: Sequence[Part], *, at: datetime
) -> dict[Period, list[Reading]]:
    found: dict[Period, list[Reading]] = {}
    for part in parts:
        for period, meters in meters_of(part.view.terms.document, part.dues).items():
            covered = within_agreement(subscription, period)
            if covered is not None:
                readings = freeze(subscription=subscription, period=covered, meters=sorted(meters), at=at)
                found.setdefault(period, []).extend(readings)
    return found


def rated_lines(draft: Draft, spent: Sequence[Line] = ()) -> list[DraftLine]:
    """Rate every part in turn and turn amounts into minor units once."""
    zone = zone_of(draft.slot.subscription.customer)
    return lines_of(draft.parts, draft.quantities, spent, zone, draft.readings)


def lines_of(
    parts: Sequence[Part],
    quantities: Quantities,
    spent: Sequence[Line],
    zone: ZoneInfo,
    readings: Sequence[Reading],
) -> list[DraftLine]:
    """Rate parts, each seeing the lines before it; also used to rate an issued invoice again."""
    found: list[DraftLine] = []
    seen = list(spent)
    for part in parts:
        context = replace(part.view.context, spent=tuple(seen))
        rating = rate(part.view.terms, quantities, part.dues, context)
        seen += rating.lines
        amounts = in_minor([line.amount for line in rating.lines], rating.total, rating.currency)
        for line, amount in zip(rating.lines, amounts, strict=True):
            stored = _stored_line(line, amount, zone, readings)
            found.append(replace(stored, terms_hash=part.view.terms.hash, engine=rating.engine))
    return found


def _stored_line(line: Line, amount: int, zone: ZoneInfo, readings: Sequence[Reading]) -> DraftLine:
    label = with_place(label_of(line.label, line.charge), line.app, line.region)
    used = _sources(line.derivation)
    return DraftLine(
        key=line.key,
        charge=line.charge,
        label=label,
        description=described(label, line.period, zone),
        tags=line.tags,
        credit=line.credit,
        app=line.app,
        region=line.region,
        period=line.period,
        quantity=line.quantity,
        unit=line.unit,
        exact=line.amount,
        amount=amount,
        terms_hash="",
        engine="",
        derivation=to_tree(line.derivation),
        readings=tuple(sorted(reading.pk for reading in readings if reading.public_id in used)),
    )


def _sources(node: Node) -> set[str]:
    """Return the ids of the readings at the leaves of a tree."""
    own = {node.argument["source"]} if node.word == "reading" and "source" in node.argument else set()
    return own.union(*(_sources(child) for child in node.children))
