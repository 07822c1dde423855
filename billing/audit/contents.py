"""What an audit kit holds: the invoice, what it was rated from, and everything behind that, by file name."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.adjusting import billed_amounts, holding
from billing.content import head_of
from billing.models import CreditDraw, Invoice, InvoiceLine, LineKind
from billing.rated_from import packs_of, parts_of, spent_of
from billing.selectors_due import Packs, Part
from billing.sla import figure_of
from billing.values import Context, Due, Line, Pack
from plans.models import PlanVersion
from plans.ratio import plain
from plans.selectors import terms_of
from plans.timespan import Period
from usage.models import Reading

SLA = "sla."


def invoice_file(invoice: Invoice, lines: Iterable[InvoiceLine]) -> dict[str, Any]:
    """Return the document: the head its hash covers, and every line with its derivation."""
    return {
        "id": invoice.public_id,
        "number": invoice.number,
        "currency": invoice.currency,
        "subtotal": invoice.subtotal,
        "total": invoice.total,
        "content_hash": invoice.content_hash,
        "head": head_of(invoice),
        "lines": [_line(line) for line in lines],
    }


def _line(line: InvoiceLine) -> dict[str, Any]:
    return {
        "position": line.position,
        "key": line.line_key,
        "kind": line.kind,
        "label": line.label,
        "description": line.description,
        "amount": line.amount,
        "exact_amount": plain(line.exact_amount),
        "quantity": None if line.quantity is None else plain(line.quantity),
        "unit": line.unit,
        "span": [line.span.lower.isoformat(), line.span.upper.isoformat()],
        "terms_hash": line.terms_hash,
        "inputs_hash": line.inputs_hash,
        "engine": line.engine,
        "reading_ids": list(line.reading_ids),
        "derivation": line.derivation,
    }


def inputs_file(invoice: Invoice, lines: Iterable[InvoiceLine]) -> dict[str, Any]:
    """Return what the invoice was rated from, and what its late lines and credits were."""
    found = _unit(invoice, invoice.inputs.get("readings", []))
    found["late"] = [_late(one) for one in invoice.inputs.get("late", [])]
    found["credits"] = [_credit(line) for line in lines if line.kind == LineKind.SLA_CREDIT]
    return found


def _unit(invoice: Invoice, readings: Iterable[Any], packs: Packs | None = None) -> dict[str, Any]:
    rows = [(start, end, list(ids)) for start, end, ids in readings]
    known = dict(Reading.objects.filter(pk__in=_all(rows)).values_list("pk", "public_id"))
    parts = parts_of(invoice.inputs) if invoice.inputs else []
    if packs is not None:
        parts = [replace(part, view=holding(part.view, packs)) for part in parts]
    return {
        "zone": invoice.customer.billing_zone,
        "parts": [_part(part) for part in parts],
        "readings": [
            {"start": start, "end": end, "readings": [known[pk] for pk in ids]} for start, end, ids in rows
        ],
        "spent": [_spent(line) for line in spent_of(invoice)],
    }


def _all(rows: Iterable[tuple[str, str, list[int]]]) -> set[int]:
    return {pk for _start, _end, ids in rows for pk in ids}


def _late(late: Mapping[str, Any]) -> dict[str, Any]:
    earlier = Invoice.objects.select_related("customer").get(public_id=late["invoice"])
    billed = billed_amounts(earlier, late["counted"])
    head = {"invoice": earlier.public_id, "number": earlier.number, "billed": billed}
    packs = packs_of(late["packs"]) if "packs" in late else None
    return {**head, **_unit(earlier, late["readings"], packs)}


def _part(part: Part) -> dict[str, Any]:
    return {
        "terms": part.view.terms.hash,
        "context": context_said(part.view.context),
        "dues": [_due(due) for due in part.dues],
    }


def context_said(context: Context) -> dict[str, Any]:
    """Return the customer's context; numbers as text."""
    return {
        "zone": context.zone,
        "facts": _plain(context.facts),
        "labels": dict(context.labels),
        "options": _plain(context.options),
        "split": {
            dimension: {value: _mixed(own) for value, own in values.items()}
            for dimension, values in context.split.items()
        },
        "packs": {pool: [_pack(one) for one in rows] for pool, rows in context.packs.items()},
        "anchor": _instant(context.anchor),
    }


def _plain(values: Mapping[str, Decimal]) -> dict[str, str]:
    return {name: plain(value) for name, value in values.items()}


def _mixed(own: Mapping[str, Decimal | str]) -> dict[str, Any]:
    return {
        name: {"label": value} if isinstance(value, str) else {"number": plain(value)}
        for name, value in own.items()
    }


def _pack(pack: Pack) -> dict[str, Any]:
    found = {"holding": pack.holding, "left": plain(pack.left)}
    return found | {"expires": _instant(pack.expires), "bought": _instant(pack.bought)}


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _span(period: Period) -> list[str]:
    return [period.start.isoformat(), period.end.isoformat()]


def _due(due: Due) -> dict[str, Any]:
    return {
        "charge": due.charge,
        "period": _span(due.period),
        "spans": [_span(span) for span in due.spans],
        "at": _instant(due.at),
        "part": due.part,
    }


def _spent(line: Line) -> dict[str, Any]:
    return {
        "key": line.key,
        "charge": line.charge,
        "tags": list(line.tags),
        "scope": {name: value for name, value in (("app", line.app), ("region", line.region)) if value},
        "amount": plain(line.amount),
    }


def _credit(line: InvoiceLine) -> dict[str, Any]:
    """Return how a drawn credit was judged, so that its figure can be rated again."""
    draw = CreditDraw.objects.select_related("credit__assessment").get(line=line)
    row = draw.credit.assessment
    version = PlanVersion.objects.filter(terms_hash=row.terms_hash).order_by("pk").first()
    figure = figure_of(terms_of(version).document, f"{SLA}{row.sla_code}") if version else None
    return {
        "line": line.line_key,
        "drawn": draw.amount,
        "earned": row.amount,
        "currency": row.currency,
        "terms": row.terms_hash,
        "figure": figure or "",
        "window": [row.window.lower.isoformat(), row.window.upper.isoformat()],
        "context": {"zone": line.invoice.customer.billing_zone, "labels": {"currency": row.currency}},
        "parts": [_judged(part) for part in row.parts],
    }


def _judged(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return one app and region; facts and labels are those that its derivation names."""
    facts, labels = {"availability": part["availability"]}, {}
    for node in _nodes(part["derivation"]):
        argument = node.get("argument", {})
        if node["word"] == "fact" and argument["name"] != "fee":
            facts[argument["name"]] = node["output"]
        elif node["word"] == "pick":
            labels[argument["label"]] = argument["case"]
    place = {name: part[name] for name in ("app", "region", "unit", "good", "total", "fee", "amount")}
    return {**place, "facts": facts, "labels": labels}


def _nodes(tree: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    yield tree
    for child in tree.get("children", []):
        yield from _nodes(child)


def terms_hashes(inputs: Mapping[str, Any]) -> set[str]:
    """Return the documents that an inputs file names."""
    units = [inputs, *inputs["late"]]
    found = {part["terms"] for unit in units for part in unit["parts"]}
    return found | {credit["terms"] for credit in inputs["credits"]}
