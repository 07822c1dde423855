"""What late usage changes about an issued invoice: rated again, less what its charges were billed at."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.derivation import from_tree, plain
from billing.models import Invoice, InvoiceLine, LineKind
from billing.rated_from import parts_of, spent_of
from billing.selectors_gather import Frozen, observed
from billing.services.drafting import DraftLine, lines_of
from billing.wording import described, late_label
from plans.money import exact
from plans.timespan import Period
from subscriptions.selectors import zone_of
from usage.models import Reading

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


def rated_again(invoice: Invoice, frozen: Frozen) -> list[DraftLine]:
    """Rate an invoice under its own terms and context, with these readings."""
    zone = zone_of(invoice.customer)
    readings = [row for rows in frozen.values() for row in rows]
    parts = parts_of(invoice.inputs)
    return lines_of(parts, observed(frozen, zone), spent_of(invoice), zone, readings)


def counted_adjustments(invoice: Invoice) -> list[int]:
    """Return the ids of the invoices, not void, that adjust this one already."""
    rows = invoice.adjustments.exclude(invoice__status="void").order_by("invoice")
    return list(rows.values_list("invoice", flat=True).distinct())


def billed_amounts(invoice: Invoice, counted: Collection[int]) -> dict[str, int]:
    """Return what each charge of an invoice has been billed at, adjustments included, in minor units."""
    return {key: one.amount for key, one in _billed(invoice, counted).items()}


def differences(invoice: Invoice, frozen: Frozen, counted: Collection[int]) -> list[DraftLine]:
    """Return a line for each charge that these readings change, beyond what is billed and adjusted."""
    zone = zone_of(invoice.customer)
    billed = _billed(invoice, counted)
    found = []
    for line in _all_lines(rated_again(invoice, frozen), billed):
        before = billed.get(line.key)
        amount = line.amount - (before.amount if before else 0)
        known = before.readings if before else frozenset()
        if amount or set(line.readings) - known:
            found.append(_difference(invoice, line, before, amount, zone))
    return found


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
