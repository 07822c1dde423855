"""What meters say of a period, from cells and folded events, at one instant of the database.

One statement reads the cells and the set of folded batches, so both belong to the same moment. What is
then read from events is limited to exactly those batches.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterKind, MeterSource
from plans.money import add_up, exact, to_multiple
from plans.timespan import Period, local_days
from usage.grain import REGION, Attributes, Grain, Grains, Worth
from usage.literals import array
from usage.voids import Seen, counted
from usage.watermark import OLDEST

PLACE = Decimal("0.000000000001")  # as fine as a reading's figure; its cells are exact
_SNAPSHOT = f"""
WITH cells AS (
    SELECT r.app_id, r.meter_id, r.region, r.cell_start, r.id, r.revision,
           CASE m.kind WHEN 'count' THEN r.count WHEN 'gauge' THEN r.max ELSE r.sum END::text AS value
    FROM usage_usagerollup r JOIN plans_meter m ON m.id = r.meter_id
    WHERE r.app_id = ANY (%(apps)s::bigint[]) AND r.meter_id = ANY (%(meters)s::bigint[]) AND r.grain = 'day'
      AND r.cell_start >= %(start)s AND r.cell_end <= %(end)s
    ORDER BY r.app_id, r.meter_id, r.region, r.cell_start
)
SELECT (SELECT range_agg(int8range(id, id + 1))::text FROM usage_ingestbatch
        WHERE state = 'done' AND app_ids && %(apps)s::bigint[]
          AND day_min <= (%(end)s AT TIME ZONE 'UTC')::date
          AND day_max >= (%(start)s AT TIME ZONE 'UTC')::date),
       (SELECT json_agg(cells) FROM cells), ({OLDEST}), EXISTS (SELECT FROM usage_eventvoid)
"""  # noqa: S608 — of constants
EVENTS = """
FROM usage_usageevent v JOIN plans_meter m ON m.id = v.meter_id
WHERE v.app_id = ANY (%(apps)s::bigint[]) AND v.meter_id = ANY (%(meters)s::bigint[])
  AND v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
  AND v.batch_id <@ %(batches)s::int8multirange /*voids*/
"""
_PART = f"""
SELECT v.app_id, v.meter_id, v.region,
       CASE m.kind WHEN 'count' THEN count(*) WHEN 'gauge' THEN max(v.value) ELSE sum(v.value) END
{EVENTS} GROUP BY v.app_id, v.meter_id, v.region, m.kind ORDER BY 1, 2, 3
"""
# Without the meter's row: it says nothing here, and looking it up for each event costs a fifth of it all.
ALONE = EVENTS.replace(" JOIN plans_meter m ON m.id = v.meter_id", "")
# Many groups: the server's default would write them to disk and read them again. For the transaction's rest.
ROOM = "SELECT set_config('work_mem', '64MB', TRUE)"
# One row per app, meter, region, slice of time and value of the attributes asked for.
_FINE = f"""
SELECT v.app_id, v.meter_id, v.region, width_bucket(v.occurred_at, %(starts)s::timestamptz[]), {{by}},
       {{take}}
{ALONE} GROUP BY 1, 2, 3, 4, 5 ORDER BY 4, 5
"""
_TAKE = {MeterKind.COUNT: "count(*)", MeterKind.GAUGE: "max(v.value)", MeterKind.SUM: "sum(v.value)"}
# The same by the value of the events, with how many have it: each is worth something else than its value.
_BY_VALUE = f"""
SELECT v.app_id, v.region, width_bucket(v.occurred_at, %(starts)s::timestamptz[]), {{by}}, v.value, count(*)
{EVENTS} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


class Cell(msgspec.Struct, frozen=True, gc=False):
    """One meter's value from `start` on; `source` is (roll-up id, revision), None if read from events.

    `attributes` are those of the events, and of the stretch of time for distinct users. `end` is given where
    the stretch is no day. `behind` tells of the report that the value is, or of the estimate in its place.
    """

    start: datetime
    value: Decimal
    source: tuple[int, int] | None = None
    attributes: Attributes = ()
    end: datetime | None = None
    behind: Mapping[str, Any] | None = None
    is_final: bool = True  # of a report: made after what it is about had ended


