"""From a frozen reading down: its cells, the events behind each cell, and what those events come to.

A reading counts the batches in its manifest and nothing else, so what is read here is as fixed as it is,
until retention drops the day's raw events.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from django.db import connection

from plans.errors import NotFound
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.ratio import plain, read
from plans.timespan import MICROSECOND, Period, local_date, local_midnight
from subscriptions.selectors import zone_of
from usage.grain import REGION, Attributes
from usage.measuring import Cell as Measured
from usage.measuring import reduced
from usage.models import Reading
from usage.reported import ESTIMATE
from usage.stored_grain import Stretches, stretches_of
from usage.voids import Seen, counted

DAY = timedelta(days=1)
Place = tuple[datetime, Attributes]  # of a cell in its reading

_EVENTS = """
SELECT v.occurred_at, v.event_key, v.value, v.user_digest, v.region, v.batch_id, v.received_at,
       ARRAY(SELECT v.dims ->> asked.name FROM unnest(%(asked)s::text[]) WITH ORDINALITY AS asked (name, n)
             ORDER BY asked.n)
FROM usage_usageevent v
WHERE v.app_id = %(app)s AND v.meter_id = %(meter)s AND v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
  AND (%(every)s OR v.region = %(region)s) AND v.batch_id <@ %(batches)s::int8multirange /*voids*/
  AND NOT EXISTS (SELECT FROM unnest(%(names)s::text[], %(values)s::text[]) AS told (name, value)
                  WHERE (CASE told.name WHEN 'region' THEN v.region ELSE v.dims ->> told.name END)
                        IS DISTINCT FROM told.value)
  AND (%(starts)s::timestamptz[] IS NULL
       OR EXISTS (SELECT FROM unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS o (start, finish)
                  WHERE v.occurred_at >= o.start AND v.occurred_at < o.finish))
  AND (%(after)s::timestamptz IS NULL
       OR (v.occurred_at, v.event_key) > (%(after)s::timestamptz, %(key)s::uuid))
