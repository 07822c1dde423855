"""Reprocessing: cells of some days counted again from their events, with a reason, within bounds."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from django.db import transaction

from plans.actor import Actor
from plans.models import Meter
from plans.models.meters import MeterSource
from plans.timespan import MICROSECOND, Period, local_midnight
from subscriptions.models import App
from subscriptions.selectors import zone_of
from usage.dropped import dropped_days, last_dropped
from usage.errors_corrections import DaysDropped, TooManyCells
from usage.locks import share_partitions
from usage.models import DirtyCell, UsageRollup
from usage.models.cells import Grain

MOST_CELLS = 5_000  # of one request; each is counted in a transaction of its own
DAY = timedelta(days=1)


@transaction.atomic
def reprocess(
    apps: Sequence[App], meter: Meter | None, first: date, last: date, *, reason: str, at: datetime, by: Actor
) -> int:
    """Mark the cells of local days first to last; the next roll-up counts them again. Return how many.

    Raises TooManyCells, or DaysDropped where raw events of these days are no longer kept.
    """
    meters = [meter] if meter is not None else list(Meter.objects.filter(source=MeterSource.EVENTS))
    days = max((last - first).days + 1, 0)
    wanted = len(apps) * len(meters) * days
    if wanted > MOST_CELLS:
        raise TooManyCells(cells=wanted, most=MOST_CELLS)
    share_partitions()
    cells = [(app, cell) for app in apps for cell in _cells(app, first, days)]
    if cells and (gone := last_dropped(min(c.start for _a, c in cells), max(c.end for _a, c in cells))):
        raise DaysDropped(day=gone.isoformat())
    rows = [
        DirtyCell(
            app=app,
            meter=one,
            cell_start=cell.start,
            cell_end=cell.end,
            reason=reason[:200],
            by=by.id,
            marked_at=at,
        )
        for app, cell in cells
        for one in meters
    ]
    DirtyCell.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def _cells(app: App, first: date, days: int) -> list[Period]:
    zone = zone_of(app.customer)
    edges = [local_midnight(first + n * DAY, zone) for n in range(days + 1)]
    return [Period(start, end) for start, end in pairwise(edges) if start < end]


@transaction.atomic
def recount(cells: Sequence[UsageRollup], *, reason: str, at: datetime, by: Actor) -> int:
    """Mark these cells; the next roll-up counts them again. Return how many; regions are one cell together.

    Cells of reports are left out: no event is behind them. Raises TooManyCells, or DaysDropped where raw
    events of one of them are no longer kept; then none is marked.
    """
    chosen = {
        (one.app_id, one.meter_id, one.cell_start, one.cell_end)
        for one in cells
        if one.report_id is None and one.grain == Grain.DAY
    }
    if len(chosen) > MOST_CELLS:
        raise TooManyCells(cells=len(chosen), most=MOST_CELLS)
    share_partitions()
    days = {day for _app, _meter, start, end in chosen for day in utc_days(start, end)}
    if gone := dropped_days(days):
        raise DaysDropped(day=max(gone).isoformat())
    rows = [
        DirtyCell(
            app_id=app, meter_id=meter, cell_start=start, cell_end=end,
            reason=reason[:200], by=by.id, marked_at=at,
        )
        for app, meter, start, end in sorted(chosen)
    ]  # fmt: skip
    DirtyCell.objects.bulk_create(rows, ignore_conflicts=True, batch_size=1000)
    return len(rows)


def utc_days(start: datetime, end: datetime) -> list[date]:
    """Return the UTC days, whose events are kept or dropped as a whole, that [start, end) touches."""
    first, last = start.astimezone(UTC).date(), (end - MICROSECOND).astimezone(UTC).date()
    return [first + n * DAY for n in range((last - first).days + 1)]
