"""What late usage changes about an issued invoice: rated again, less what its charges were billed at."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from billing.derivation import from_tree
from billing.drawing import Packs, drawn
from billing.models import Invoice, InvoiceLine, LineKind, PackDraw
from billing.rated_from import parts_of, spent_of
from billing.selectors_due import grains_of
from billing.selectors_gather import Frozen, Standpoint, observed
from billing.services.drafting import DraftLine, lines_of
from billing.values import Draw, Pack
from billing.wording import described, late_label
from plans.money import exact
from plans.ratio import plain
from plans.timespan import Period
from subscriptions.selectors import zone_of
from usage.grain import Grain
from usage.models import Reading

ZERO = Decimal(0)
Tree = Mapping[str, Any]
NOTHING: Tree = {"word": "literal", "output": "0"}


@dataclass(slots=True)
class _Billed:
    """What one line of the invoice has come to, adjustments included."""

    label: dict[str, str]
    row: InvoiceLine
    amount: int = 0
    quantity: Decimal | None = None
    tree: Tree = field(default_factory=lambda: NOTHING)
    readings: frozenset[int] = frozenset()
    draws: tuple[Draw, ...] = ()


def rated_again(invoice: Invoice, frozen: Frozen, packs: Packs | None = None) -> list[DraftLine]:
    """Rate an invoice under its own terms and context, with these readings and, where given, these packs."""
    zone = zone_of(invoice.customer)
    readings = [row for rows in frozen.values() for row in rows]
    parts = parts_of(invoice.inputs)
    if packs is not None:
        parts = [replace(part, view=holding(part.view, packs)) for part in parts]
    return lines_of(parts, observed(frozen, zone), spent_of(invoice), zone, readings)


def holding(view: Standpoint, packs: Packs) -> Standpoint:
    """Return a standpoint with these packs, of the pools it had."""
    known = {pool: packs[pool] for pool in view.context.packs if pool in packs}
    return replace(view, context=replace(view.context, packs=known))


def packs_then(invoice: Invoice, counted: Collection[int], left: Packs) -> dict[str, list[Pack]]:
    """Return the packs the invoice may draw from when it is rated again.

    That is what it has drawn itself and what is left of those packs now, never more than there was.
    """
    taken = drawn(draw for draws in _draws_of(invoice, counted).values() for draw in draws)
    now = {pack.holding: pack.left for packs in left.values() for pack in packs}
    found: dict[str, list[Pack]] = {}
    with exact():
        for part in parts_of(invoice.inputs):
            for pool, packs in part.view.context.packs.items():
                found[pool] = [
                    replace(
                        one, left=min(one.left, taken.get(one.holding, ZERO) + now.get(one.holding, ZERO))
                    )
                    for one in packs
                ]
    return {pool: [one for one in packs if one.left > 0] for pool, packs in found.items()}


def grains_then(invoice: Invoice, window: Period, covered: Period) -> dict[str, Grain]:
    """Return how finely a window of an invoice was read."""
    return grains_of(parts_of(invoice.inputs), window, covered, zone_of(invoice.customer))


def _draws_of(invoice: Invoice, counted: Collection[int]) -> dict[str, list[Draw]]:
    """Return what the lines of an invoice and of its counted adjustments drew from packs, by line key."""
    own = Q(line__invoice=invoice, line__kind=LineKind.CHARGE)
    rows = PackDraw.objects.filter(own | Q(line__adjusts=invoice, line__invoice__in=list(counted)))
    found: dict[str, list[Draw]] = {}
    for row in rows.select_related("line", "holding"):
        key = row.line.line_key if row.line.kind == LineKind.CHARGE else row.line.line_key.split("/", 2)[2]
        draw = Draw(row.holding.pool, row.holding.public_id, row.line.charge, row.quantity, key)
        found.setdefault(key, []).append(draw)
    return found


def counted_adjustments(invoice: Invoice) -> list[int]:
    """Return the ids of the invoices, not void, that adjust this one already."""
    rows = invoice.adjustments.exclude(invoice__status="void").order_by("invoice")
    return list(rows.values_list("invoice", flat=True).distinct())


def billed_amounts(invoice: Invoice, counted: Collection[int]) -> dict[str, int]:
    """Return what each charge of an invoice has been billed at, adjustments included, in minor units."""
    return {key: one.amount for key, one in _billed(invoice, counted).items()}


def differences(
    invoice: Invoice, frozen: Frozen, counted: Collection[int], packs: Packs | None = None
) -> list[DraftLine]:
    """Return a line for each charge that these readings change, beyond what is billed and adjusted.

    `packs` are those of `packs_then`; without them, those the invoice was rated with.
    """
    zone = zone_of(invoice.customer)
    billed = _billed(invoice, counted)
    found = []
    for line in _all_lines(rated_again(invoice, frozen, packs), billed):
        before = billed.get(line.key)
        amount = line.amount - (before.amount if before else 0)
        known = before.readings if before else frozenset()
        draws = _more_drawn(line.draws, before.draws if before else ())
        if amount or draws or set(line.readings) - known:
            found.append(replace(_difference(invoice, line, before, amount, zone), draws=draws))
    return found


def _more_drawn(now: Iterable[Draw], before: Iterable[Draw]) -> tuple[Draw, ...]:
    """Return what is drawn beyond what was; below zero: what goes back into the pack."""
    said = {draw.holding: draw for draw in (*before, *now)}
    new, old = drawn(now), drawn(before)
    with exact():
        off = {holding: new.get(holding, ZERO) - old.get(holding, ZERO) for holding in said}
    return tuple(replace(said[holding], quantity=units) for holding, units in off.items() if units)


def _all_lines(fresh: Iterable[DraftLine], billed: Mapping[str, _Billed]) -> Iterator[DraftLine]:
    """Yield the lines rated again; a line that is no longer there comes to nothing."""
    seen = set()
    for line in fresh:
        seen.add(line.key)
        yield line
    for key, one in billed.items():
        if key not in seen:
            yield _gone(key, one)


def _gone(key: str, one: _Billed) -> DraftLine:
    row = one.row
    return DraftLine(
        key, row.charge, one.label, {}, tuple(row.tags), row.is_credit, row.app_code, row.region,
        row.service_period, None, row.unit, Decimal(0), 0, row.terms_hash, row.engine, dict(NOTHING),
    )  # fmt: skip


def _billed(invoice: Invoice, counted: Collection[int]) -> dict[str, _Billed]:
    found: dict[str, _Billed] = {}
    for row in invoice.lines.filter(kind=LineKind.CHARGE).order_by("position"):
        found[row.line_key] = _with(_Billed(row.label, row), row, row.derivation)
    later = invoice.adjustments.filter(invoice__in=counted).order_by("invoice", "position")
    for row in later:
        key = row.line_key.split("/", 2)[2]
        found[key] = _with(found.get(key) or _Billed(row.label, row), row, row.derivation["children"][0])
    for key, draws in _draws_of(invoice, counted).items():
        found[key].draws = tuple(draws)
    return found


def _with(one: _Billed, row: InvoiceLine, tree: Tree) -> _Billed:
    both = [value for value in (one.quantity, row.quantity) if value is not None]
    return _Billed(
        one.label,
        one.row,
        one.amount + row.amount,
        sum(both, Decimal(0)) if both else None,
        tree,
        one.readings | set(row.reading_ids),
    )


def _difference(
    invoice: Invoice, line: DraftLine, before: _Billed | None, amount: int, zone: ZoneInfo
) -> DraftLine:
    """Return the line of a difference: both trees, the new one first."""
    tree = before.tree if before else NOTHING
    with exact():
        off = from_tree(line.derivation).output - from_tree(tree).output
        known = before.quantity if before else None
        quantity = None if line.quantity is None else line.quantity - (known or 0)
    label = late_label(line.label)
    return replace(
        line,
        key=f"late/{invoice.public_id}/{line.key}",
        kind=LineKind.ADJUSTMENT,
        label=label,
        description=described(label, line.period, zone),
        quantity=quantity,
        exact=off,
        amount=amount,
        derivation={
            "word": "adjusted",
            "output": plain(off),
            "argument": {"invoice": invoice.number or invoice.public_id},
            "children": [line.derivation, tree],
        },
        readings=tuple(sorted({*line.readings, *(before.readings if before else ())})),
        adjusts=invoice.pk,
    )


def periods_of(invoice: Invoice) -> set[Period]:
    """Return the periods over which the invoice's readings were frozen."""
    ids = [pk for _start, _end, pks in invoice.inputs.get("readings", []) for pk in pks]
    spans = Reading.objects.filter(pk__in=ids).values_list("period", flat=True).distinct()
    return {Period(span.lower, span.upper) for span in spans}
