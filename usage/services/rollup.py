"""Folding what came in, and recomputing what was corrected."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from django.db import connection, transaction

from plans.actor import Actor
from plans.models import Meter
from plans.timespan import Period
from subscriptions.models import App
from usage import correcting, folding
from usage.dropped import countable, last_dropped
from usage.errors_retention import CellIsFinal
from usage.locks import lock_folding, share_folding, share_partitions, try_turn_to_fold
from usage.models import DirtyCell

PASS_EVENTS = 500_000  # bounds a pass to about a second and one transaction
BACKLOG = 2 * PASS_EVENTS  # from here on two passes run side by side
MOST_DIRTY = 100
A_TURN = timedelta(seconds=20)  # a steady stream would keep a worker's process for ever


@transaction.atomic
def roll_up(limit: int = PASS_EVENTS) -> int:
    """Fold one pass of pending batches into their cells; return how many batches that was.

    The cells and the batches' `done` commit together, so a batch is counted once however often, and
    however many at a time, this runs.
    """
    share_folding()
    claimed = folding.claim(limit)
    if claimed is None:
        return 0
    folding.fold(claimed)
    folding.mark_done(claimed.ids)
    return len(claimed.ids)


def roll_up_all() -> int:
    """Recompute dirty cells, then fold until nothing is pending; return how many batches were folded.

    Corrections are folded after the events that they concern.
    """
    rebuild_dirty()
    total = _fold_backlog()
    while folded := roll_up() or fold_corrections():
        total += folded
    return total


def _fold_backlog() -> int:
    """Fold a large backlog on two connections, as a statement that writes cells runs on one core only.

    Each claims batches that the other has not. Both write cells in one order, so they wait for each other at
    the cells of a day they share, and go on.
    """
    if connection.in_atomic_block or folding.waiting(BACKLOG // 100) < BACKLOG:
        return 0
    with ThreadPoolExecutor(max_workers=1) as pool:
        beside = pool.submit(_fold_beside)
        total = _fold_all()
    return total + beside.result()


def _fold_all() -> int:
    total = 0
    while folded := roll_up():
        total += folded
    return total


def _fold_beside() -> int:
    try:
        return _fold_all()
    finally:
        connection.close()


def roll_up_in_turn(turn: timedelta = A_TURN) -> int:
    """Do the same for a ring of the schedule: one process at a time, and no longer than its turn.

    While events keep coming something is always pending: without an end, and without the others standing
    back, rings would take a worker's processes from everything else. What is left waits for the next ring.
    """
    rebuild_dirty()
    ends = time.monotonic() + turn.total_seconds()
    total = 0
    while time.monotonic() < ends and (folded := _roll_up_alone() + fold_corrections()):
        total += folded
    return total


@transaction.atomic
def _roll_up_alone() -> int:
    """Fold one pass unless another process is at it."""
    return roll_up() if try_turn_to_fold() else 0


def fold_corrections() -> int:
    """Fold the corrections of one app's day, if any wait whose events are folded; return how many batches."""
    return _fold_corrections() if correcting.is_waiting() else 0


@transaction.atomic
def _fold_corrections() -> int:
    lock_folding()
    ids = correcting.claim()
    if ids:
        correcting.fold(ids)
    return len(ids)


@transaction.atomic
def mark_dirty(
    *, app: App, meter: Meter, instant: datetime, reason: str, at: datetime, by: Actor
) -> DirtyCell:
    """Ask for the cell that holds `instant` to be recomputed; asking twice is once.

    Raises CellIsFinal where raw events of its day are no longer kept: nothing is there to count again.
    """
    share_partitions()
    cell = correcting.cell_at(app, instant)
    if gone := last_dropped(cell.start, cell.end):
        raise CellIsFinal(day=gone.isoformat())
    dirty, _created = DirtyCell.objects.get_or_create(
        app=app,
        meter=meter,
        cell_start=cell.start,
        defaults={"cell_end": cell.end, "reason": reason, "by": by.id, "marked_at": at},
    )
    return dirty


def rebuild_dirty() -> int:
    """Recompute the cells marked dirty; return how many. Those of dropped days wait for a person."""
    waiting = countable().order_by("pk").values_list("pk", flat=True)[:MOST_DIRTY]
    return sum(rebuild_cell(pk) for pk in list(waiting))


@transaction.atomic
def rebuild_cell(pk: int) -> bool:
    """Recompute one dirty cell from its events and assign it; False if another worker was faster.

    One of a dropped day, however it was marked, is left as it is: it would come to nothing.

    No fold runs meanwhile: one that had read its batches but not yet added them would be overwritten.
    """
    lock_folding()
    dirty = countable().select_related("app__customer").filter(pk=pk).first()
    if dirty is None:
        return False
    cell = Period(dirty.cell_start, dirty.cell_end)
    correcting.count_again(dirty.app, dirty.meter_id, cell, correcting.Why(dirty.reason, dirty.by))
    dirty.delete()
    return True
