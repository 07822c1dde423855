"""Derive an issued invoice again from what is stored, at three levels: derivation, readings, raw events.

Level 1: each line's tree re-evaluates from its leaves, the lines rate again from stored terms and readings,
and the document's own hash fits. Level 2: readings are what was frozen. Level 3: readings count again from
the raw events while those are kept. What was altered is named once; what only follows from it is not.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.adjusting import differences, rated_again
from billing.content import content_hash
from billing.derivation import DerivationMismatch, Node, from_tree, reevaluate
from billing.grains import worth_of
from billing.inputs import line_inputs_hash
from billing.models import Invoice, InvoiceLine, LineKind
from billing.rated_from import frozen_of, packs_of
from billing.services.drafting import DraftLine
from billing.verifying_readings import Fault, raw_proof, reading_faults
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.money import exact, from_minor
from plans.ratio import plain, read
from plans.selectors import terms_of
from usage.grain import Worth
from usage.models import Reading

STORED_PLACE = Decimal("0.000000000001")


@dataclass(frozen=True, slots=True)
class Proof:
    """What was derived again, and what did not fit."""

    faults: tuple[Fault, ...]
    lines: int
    readings: int
    cells: int
    recounted: int  # of the cells: whose raw events are still kept
    reported: int = 0  # cells whose raw side is an absolute report
    estimated: int = 0  # cells estimated in place of a missing report

    @property
    def said(self) -> str:
        """How far the proof reached, in words for staff."""
        raw = [f"raw events of {self.recounted} of {self.cells} cells"]
        raw += [f"the raw side of {self.reported} cells is their report"] if self.reported else []
        raw += [f"{self.estimated} cells are estimates"] if self.estimated else []
        return f"derivation of {self.lines} lines, {self.readings} readings, {', '.join(raw)}"


def proof_of(invoice: Invoice) -> Proof:
    """Derive an invoice again at all three levels."""
    lines = list(invoice.lines.order_by("position"))
    readings = readings_behind(invoice, lines)
    bad = reading_faults(readings)
    sound = [one for one in readings if one.pk not in bad]
    raw = raw_proof(sound, worth_behind)
    faults = [*_document_faults(invoice, lines, bad), *raw.faults]
    return Proof(
        tuple(faults), len(lines), len(readings), raw.cells, raw.recounted, raw.reported, raw.estimated
    )


def faults_of(invoice: Invoice) -> list[str]:
    """Return what does not fit in the document and its readings; raw events are not counted again."""
    lines = list(invoice.lines.order_by("position"))
    bad = reading_faults(readings_behind(invoice, lines))
    return [fault.said for fault in _document_faults(invoice, lines, bad)]


def worth_behind(reading: Reading) -> Worth | None:
    """Return what one event of a reading counts, by the terms it names; None where they are gone."""
    rule = reading.manifest["grain"]["rule"]
    version = PlanVersion.objects.filter(terms_hash=rule).order_by("pk").first()
    try:
        return None if version is None else worth_of(terms_of(version), reading.meter.code)
    except DomainError:  # altered terms: level 1 says so
        return None


def readings_behind(invoice: Invoice, lines: Sequence[InvoiceLine]) -> list[Reading]:
    """Return every reading an invoice was rated from, those of late usage included."""
    stored = [invoice.inputs.get("readings", [])]
    stored += [late["readings"] for late in invoice.inputs.get("late", [])]
    ids = {pk for rows in stored for _start, _end, pks in rows for pk in pks}
    ids |= {pk for line in lines for pk in line.reading_ids}
    rows = Reading.objects.filter(pk__in=ids).select_related("meter", "app", "subscription__customer")
    return list(rows.order_by("pk"))


def _document_faults(invoice: Invoice, lines: list[InvoiceLine], bad: dict[int, Fault]) -> list[Fault]:
    """Return the faults of the document; amounts are not rated again from altered readings or terms."""
    found = list(bad.values())
    found += [Fault("derivation", said) for line in lines for said in _line_faults(line, bad)]
    terms = _terms_faults(lines)
    found += terms
    if not bad and not terms:
        found += _rating_faults(invoice, lines)
    if sum(line.amount for line in lines) != invoice.total:
        found.append(Fault("document", "the lines do not add up to the total"))
    found += _rounding_faults(invoice, lines)
    if not found and content_hash(invoice, lines) != invoice.content_hash:
        found.append(Fault("document", "the content hash does not match"))
    return found


def _line_faults(line: InvoiceLine, bad: dict[int, Fault]) -> Iterator[str]:
    tree = from_tree(line.derivation)
    try:
        value = reevaluate(tree)
    except DerivationMismatch as error:
        yield f"line {line.position}: {error}"
        return
    if abs(value - line.exact_amount) * 2 > STORED_PLACE:  # the column keeps twelve places
        yield f"line {line.position}: its tree gives {plain(value)}, not {plain(line.exact_amount)}"
    elif line.inputs_hash and line.inputs_hash != _inputs_of(line):
        yield f"line {line.position}: it is not made from the inputs of its hash"
    yield from _leaf_faults(line, tree, bad)


def _inputs_of(line: InvoiceLine) -> str:
    return line_inputs_hash(line.terms_hash, line.line_key, line.service_period, line.derivation)


def _leaf_faults(line: InvoiceLine, tree: Node, bad: dict[int, Fault]) -> Iterator[str]:
    """Compare every leaf with the frozen reading it names."""
    readings = {row.public_id: row for row in Reading.objects.filter(pk__in=line.reading_ids)}
    for leaf in _leaves(tree):
        row = readings.get(leaf.argument.get("source", ""))
        if row is not None and row.pk in bad:
            continue
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
        parts = [read(cell["value"]) for cell in told if "attributes" in cell]
        return parts or [row.value]
    start = datetime.fromisoformat(at)
    return [read(cell["value"]) for cell in told if datetime.fromisoformat(cell["start"]) == start]


def _rounding_faults(invoice: Invoice, lines: list[InvoiceLine]) -> list[Fault]:
    """The charges' exact sum and their minor units differ by less than one minor unit per terms."""
    charged = [line for line in lines if line.kind == LineKind.CHARGE]
    with exact():
        off = sum((line.exact_amount for line in charged), Decimal(0)) - from_minor(
            sum(line.amount for line in charged), invoice.currency
        )
        step = from_minor(max(len({line.terms_hash for line in charged}), 1), invoice.currency)
    return [Fault("document", "the exact amounts are not what was rounded")] if abs(off) >= step else []


