"""Below a line's derivation: the readings it was rated from, and the raw events behind a reading's cells."""

import re
from datetime import datetime
from decimal import Decimal
from itertools import islice

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from billing import selectors
from billing.audit.pack import kit_name, kit_zip
from billing.explain import names_for
from billing.explain_words import Reader, attribute
from billing.models import Invoice
from billing.verifying import readings_behind, worth_behind
from plans.errors import NotFound
from plans.terms_attributes import BAND
from subscriptions.portal import MONEY, MemberRequest, member_page
from usage.grain import Worth
from usage.models import Reading
from usage.recounting import asks_for_worth
from usage.selectors_raw import (
    RawEvent,
    ReadingCell,
    cells_of,
    dropped_until,
    events_of,
    hash_fits,
    is_kept,
    is_of_reports,
    period_of,
)

PER_PAGE = 50


SPAN = re.compile(r"\[(\d+),(\d+)\)")  # PostgreSQL writes ranges of whole numbers so


@require_safe
@member_page(*MONEY)
def audit_kit(request: MemberRequest, public_id: str) -> HttpResponse:
    """Hand out everything with which the invoice can be recomputed."""
    invoice = _invoice(request, public_id)
    answer = HttpResponse(kit_zip(invoice), content_type="application/zip")
    answer["Content-Disposition"] = f'attachment; filename="{kit_name(invoice)}"'
    return answer


@require_safe
@member_page(*MONEY)
def reading_detail(request: MemberRequest, public_id: str, reading: str) -> HttpResponse:
    """Level 2: one reading of the invoice with its cells, manifest and hash."""
    invoice = _invoice(request, public_id)
    row = _reading(invoice, reading)
    dropped, names = dropped_until(row), Reader("", names_for(invoice))
    page = {
        "invoice": invoice,
        "reading": row,
        "period": period_of(row),
        "cells": [(cell, _told(cell, names), is_kept(cell, dropped)) for cell in cells_of(row)],
        "told_apart": any(cell.attributes and cell.behind is None for cell in cells_of(row)),
        "of_reports": is_of_reports(row),
        "hash_fits": hash_fits(row),
        "batches": spans_of(row.manifest.get("batches", "")),
    }
    return render(request, "billing/reading_detail.html", page)


@require_safe
@member_page(*MONEY)
def cell_events(request: MemberRequest, public_id: str, reading: str, n: int) -> HttpResponse:
    """Level 3: the raw events of one cell, while they are kept."""
    invoice = _invoice(request, public_id)
    row = _reading(invoice, reading)
    cell = _cell(row, n)
    if cell.behind is not None:  # a report, or an estimate, stands in place of events
        raise Http404
    found = events_of(row, cell, after=_after(request.GET.get("after", "")), limit=PER_PAGE + 1)
    worth = worth_behind(row) if asks_for_worth(row) else None
    page = {
        "invoice": invoice,
        "reading": row,
        "cell": cell,
        "told": _told(cell, Reader("", names_for(invoice))),
        "events": [(one, _event_told(one), _counts(one, worth)) for one in islice(found, PER_PAGE)],
        "has_worth": worth is not None,
        "after": "|".join(found[PER_PAGE - 1].key) if len(found) > PER_PAGE else "",
        "raw_kept": is_kept(cell, dropped_until(row)),
    }
    return render(request, "billing/cell_events.html", page)


def spans_of(text: str) -> str:
    """Return a set of numbers such as `{[3,7),[9,10)}` as people write it: 3–6, 9."""
    found = [(int(low), int(high) - 1) for low, high in SPAN.findall(text)]
    said = [str(low) if low == high else f"{low}\N{EN DASH}{high}" for low, high in found]
    return ", ".join(said) or "–"


def _invoice(request: MemberRequest, public_id: str) -> Invoice:
    try:
        return selectors.invoice_of(request.visit.customer, public_id)
    except NotFound:
        raise Http404 from None


def _reading(invoice: Invoice, public_id: str) -> Reading:
    """Return a reading the invoice was rated from; 404 for any other."""
    for row in readings_behind(invoice, selectors.invoice_lines(invoice)):
        if row.public_id == public_id:
            return row
    raise Http404


def _cell(reading: Reading, n: int) -> ReadingCell:
    """Return the n-th cell, counted from 1."""
    cells = cells_of(reading)
    if not 1 <= n <= len(cells):
        raise Http404
    return cells[n - 1]


def _told(cell: ReadingCell, names: Reader) -> list[str]:
    """Return what a cell is told apart by, in words; an attribute its events do not say stands empty."""
    said = {**dict.fromkeys(name for name, _text in cell.told), **dict(cell.attributes)}
    return [
        _written(name, names.band(text) if name == BAND and text else text or "–")
        for name, text in sorted(said.items())
    ]


def _event_told(event: RawEvent) -> list[str]:
    region = (("region", event.region),) if event.region else ()
    return [_written(name, text) for name, text in (*region, *event.attributes)]


def _written(name: str, text: str) -> str:
    return _("%(place)s: %(text)s") % {"place": attribute(name), "text": text}


def _counts(event: RawEvent, worth: Worth | None) -> Decimal:
    """Return what an event counts in its cell: its value, or what the terms say it is worth."""
    told = {"region": event.region, **dict(event.attributes)}
    return event.value if worth is None else worth(event.value, told)


def _after(text: str) -> tuple[str, str] | None:
    """Return the place a link of the page before named; anything else begins at the top."""
    at, _bar, key = text.partition("|")
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return None
    is_digest = len(key) == 36 and all(mark in "0123456789abcdef-" for mark in key)
    return (at, key) if is_digest else None
