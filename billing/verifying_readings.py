"""Levels 2 and 3 of a proof: readings against their hash, their roll-ups and the raw events behind them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from billing.derivation import plain
from usage.models import Reading
from usage.selectors_raw import (
    ReadingCell,
    RollupCheck,
    adds_up,
    dropped_until,
    hash_fits,
    is_kept,
    recountable,
    recounted,
    rollup_checks,
)

Level = Literal["document", "terms", "derivation", "lines", "readings", "roll-ups", "raw events"]


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit, and at which level it was altered."""

    level: Level
    said: str

    def __str__(self) -> str:
        return f"{self.level}: {self.said}"


@dataclass(slots=True)
class RawProof:
    """How much of the readings could be counted again."""

    faults: list[Fault] = field(default_factory=list)
    cells: int = 0
    recounted: int = 0


def reading_faults(readings: Iterable[Reading]) -> dict[int, Fault]:
    """Return the readings (by key) that are not what was frozen."""
    found = {}
    for one in readings:
        if not hash_fits(one):
            said = f"reading {one.public_id} does not match the hash of its manifest"
            found[one.pk] = Fault("readings", said)
        elif not adds_up(one):
            said = f"reading {one.public_id} is not what its cells come to"
            found[one.pk] = Fault("readings", said)
    return found


def raw_proof(readings: Iterable[Reading]) -> RawProof:
    """Count readings again from the raw events that are kept."""
    found = RawProof()
    for one in readings:
        cells = recountable(one)
        dropped = dropped_until(one)
        kept = [cell for cell in cells if is_kept(cell, dropped)]
        found.cells += max(len(cells), 1)
        found.recounted += len(kept)
        if kept:
            found.faults += _recounted_faults(one, kept)
    return found


def _recounted_faults(reading: Reading, cells: list[ReadingCell]) -> Iterator[Fault]:
    """Reading, roll-up and events say what a cell is; the one that stands alone was altered."""
    events, rollups = recounted(reading, cells), rollup_checks(reading)
    for cell in cells:
        counted = events.get(cell.period.start, Decimal(0))
        rollup = rollups.get(cell.rollup[0]) if cell.rollup else None
        if counted != cell.value:
            yield _odd(reading, cell.period.start, cell.value, counted, rollup)
        elif rollup is not None and rollup.says != rollup.events_say:
            said = f"the roll-up of {_when(rollup.start)} behind reading {reading.public_id}"
            yield Fault(
                "roll-ups", f"{said} says {plain(rollup.says)}, its events {plain(rollup.events_say)}"
            )


def _odd(
    reading: Reading, start: datetime, says: Decimal, counted: Decimal, rollup: RollupCheck | None
) -> Fault:
    agree = rollup is not None and rollup.says == rollup.events_say
    if agree:  # roll-up and events agree with each other: the reading does not
        said = (
            f"reading {reading.public_id} says {plain(says)} for {_when(start)}, its events {plain(counted)}"
        )
        return Fault("readings", said)
    said = f"the events of {_when(start)} give {plain(counted)}, reading {reading.public_id} {plain(says)}"
    return Fault("raw events", said)


def _when(start: datetime) -> str:
    return start.isoformat()