@dataclass(slots=True)
class Snapshot:
    """Cells by (app, meter, region), and the batches that they are made of.

    `through` is when the oldest batch was received that is not among them, because it is not folded yet.
    """

    batches: str  # an int8multirange, as PostgreSQL writes it
    cells: dict[tuple[int, int, str], list[Cell]] = field(default_factory=dict)
    through: datetime | None = None
    seen: Seen = Seen.OF_BATCHES  # a void that comes later is of another batch


def snapshot(
    apps: Sequence[int], meters: Iterable[Meter], period: Period, zone: ZoneInfo, grains: Grains | None = None
) -> Snapshot:
    """Return the cells of adding and peak meters that events feed; what days do not tell is read from those.

    That is a period's edge inside a day, and whatever the meter's grain says.
    """
    adding = [
        meter for meter in meters if meter.kind != MeterKind.UNIQUE and meter.source == MeterSource.EVENTS
    ]
    fine = {one.pk: grain for one in adding if (grain := (grains or {}).get(one.code)) and grain.needs_events}
    ids = [meter.pk for meter in adding if meter.pk not in fine]
    found = _day_cells(apps, ids, period)
    for part in cut_days(period, zone) if ids else ():
        _add_part(found, apps, ids, part)
    kinds = {meter.pk: meter.kind for meter in adding}
    for together, grain in _alike(fine, kinds):
        add_fine(found, apps, together, period, grain, kind=kinds[together[0]])
    return found


def _alike(fine: Mapping[int, Grain], kinds: Mapping[int, str]) -> list[tuple[list[int], Grain]]:
    """Return the meters that one reading of the events serves: of one kind, told apart in the same way."""
    found: dict[Any, tuple[list[int], Grain]] = {}
    for meter, grain in fine.items():
        alike = (kinds[meter], tuple(grain.slices), tuple(grain.by))
        found.setdefault(alike if grain.worth is None else meter, ([], grain))[0].append(meter)
    return list(found.values())


def add_fine(
    found: Snapshot, apps: Sequence[int], meters: Sequence[int], period: Period, grain: Grain, *, kind: str
) -> None:
    """Add the cells of adding or peak meters of one kind, from the events of the batches in `found`."""
    if grain.worth is None:
        _add_values(found, apps, meters, period, grain, kind=kind)
        return
    for meter in meters:
        _add_worth(found, apps, meter, period, grain, grain.worth, kind=kind)


def _day_cells(apps: Sequence[int], meters: Sequence[int], period: Period) -> Snapshot:
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT, {**values_of(apps, meters, period), "every": False})
        batches, rows, through, is_any_void = cursor.fetchone() or (None, None, None, True)
    found = Snapshot(batches or "{}", through=through, seen=Seen.OF_BATCHES if is_any_void else Seen.NONE)
    for row in json.loads(rows) if isinstance(rows, str) else rows or []:
        cell = Cell(
            datetime.fromisoformat(row["cell_start"]), Decimal(row["value"]), (row["id"], row["revision"])
        )
        found.cells.setdefault((row["app_id"], row["meter_id"], row["region"]), []).append(cell)
    return found


def cut_days(period: Period, zone: ZoneInfo) -> list[Period]:
    """Return the parts of days that the period cuts at its edges; none when both are midnights."""
    days = list(local_days(period, zone))
    edges = {days[0], days[-1]}
    cut = [day for day in edges if day.start < period.start or day.end > period.end]
    return sorted(part for day in cut if (part := day.overlap(period)))


def _add_part(found: Snapshot, apps: Sequence[int], meters: list[int], part: Period) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            counted(_PART, found.seen), {**values_of(apps, meters, part), "batches": found.batches}
        )
        rows = cursor.fetchall()
    for app, meter, region, value in rows:
        cells = found.cells.setdefault((app, meter, region), [])
        cells.append(Cell(part.start, Decimal(value), None))
        cells.sort(key=lambda cell: cell.start)


