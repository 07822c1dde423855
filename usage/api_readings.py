"""Readings for programs: what an invoice was rated from, its cells, and the events behind a cell."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans.errors import NotFound
from plans.ratio import plain
from subscriptions.models.keys import Scope
from usage import api_schema_reads as schema_reads
from usage.api_pages import cursor_of, limit_of, page
from usage.api_views import UsageView, principal
from usage.errors import ParameterInvalid
from usage.models import Reading
from usage.parsing_values import Refused, instant
from usage.selectors_raw import (
    RawEvent,
    ReadingCell,
    cells_of,
    dropped_until,
    events_of,
    is_kept,
    period_of,
    reading_of,
)


class ReadingView(UsageView):
    """One reading with its cells: level 2 of an explanation."""

    scopes = {"GET": Scope.USAGE_READ}

    @extend_schema(**schema_reads.READING)
    def get(self, request: Request, public_id: str) -> Response:
        """Answer the frozen figure, what it was made from and its hash; 404 for a stranger's."""
        reading = reading_of(public_id, principal(request).customer_id)
        dropped = dropped_until(reading)
        cells = [
            _cell(n, one, kept=is_kept(one, dropped)) for n, one in enumerate(cells_of(reading), start=1)
        ]
        return Response({**_reading(reading), "cells": cells})


class CellEventsView(UsageView):
    """The raw events of one cell, while they are kept: level 3 of an explanation."""

    scopes = {"GET": Scope.USAGE_READ}

    @extend_schema(**schema_reads.CELL_EVENTS)
    def get(self, request: Request, public_id: str, start: str) -> Response:
        """Answer a page of events in the order of their time; `raw_kept` says whether all are still there."""
        reading = reading_of(public_id, principal(request).customer_id)
        cell = cell_at(reading, start)
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, 2)
        rows = events_of(reading, cell, after=_checked(after), limit=limit + 1)
        body = page(rows, limit, key=lambda row: row.key, shown=_event)
        kept = cell.behind is None and is_kept(cell, dropped_until(reading))
        return Response({**body, "raw_kept": kept})


def cell_at(reading: Reading, start: str) -> ReadingCell:
    """Return a cell by its place `n`, or by when it begins; NotFound where none does."""
    cells = cells_of(reading)
    if start.isascii() and start.isdigit() and len(start) < 8:  # no date is as short
        if not 1 <= int(start) <= len(cells):
            raise NotFound
        return cells[int(start) - 1]
    try:
        wanted = datetime.fromisoformat(start)
    except ValueError:
        raise NotFound from None
    if wanted.tzinfo is None:
        raise NotFound
    found = [cell for cell in cells if cell.period.start == wanted]
    if len(found) > 1:
        raise ParameterInvalid(name="start", reason=_("several cells begin then: use the n of one of them"))
    if not found:
        raise NotFound
    return found[0]


def _checked(key: list[str] | None) -> tuple[str, str] | None:
    """Return the cursor's place; one that no page handed out is refused."""
    if key is None:
        return None
    try:
        instant(key[0], "cursor")
        return key[0], str(UUID(key[1]))
    except (Refused, ValueError):
        raise ParameterInvalid(name="cursor", reason=_("use next_cursor of the page before")) from None


def _reading(reading: Reading) -> dict[str, Any]:
    period = period_of(reading)
    return {
        "id": reading.public_id,
        "meter": reading.meter.code,
        "unit": reading.meter.unit,
        "kind": reading.meter.kind,
        "app": reading.app.code,
        "region": reading.region,
        "start": _iso(period.start),
        "end": _iso(period.end),
        "revision": reading.revision,
        "value": plain(reading.value),
        "hash": reading.manifest_hash,
        "manifest": reading.manifest,
        "frozen_at": _iso(reading.frozen_at),
    }


def _cell(n: int, cell: ReadingCell, *, kept: bool) -> dict[str, Any]:
    rollup = None if cell.rollup is None else {"id": cell.rollup[0], "revision": cell.rollup[1]}
    return {
        "n": n,
        "start": _iso(cell.period.start),
        "end": _iso(cell.period.end),
        "attributes": dict(cell.attributes),
        "spans": [[_iso(span.start), _iso(span.end)] for span in cell.spans],
        "value": plain(cell.value),
        "rollup": rollup,
        "raw_kept": kept and cell.behind is None,
        "report": None if cell.behind is None else dict(cell.behind),
    }


def _event(event: RawEvent) -> dict[str, Any]:
    return {
        "time": _iso(event.occurred_at),
        "value": plain(event.value),
        "digest": event.digest,
        "user_digest": event.user_digest,
        "region": event.region,
        "attributes": dict(event.attributes),
        "batch": event.batch,
        "received_at": _iso(event.received_at),
    }


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
