"""Levels 2 and 3 of a proof: readings against their hash, their roll-ups and the raw events behind them."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from plans.ratio import plain
from usage.grain import Attributes, Worth
from usage.models import Reading
from usage.recounting import RollupCheck, asks_for_worth, recountable, recounted, rollup_checks, users_again
from usage.recounting_reports import report_checks
from usage.selectors_raw import (
    Place,
    ReadingCell,
    adds_up,
    cells_of,
    dropped_until,
    hash_fits,
    is_kept,
    is_of_reports,
    is_told_apart,
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
    reported: int = 0  # cells whose raw side is a report, not events
    estimated: int = 0  # cells with nothing behind them but a policy


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


Worths = Callable[[Reading], Worth | None]  # the rule that a reading's manifest names


def raw_proof(readings: Iterable[Reading], worths: Worths) -> RawProof:
    """Count readings again from the raw events that are kept.

    What events are worth is counted by the terms the reading names; where those are not known any more,
    its cells stand by themselves.
    """
    found = RawProof()
    for one in readings:
        if is_of_reports(one):
            _add_reports(found, one)
            continue
        cells = recountable(one)
        dropped = dropped_until(one)
        worth = worths(one) if asks_for_worth(one) else None
        known = worth is not None or not asks_for_worth(one)
        kept = [cell for cell in cells if known and is_kept(cell, dropped)]
        found.cells += len(cells)
        found.recounted += len(kept)
        if kept:
            found.faults += _recounted_faults(one, kept, worth, all_kept=len(kept) == len(cells))
    return found


def _add_reports(found: RawProof, reading: Reading) -> None:
    """Compare with the reports that the reading names: they are the raw side, no events are."""
    checks = list(report_checks(reading))
    found.reported += len(checks)
    found.estimated += sum(cell.is_estimate for cell in cells_of(reading))
    for one in checks:
        where = _cell(one.cell.period.start, ())
        if not one.fits:
            report = one.report
            what = (
                "there is no such report" if report is None else f"its report {report} {plain(report.value)}"
            )
            said = f"reading {reading.public_id} says {plain(one.cell.value)} for {where}, {what}"
            found.faults.append(Fault("raw events", said))
        elif one.odd_rollup is not None:
            start, says, report_says = one.odd_rollup
            told = f"the roll-up of {_when(start)} behind reading {reading.public_id}"
            found.faults.append(
                Fault("roll-ups", f"{told} says {plain(says)}, its report {plain(report_says)}")
            )


def _recounted_faults(
    reading: Reading, cells: list[ReadingCell], worth: Worth | None, *, all_kept: bool
) -> Iterator[Fault]:
    """Reading, roll-up and events say what a cell is; the one that stands alone was altered."""
    events, rollups = recounted(reading, cells, worth), rollup_checks(reading)
    if all_kept:
        yield from _whole_faults(reading, cells, events)
    for cell in cells:
        counted = events.get(cell.place, Decimal(0))
        rollup = rollups.get(cell.rollup[0]) if cell.rollup else None
        if counted != cell.value:
            yield _odd(reading, cell, counted, rollup)
        elif rollup is not None and rollup.says != rollup.events_say:
            said = f"the roll-up of {_when(rollup.start)} behind reading {reading.public_id}"
            yield Fault(
                "roll-ups", f"{said} says {plain(rollup.says)}, its events {plain(rollup.events_say)}"
            )


def _whole_faults(
    reading: Reading, cells: list[ReadingCell], events: dict[Place, Decimal]
) -> Iterator[Fault]:
    """Events of no cell, and distinct users of all cells together, of whom one may be in several."""
    known = {cell.place for cell in cells}
    for place, counted in events.items():
        if counted and place not in known:
            said = (
                f"the events of {_cell(*place)} give {plain(counted)}, reading {reading.public_id} has none"
            )
            yield Fault("raw events", said)
    if is_told_apart(reading) and (users := users_again(reading)) != reading.value:
        said = f"the events have {plain(users)} users, reading {reading.public_id} {plain(reading.value)}"
        yield Fault("raw events", said)


def _odd(reading: Reading, cell: ReadingCell, counted: Decimal, rollup: RollupCheck | None) -> Fault:
    agree = rollup is not None and rollup.says == rollup.events_say
    says, where = cell.value, _cell(*cell.place)
    if agree:  # roll-up and events agree with each other: the reading does not
        said = f"reading {reading.public_id} says {plain(says)} for {where}, its events {plain(counted)}"
        return Fault("readings", said)
    said = f"the events of {where} give {plain(counted)}, reading {reading.public_id} {plain(says)}"
    return Fault("raw events", said)


def _cell(start: datetime, attributes: Attributes) -> str:
    return " ".join([_when(start), *(f"{name}={text}" for name, text in attributes)])


def _when(start: datetime) -> str:
    return start.isoformat()