ORDER BY v.occurred_at, v.event_key LIMIT %(limit)s
"""
# Days that retention says it dropped; and those that surely had events (the first and last of a folded batch)
# and have no partition any more, however that went.
_DROPPED = """
SELECT max(day) FROM (
    SELECT d.day FROM usage_droppedday d WHERE d.day BETWEEN %(first)s AND %(last)s
    UNION ALL SELECT day FROM (
    SELECT unnest(ARRAY[b.day_min, b.day_max]) AS day FROM usage_ingestbatch b
    WHERE b.state = 'done' AND b.app_ids && ARRAY[%(app)s::bigint]
      AND b.day_min <= %(last)s AND b.day_max >= %(first)s
) days WHERE to_regclass('usage_usageevent_' || to_char(day, 'YYYYMMDD')) IS NULL
) gone
"""


@dataclass(frozen=True, slots=True)
class ReadingCell:
    """A part of a reading: from `period.start` on, with the roll-up (id, revision) it was copied from.

    `attributes` tell it apart from other cells of its time; `told` are those an event must have, None for one
    it must not. Users of a band or day are counted in `spans` of the period, if there are any. `behind` names
    the report that stands in place of events, or the estimate in place of a report.
    """

    period: Period
    value: Decimal
    rollup: tuple[int, int] | None
    attributes: Attributes = ()
    told: tuple[tuple[str, str | None], ...] = ()
    spans: tuple[Period, ...] = ()
    behind: Mapping[str, Any] | None = None

    @property
    def is_estimate(self) -> bool:
        """Return whether nothing was reported and a policy said what to take instead."""
        return self.behind is not None and ESTIMATE in self.behind

    @property
    def place(self) -> Place:
        """Return what no other cell of the reading has."""
        return self.period.start, self.attributes


@dataclass(frozen=True, slots=True)
class RawEvent:
    """One event as it is kept: digests stand for the identity and for the user."""

    occurred_at: datetime
    digest: str  # first 128 bits of SHA-256 over (source, id)
    value: Decimal
    user_digest: str  # keyed per app; empty where no user was named
    region: str
    batch: int
    received_at: datetime
    attributes: Attributes = ()  # those the reading was told apart or counted by

    @property
    def key(self) -> list[str]:
        """Return its place in a page."""
        return [self.occurred_at.isoformat(), self.digest]


def reading_of(public_id: str, customer_id: int | None) -> Reading:
    """Return one reading; None = any customer's. NotFound for a stranger's."""
    rows = Reading.objects.select_related("meter", "app", "subscription__customer")
    rows = rows if customer_id is None else rows.filter(customer=customer_id)
    found = rows.filter(public_id=public_id).first() if "\0" not in public_id else None
    if found is None:
        raise NotFound
    return found


def period_of(reading: Reading) -> Period:
    """Return the period of a reading as a value."""
    return Period(reading.period.lower, reading.period.upper)


def cells_of(reading: Reading) -> list[ReadingCell]:
    """Return the cells a reading was made from, earliest first."""
    sources = iter([(int(pk), int(revision)) for pk, revision in reading.manifest.get("cells", [])])
    if is_of_reports(reading):
        return [_reported_cell(reading, cell, behind, sources) for cell, behind in _reported(reading)]
    every = len(reading.manifest.get("cells", [])) == len(reading.cells)
    grain = grain_stored(reading)
    if grain is not None:
        times = stretches_of(grain)
        return [_fine_cell(reading, cell, grain["by"], times) for cell in reading.cells]
    found = []
    for cell in reading.cells:
        period = _cell_period(reading, cell)
        copied = every or _is_whole(reading, period)  # a day cut at the period's edge was read from events
        found.append(ReadingCell(period, read(cell["value"]), next(sources, None) if copied else None))
    return found


def is_of_reports(reading: Reading) -> bool:
    """Return whether reports fed the reading: no events stand behind its cells."""
    return "reports" in reading.manifest


def _reported(reading: Reading) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    return zip(reading.cells, reading.manifest["reports"], strict=False)


def _reported_cell(
    reading: Reading,
    cell: Mapping[str, Any],
    behind: Mapping[str, Any],
    sources: Iterator[tuple[int, int]],
) -> ReadingCell:
    start = datetime.fromisoformat(cell["start"])
    if "end" in cell:
        span = Period(start, datetime.fromisoformat(cell["end"]))
    else:  # a reported day is whole, also where the period ends inside it
        zone = zone_of(reading.subscription.customer)
        span = Period(start, local_midnight(local_date(start, zone) + DAY, zone))
    rollup = None if ESTIMATE in behind else next(sources, None)
    told = tuple(sorted(cell.get("attributes", {}).items()))
    return ReadingCell(span, read(cell["value"]), rollup, told, behind=behind)


def _fine_cell(reading: Reading, cell: Mapping[str, Any], by: Sequence[str], times: Stretches) -> ReadingCell:
    attributes: dict[str, str] = cell.get("attributes", {})
    told = tuple((name, attributes.get(name)) for name in by)
    stretch = tuple(sorted((name, text) for name, text in attributes.items() if name not in by))
    period, value = _cell_period(reading, cell), read(cell["value"])
    return ReadingCell(period, value, None, tuple(sorted(attributes.items())), told, times.get(stretch, ()))


def grain_stored(reading: Reading) -> dict[str, Any] | None:
    """Return what the cells were told apart by, as the manifest keeps it; None where they are days."""
    found: dict[str, Any] | None = reading.manifest.get("grain")
    return found


def _is_whole(reading: Reading, cell: Period) -> bool:
    zone = zone_of(reading.subscription.customer)
    day = local_date(cell.start, zone)
    return cell == Period(local_midnight(day, zone), local_midnight(day + DAY, zone))


def _cell_period(reading: Reading, cell: Mapping[str, str]) -> Period:
    whole, start = period_of(reading), datetime.fromisoformat(cell["start"])
    if "end" in cell:
        return Period(start, datetime.fromisoformat(cell["end"]))
    if reading.meter.kind == MeterKind.UNIQUE:
        return whole
    zone = zone_of(reading.subscription.customer)
    return Period(start, min(local_midnight(local_date(start, zone) + DAY, zone), whole.end))


def hash_fits(reading: Reading) -> bool:
    """Return whether value, cells and manifest are those that were frozen."""
    said = [plain(reading.value), reading.cells, reading.manifest]
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest() == reading.manifest_hash


def is_told_apart(reading: Reading) -> bool:
    """Return whether distinct users are told apart by more than the period: one then counts in several."""
    if is_of_reports(reading):
        return False
    return reading.meter.kind == MeterKind.UNIQUE and any("attributes" in cell for cell in reading.cells)


def adds_up(reading: Reading) -> bool:
    """Return whether the reading's value is what its cells come to."""
    if is_told_apart(reading):
        values = [read(cell["value"]) for cell in reading.cells]
        return max(values) <= reading.value <= add_up(values)
    cells = [Measured(one.period.start, one.value, None) for one in cells_of(reading)]
    return reduced(reading.meter.kind, cells) == reading.value


