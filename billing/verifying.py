"""Derive an issued invoice again from what is stored: trees, readings, terms, sums and its own hash."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from billing.adjusting import differences, rated_again
from billing.content import content_hash
from billing.derivation import DerivationMismatch, Node, from_tree, plain, reevaluate
from billing.models import Invoice, InvoiceLine, LineKind
from billing.rated_from import frozen_of, packs_of
from billing.services.drafting import DraftLine
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.money import exact, from_minor
from usage.models import Reading

STORED_PLACE = Decimal("0.000000000001")


def faults_of(invoice: Invoice) -> list[str]:
    """Return what does not fit, in words for staff; empty when the document proves itself."""
    lines = list(invoice.lines.order_by("position"))
    found = [fault for line in lines for fault in _line_faults(line)]
    if sum(line.amount for line in lines) != invoice.total:
        found.append("the lines do not add up to the total")
    if content_hash(invoice, lines) != invoice.content_hash:
        found.append("the content hash does not match")
    found += _rounding_faults(invoice, lines)
    found += _rating_faults(invoice, lines)
    return [*found, *_terms_faults(lines)]


def _line_faults(line: InvoiceLine) -> Iterator[str]:
    tree = from_tree(line.derivation)
    try:
        value = reevaluate(tree)
    except DerivationMismatch as error:
        yield f"line {line.position}: {error}"
        return
    if abs(value - line.exact_amount) * 2 > STORED_PLACE:  # the column keeps twelve places
        yield f"line {line.position}: its tree gives {plain(value)}, not {plain(line.exact_amount)}"
    yield from _reading_faults(line, tree)


def _reading_faults(line: InvoiceLine, tree: Node) -> Iterator[str]:
    """Compare every leaf with the frozen reading it names."""
    readings = {row.public_id: row for row in Reading.objects.filter(pk__in=line.reading_ids)}
    for leaf in _leaves(tree):
        row = readings.get(leaf.argument.get("source", ""))
        if row is None or row.manifest_hash != leaf.argument["hash"]:
            yield f"line {line.position}: no reading {leaf.argument.get('source')} with that hash"
        elif leaf.output not in _values(row, leaf):
            yield f"line {line.position}: reading {row.public_id} does not say {plain(leaf.output)}"


def _leaves(node: Node) -> Iterator[Node]:
    if node.word == "reading":
        yield node
    for child in node.children:
        yield from _leaves(child)


def _values(row: Reading, leaf: Node) -> list[Decimal]:
    at = leaf.argument.get("at")
    told = [cell for cell in row.cells if cell.get("attributes", {}).items() <= leaf.argument.items()]
    if at is None:
        parts = [Decimal(cell["value"]) for cell in told if "attributes" in cell]
        return parts or [row.value]
    start = datetime.fromisoformat(at)
    return [Decimal(cell["value"]) for cell in told if datetime.fromisoformat(cell["start"]) == start]


def _rounding_faults(invoice: Invoice, lines: list[InvoiceLine]) -> list[str]:
    """The charges' exact sum and their minor units differ by less than one minor unit per terms."""
    charged = [line for line in lines if line.kind == LineKind.CHARGE]
    with exact():
        off = sum((line.exact_amount for line in charged), Decimal(0)) - from_minor(
            sum(line.amount for line in charged), invoice.currency
        )
        step = from_minor(max(len({line.terms_hash for line in charged}), 1), invoice.currency)
    return ["the exact amounts are not what was rounded"] if abs(off) >= step else []


def _rating_faults(invoice: Invoice, lines: list[InvoiceLine]) -> list[str]:
    """Rate again from the stored inputs and the frozen readings: the same keys, the same amounts."""
    if not invoice.inputs:
        return ["what it was rated from is not stored"]
    try:
        again = {line.key: line.amount for line in _rated(invoice)}
    except (DomainError, LookupError) as error:
        return [f"it cannot be rated again: {error}"]
    billed = {line.line_key: line.amount for line in lines if line.kind != LineKind.SLA_CREDIT}
    return [
        f"{key}: rated again it is {again.get(key)}, billed {billed.get(key)} (minor units)"
        for key in sorted(again.keys() | billed.keys())
        if again.get(key) != billed.get(key)
    ]


def _rated(invoice: Invoice) -> Iterator[DraftLine]:
    yield from rated_again(invoice, frozen_of(invoice.inputs["readings"]))
    for late in invoice.inputs.get("late", []):
        earlier = Invoice.objects.select_related("customer").get(public_id=late["invoice"])
        packs = packs_of(late["packs"]) if "packs" in late else None
        yield from differences(earlier, frozen_of(late["readings"]), late["counted"], packs)


def _terms_faults(lines: list[InvoiceLine]) -> list[str]:
    hashes = {line.terms_hash for line in lines}
    known = set(PlanVersion.objects.filter(terms_hash__in=hashes).values_list("terms_hash", flat=True))
    return [f"no plan version has the terms {one}" for one in sorted(hashes - known)]