def _add_values(
    found: Snapshot, apps: Sequence[int], meters: Sequence[int], period: Period, grain: Grain, *, kind: str
) -> None:
    by = [name for name in grain.by if name != REGION]
    sql = _FINE.replace("{take}", _TAKE[MeterKind(kind)])
    rows = by_grain(sql, apps, meters, period, grain, by=by, batches=found.batches, seen=found.seen)
    stretches = [_stretch(grain, n, period) for n in range(len(grain.slices))]  # rows are many more
    places: defaultdict[tuple[int, int, str], list[Cell]] = defaultdict(list)
    for app, meter, region, n, said, value in rows:
        start, end = stretches[n - 1]
        figure = value if type(value) is Decimal else Decimal(value)  # a count comes as a whole number
        places[app, meter, region].append(Cell(start, figure, None, told_of(by, said) if by else (), end))
    for place, cells in places.items():
        found.cells.setdefault(place, []).extend(cells)


def _add_worth(
    found: Snapshot, apps: Sequence[int], meter: int, period: Period, grain: Grain, worth: Worth, *, kind: str
) -> None:
    """Add what the events are worth, one by one: added up, or the highest of a peak meter."""
    by = list(dict.fromkeys((*grain.by, *grain.asked)))
    values: dict[tuple[int, str, int, Attributes], list[Decimal]] = {}
    for app, region, n, said, value, count in by_grain(
        _BY_VALUE, apps, [meter], period, grain, by=by, batches=found.batches, seen=found.seen
    ):
        told = told_of(by, said)
        kept = tuple(pair for pair in told if pair[0] in grain.by and pair[0] != REGION)
        one = worth(Decimal(value), dict(told))
        with exact():
            part = one if kind == MeterKind.GAUGE else one * count
        values.setdefault((app, region, n, kept), []).append(part)
    for (app, region, n, kept), parts in sorted(values.items()):
        total = max(parts) if kind == MeterKind.GAUGE else add_up(parts)
        start, end = _stretch(grain, n - 1, period)
        cell = Cell(start, total, attributes=kept, end=end)
        found.cells.setdefault((app, meter, region), []).append(cell)


def _stretch(grain: Grain, n: int, period: Period) -> tuple[datetime, datetime]:
    """Return start and end of the n-th slice."""
    following = grain.slices[n + 1].start if n + 1 < len(grain.slices) else period.end
    return grain.slices[n].start, following


def by_grain(
    sql: str,
    apps: Sequence[int],
    meters: Sequence[int],
    period: Period,
    grain: Grain,
    *,
    by: Sequence[str],
    batches: str,
    seen: Seen = Seen.OF_BATCHES,
) -> list[tuple[Any, ...]]:
    """Run one of the statements over a grain; attribute names travel as parameters."""
    columns = ["v.region" if name == REGION else f"v.dims ->> %(by{n})s::text" for n, name in enumerate(by)]
    stretches = list(dict.fromkeys(one.attributes for one in grain.slices))
    values = {
        **values_of(apps, meters, period),
        **{f"by{n}": name for n, name in enumerate(by)},
        "batches": batches,
        "starts": array(one.start.isoformat() for one in grain.slices),
        "stretches": array(str(stretches.index(one.attributes)) for one in grain.slices),
    }
    with connection.cursor() as cursor:
        asked = f"ARRAY[{', '.join(columns)}]" if columns else "NULL"  # an array costs each row
        cursor.execute(ROOM)
        cursor.execute(counted(sql, seen).format(by=f"{asked}::text[]"), values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def told_of(by: Sequence[str], said: Sequence[str | None] | None) -> Attributes:
    """Return the attributes an event gave; one it does not have is left out."""
    return tuple((name, value) for name, value in zip(by, said or (), strict=True) if value is not None)


def values_of(apps: Sequence[int], meters: Sequence[int], period: Period) -> dict[str, Any]:
    return {
        "apps": array(str(app) for app in apps),
        "meters": array(str(meter) for meter in meters),
        "start": period.start,
        "end": period.end,
    }


def reduced(kind: str, cells: Iterable[Cell]) -> Decimal:
    """Return one figure for a period's cells: their sum, or the highest of a peak meter, to twelve places."""
    values = [cell.value for cell in cells]
    figure = max(values, default=Decimal(0)) if kind == MeterKind.GAUGE else add_up(values)
    return to_multiple(figure, PLACE, "half_even")