def _rating_faults(invoice: Invoice, lines: list[InvoiceLine]) -> list[Fault]:
    """Rate again from the stored inputs and the frozen readings: the same keys, the same amounts."""
    if not invoice.inputs:
        return [Fault("document", "what it was rated from is not stored")]
    try:
        again = {line.key: line.amount for line in _rated(invoice)}
    except (DomainError, LookupError) as error:
        return [Fault("terms", f"it cannot be rated again: {error}")]
    billed = {line.line_key: line.amount for line in lines if line.kind != LineKind.SLA_CREDIT}
    return [
        Fault("lines", f"{key}: rated again it is {again.get(key)}, billed {billed.get(key)} (minor units)")
        for key in sorted(again.keys() | billed.keys())
        if again.get(key) != billed.get(key)
    ]


def _rated(invoice: Invoice) -> Iterator[DraftLine]:
    yield from rated_again(invoice, frozen_of(invoice.inputs["readings"]))
    for late in invoice.inputs.get("late", []):
        earlier = Invoice.objects.select_related("customer").get(public_id=late["invoice"])
        packs = packs_of(late["packs"]) if "packs" in late else None
        yield from differences(earlier, frozen_of(late["readings"]), late["counted"], packs)


def _terms_faults(lines: list[InvoiceLine]) -> list[Fault]:
    """Every hash on a line is that of a stored version, and the version's document still has it."""
    hashes = {line.terms_hash for line in lines}
    found, known = [], set()
    for version in PlanVersion.objects.filter(terms_hash__in=hashes).order_by("pk"):
        known.add(version.terms_hash)
        try:
            terms_of(version)
        except DomainError as error:
            found.append(Fault("terms", f"{version.terms_hash}: {error}"))
    return [Fault("terms", f"no plan version has the terms {one}") for one in sorted(hashes - known)] + found


__all__ = ["Fault", "Proof", "faults_of", "proof_of", "readings_behind"]