def dropped_until(reading: Reading) -> date | None:
    """Return the last UTC day of the reading's time whose raw events are no longer kept; None = all are."""
    period = period_of(reading)
    values: dict[str, Any] = {
        "app": reading.app_id,
        "first": period.start.astimezone(UTC).date(),
        "last": (period.end - MICROSECOND).astimezone(UTC).date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_DROPPED, values)
        row = cursor.fetchone()
    found: date | None = row[0] if row else None
    return found


def is_kept(cell: ReadingCell, dropped: date | None) -> bool:
    """Return whether a cell's raw events are all there."""
    return dropped is None or cell.period.start.astimezone(UTC).date() > dropped


def events_of(
    reading: Reading, cell: ReadingCell, *, after: tuple[str, str] | None = None, limit: int
) -> list[RawEvent]:
    """Return up to `limit` events of a cell, in the order of their time, that come after a place."""
    asked = asked_of(reading)
    values = {**place_of(reading, cell.period), "limit": limit, "asked": asked}
    values |= {"after": after and after[0], "key": after and after[1]}
    values |= {"names": [name for name, _text in cell.told], "values": [text for _name, text in cell.told]}
    values |= {"starts": [one.start for one in cell.spans] or None, "ends": [one.end for one in cell.spans]}
    with connection.cursor() as cursor:
        cursor.execute(counted(_EVENTS, Seen.OF_BATCHES), values)
        rows = cursor.fetchall()
    return [
        RawEvent(
            at, str(key), Decimal(value), str(user or ""), region, batch, received, _attributes(asked, said)
        )
        for at, key, value, user, region, batch, received, said in rows
    ]


def asked_of(reading: Reading) -> list[str]:
    """Return the attributes of events that a reading depends on, but for the region."""
    grain = grain_stored(reading) or {}
    return sorted({*grain.get("by", ()), *grain.get("asked", ())} - {REGION})


def _attributes(names: Sequence[str], said: Sequence[str | None]) -> Attributes:
    return tuple((name, text) for name, text in zip(names, said, strict=True) if text is not None)


def place_of(reading: Reading, period: Period) -> dict[str, Any]:
    """Return the parameters that find a reading's events in a period."""
    return {
        "app": reading.app_id,
        "meter": reading.meter_id,
        "region": reading.region,
        "every": reading.meter.kind == MeterKind.UNIQUE,  # distinct users are counted over all regions
        "start": period.start,
        "end": period.end,
        "batches": reading.manifest.get("batches", "{}"),
    }
