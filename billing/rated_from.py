"""What an invoice was rated from, stored with it: terms by hash, context, dues and readings.

With this it can be rated again at any time, to prove it or to find what late usage changes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from billing.derivation import Node
from billing.drawing import Packs
from billing.models import Invoice, InvoiceLine, LineKind
from billing.selectors_due import Part
from billing.selectors_gather import Frozen, Standpoint
from billing.services.drafting import TAX, Draft
from billing.values import Context, Due, Line, Pack
from plans.models import PlanVersion
from plans.ratio import plain, read
from plans.selectors import terms_of
from plans.terms import Terms
from plans.timespan import Period
from usage.models import Reading


def stored_inputs(draft: Draft) -> dict[str, Any]:
    """Return what the draft was rated from, for a JSON column."""
    found: dict[str, Any] = {
        "parts": [_part(part) for part in draft.parts],
        "readings": stored_readings(draft.frozen),
    }
    if draft.corrected:
        found["late"] = draft.corrected
    return found


def _part(part: Part) -> dict[str, Any]:
    context = part.view.context
    return {
        "terms": part.view.terms.hash,
        "context": {
            "zone": context.zone,
            "labels": dict(context.labels),
            "facts": {name: plain(value) for name, value in context.facts.items()},
            "options": {name: plain(value) for name, value in context.options.items()},
            **({"packs": stored_packs(context.packs)} if context.packs else {}),
            **({} if context.anchor is None else {"anchor": context.anchor.isoformat()}),
        },
        "dues": [_said(due) for due in part.dues],
    }


def _said(due: Due) -> list[Any]:
    """Return charge, start, end and, where only parts of the period are covered, those."""
    spans = [[_span(span) for span in due.spans]] if due.spans else []
    return [due.charge, *_span(due.period), *spans]


def stored_packs(packs: Packs) -> dict[str, list[list[str]]]:
    """Return (holding, left, end, purchase) of the packs in each pool, as they were."""
    return {
        pool: [[one.holding, plain(one.left), _instant(one.expires), _instant(one.bought)] for one in held]
        for pool, held in packs.items()
    }


def packs_of(stored: Mapping[str, Iterable[Sequence[str]]]) -> dict[str, list[Pack]]:
    """Return stored packs as values."""
    return {pool: [_pack(*row) for row in rows] for pool, rows in stored.items()}


def _pack(holding: str, left: str, expires: str, bought: str) -> Pack:
    ends, begins = (datetime.fromisoformat(text) if text else None for text in (expires, bought))
    return Pack(holding, read(left), ends, begins)


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.isoformat()


def _span(period: Period) -> list[str]:
    return [period.start.isoformat(), period.end.isoformat()]


def stored_readings(frozen: Frozen) -> list[list[Any]]:
    """Return (start, end, ids) of the readings behind each period."""
    return [[*_span(period), [row.pk for row in rows]] for period, rows in frozen.items()]


def parts_of(inputs: Mapping[str, Any], terms: Callable[[str], Terms] | None = None) -> list[Part]:
    """Return the dues with their terms and context; LookupError where no version has the terms.

    `terms` gives the terms of a hash where many invoices are read at once; else each is looked up.
    """
    find = terms or _terms
    return [Part(_standpoint(part, find), [_due(*due) for due in part["dues"]]) for part in inputs["parts"]]


def _standpoint(part: Mapping[str, Any], find: Callable[[str], Terms]) -> Standpoint:
    said = part["context"]
    facts, options = ({n: read(v) for n, v in said[kind].items()} for kind in ("facts", "options"))
    context = Context(
        zone=said["zone"],
        facts=facts,
        labels=said["labels"],
        options=options,
        packs=packs_of(said.get("packs", {})),
        anchor=datetime.fromisoformat(said["anchor"]) if "anchor" in said else None,
    )
    return Standpoint(find(part["terms"]), context)


def _terms(terms_hash: str) -> Terms:
    version = PlanVersion.objects.filter(terms_hash=terms_hash).order_by("pk").first()
    if version is None:
        raise LookupError(f"no plan version has the terms {terms_hash}")
    return terms_of(version)


def _period(start: str, end: str) -> Period:
    return Period(datetime.fromisoformat(start), datetime.fromisoformat(end))


def _due(charge: str, start: str, end: str, spans: Sequence[tuple[str, str]] = ()) -> Due:
    return Due(charge, _period(start, end), tuple(_period(*span) for span in spans))


def frozen_of(
    stored: Iterable[tuple[str, str, list[int]]], known: Mapping[int, Reading] | None = None
) -> dict[Period, list[Reading]]:
    """Return the readings behind each period, in one query; none where they are `known` already."""
    rows = list(stored)
    if known is None:
        known = readings_by_id(pk for _start, _end, pks in rows for pk in pks)
    return {_period(start, end): [known[pk] for pk in pks if pk in known] for start, end, pks in rows}


def readings_by_id(ids: Iterable[int]) -> dict[int, Reading]:
    """Return readings with meter and app by their id, in one query."""
    return Reading.objects.select_related("meter", "app").in_bulk(set(ids))


def spent_of(invoice: Invoice) -> list[Line]:
    """Return the drawn credits that the invoice's taxes were rated with."""
    lines = list(invoice.lines.order_by("position"))
    if not any(line.kind == LineKind.CHARGE and TAX in line.tags for line in lines):
        return []
    return [_spent(line) for line in lines if line.kind == LineKind.SLA_CREDIT]


def _spent(line: InvoiceLine) -> Line:
    leaf = Node("line", line.exact_amount, argument={"key": line.line_key})
    return Line(
        line.line_key, line.charge, line.label, tuple(line.tags), line.is_credit, "", "",
        line.service_period, None, "", line.exact_amount, leaf,
    )  # fmt: skip
