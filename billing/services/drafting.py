"""From a subscription and an edge to the lines of one invoice; nothing of billing's is written here."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.cadence import Cadence
from billing.derivation import Node, to_tree
from billing.drawing import Packs, packs_after
from billing.dues import span_of
from billing.errors import NegativeInvoice
from billing.models import InvoiceKind, LineKind
from billing.previews import in_minor
from billing.rating import rate
from billing.selectors_due import Part, parts_at, windows_of
from billing.selectors_gather import Frozen, billable, calendar_of, observed
from billing.values import Draw, Line, Quantities
from billing.wording import described, label_of, with_place
from billing.wording_estimates import with_estimates
from plans.timespan import Period
from subscriptions.models import Subscription
from subscriptions.selectors import zone_of
from usage.models import Reading
from usage.services import freeze, revise

__all__ = ["Draft", "DraftLine", "Part", "Slot", "billable", "drafted", "rated_lines"]

TAX = "tax"  # the tag by which a charge says that it is a tax: due last, over what is left after credits


@dataclass(frozen=True, slots=True)
class Slot:
    """One invoice that has to exist: what falls due at an edge of a subscription (its anchor: the start)."""

    subscription: Subscription
    kind: InvoiceKind
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
    draws: tuple[Draw, ...] = ()  # from packs that the customer holds


@dataclass(slots=True)
class Draft:
    """One invoice before it is a row."""

    slot: Slot
    span: Period
    lines: list[DraftLine]
    parts: list[Part] = field(default_factory=list)
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


def drafted(slot: Slot, *, packs: Packs | None = None, at: datetime) -> Draft:
    """Freeze what the slot counts, rate it, and return the draft; NegativeInvoice below zero."""
    parts = parts_at(slot.subscription, slot.edge, packs)
    frozen = _frozen(slot.subscription, parts, at=at)
    quantities = observed(frozen, zone_of(slot.subscription.customer))
    dues = [due for part in parts for due in part.dues]
    draft = Draft(slot, span_of(dues) if dues else _whole(slot), [], parts, quantities, frozen)
    draft.lines = rated_lines(draft)
    if draft.total < 0:
        raise NegativeInvoice(total=draft.total)
    return draft


def _whole(slot: Slot) -> Period:
    """Return the span of an invoice on which nothing is due: the agreement's month that ended or begins."""
    months, calendar = Cadence("month", "anniversary"), calendar_of(slot.subscription)
    if slot.edge <= calendar.anchor:
        return months.period(calendar, slot.edge)
    return months.before(calendar, slot.edge)


def _frozen(
    subscription: Subscription, parts: Sequence[Part], *, at: datetime
) -> dict[Period, list[Reading]]:
    """Return the readings of every window; an earlier one as it is by now, as late usage is billed apart."""
    found: dict[Period, list[Reading]] = {}
    for one in windows_of(subscription, parts):
        readings = freeze(
            subscription=subscription, period=one.covered, meters=one.meters, at=at, grains=one.grains
        )
        if one.is_earlier:
            readings = revise(
                subscription=subscription, period=one.covered, meters=one.meters, at=at, grains=one.grains
            )
        found.setdefault(one.period, []).extend(readings)
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
    seen, draws = list(spent), list[Draw]()
    for part in parts:
        context = replace(
            part.view.context, spent=tuple(seen), packs=packs_after(part.view.context.packs, draws)
        )
        rating = rate(part.view.terms, quantities, part.dues, context)
        seen += rating.lines
        draws += rating.draws
        amounts = in_minor([line.amount for line in rating.lines], rating.total, rating.currency)
        for line, amount in zip(rating.lines, amounts, strict=True):
            stored = _stored_line(line, amount, zone, readings)
            own = tuple(draw for draw in rating.draws if draw.line == line.key and draw.holding)
            found.append(replace(stored, terms_hash=part.view.terms.hash, engine=rating.engine, draws=own))
    return found


def _stored_line(line: Line, amount: int, zone: ZoneInfo, readings: Sequence[Reading]) -> DraftLine:
    label = with_place(label_of(line.label, line.charge), line.app, line.region)
    used = _sources(line.derivation)
    return DraftLine(
        key=line.key,
        charge=line.charge,
        label=label,
        description=with_estimates(described(label, line.period, zone), line.derivation, zone),
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
