"""The SQL of cells: fold pending batches with +=, or recompute one cell and assign it.

An event's day is its local date in the customer's billing zone. The day's instants come from
plans.timespan, so a cell here and a period there agree on every clock change.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from plans.timespan import Period, local_midnight
from usage.literals import array, quoted
from usage.measuring import ROOM
from usage.voids import Seen, counted

MOST_BATCHES = 2_000  # claimed by one pass
CLAIM = 100  # locked at a time: no more than a pass takes, as another looks for the rest
MOST_RUNS = 8
DAY = timedelta(days=1)

_CLAIM = """
SELECT id, n, day_min, day_max FROM usage_ingestbatch WHERE state = 'pending' AND NOT is_correction
AND id > %s ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %s
"""
_WAITING = """
SELECT coalesce(sum(n), 0) FROM (
    SELECT n FROM usage_ingestbatch WHERE state = 'pending' AND NOT is_correction LIMIT %s
) AS waiting
"""
_ZONES = (
    "SELECT DISTINCT billing_zone FROM subscriptions_customer"  # few; those of the batches cost more to find
)
# As PostgreSQL expects a group for each event, it would sort all events of a large pass instead of hashing
# them, at half the speed. It can be told so only as a whole, and then must not join by sorting or by loops.
_BY_HASH = "SET LOCAL enable_sort = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off"
LARGE = 50_000  # event rows
_PLACED = """
    FROM usage_usageevent v
    JOIN subscriptions_app a ON a.id = v.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
"""
_BATCHES = """
    v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
    AND v.batch_id BETWEEN %(low)s AND %(high)s AND {chosen}
"""
_ANY_OF = "v.batch_id = ANY (%(batches)s::bigint[])"
_CELL = """
    v.occurred_at >= %(start)s AND v.occurred_at < %(end)s AND v.app_id = %(app)s AND v.meter_id = %(meter)s
    AND NOT EXISTS (SELECT FROM usage_ingestbatch b WHERE b.id = v.batch_id AND b.state = 'pending') /*voids*/
"""
# One row per (app, meter, region, local day) of the chosen events. The instants at which any zone begins a
# day part time; events are summed by part first, so that a zone is asked of a sum and not of each event,
# which costs half of it all. A part that is no day of a zone would make a NULL cell_start, which the table
# refuses: an error, never a lost event.
_DAYS = """
WITH days AS MATERIALIZED (
    SELECT * FROM unnest(%(zones)s::text[], %(parts)s::int[], %(starts)s::timestamptz[],
                         %(ends)s::timestamptz[]) AS e (zone, part, start, finish)
), parts AS MATERIALIZED (
    SELECT v.app_id, v.meter_id, v.region, width_bucket(v.occurred_at, %(edges)s::timestamptz[]) AS part,
           sum(v.value) AS sum, count(*) AS count, min(v.value) AS min, max(v.value) AS max
    FROM usage_usageevent v WHERE {events} GROUP BY 1, 2, 3, 4
), sums AS (
    SELECT v.app_id, v.meter_id, v.region, e.start, e.finish, sum(v.sum) AS sum,
           sum(v.count)::bigint AS count, min(v.min) AS min, max(v.max) AS max
    FROM parts v
    JOIN subscriptions_app a ON a.id = v.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
    LEFT JOIN days e ON e.zone = c.billing_zone AND e.part = v.part
    GROUP BY 1, 2, 3, 4, 5
), lasts AS (
    SELECT DISTINCT ON (1, 2, 3, 4) v.app_id, v.meter_id, v.region, e.start,
           v.value AS last, v.occurred_at AS last_at, v.event_key AS last_key
    {placed}
    JOIN days e ON e.zone = c.billing_zone
               AND e.part = width_bucket(v.occurred_at, %(edges)s::timestamptz[])
    WHERE v.meter_id IN (SELECT id FROM plans_meter WHERE kind = 'gauge') AND {events}
    ORDER BY 1, 2, 3, 4, v.occurred_at DESC, v.event_key DESC
)
INSERT INTO usage_usagerollup AS r (app_id, meter_id, region, grain, cell_start, cell_end, sum, count,
                                    min, max, last, last_at, last_key, revision, updated_at)
SELECT app_id, meter_id, region, 'day', start, finish, sum, count,
       min, max, last, last_at, last_key, 1, now()
FROM sums LEFT JOIN lasts USING (app_id, meter_id, region, start)
ORDER BY app_id, meter_id, start, region
ON CONFLICT (app_id, meter_id, grain, cell_start, region) DO UPDATE SET {change}
"""
_LATER = "coalesce((excluded.last_at, excluded.last_key) > (r.last_at, r.last_key), r.last_at IS NULL)"
_ADD = f"""
    sum = r.sum + excluded.sum, count = r.count + excluded.count,
    min = least(r.min, excluded.min), max = greatest(r.max, excluded.max),
    last = CASE WHEN {_LATER} THEN excluded.last ELSE r.last END,
    last_key = CASE WHEN {_LATER} THEN excluded.last_key ELSE r.last_key END,
    last_at = CASE WHEN {_LATER} THEN excluded.last_at ELSE r.last_at END,
    updated_at = excluded.updated_at,
    revision = r.revision + (EXISTS (
        SELECT FROM usage_reading d
        WHERE d.app_id = r.app_id AND d.meter_id = r.meter_id AND d.period @> r.cell_start))::int
WHERE r.report_id IS NULL  -- a reported cell says what its report says
"""
_ASSIGN = """
    sum = excluded.sum, count = excluded.count, min = excluded.min, max = excluded.max,
    last = excluded.last, last_key = excluded.last_key, last_at = excluded.last_at,
    updated_at = excluded.updated_at, revision = r.revision + 1
"""
_EMPTY = """
UPDATE usage_usagerollup SET sum = 0, count = 0, min = 0, max = 0, last = NULL, last_at = NULL,
       last_key = NULL, revision = revision + 1, updated_at = now()
WHERE app_id = %(app)s AND meter_id = %(meter)s AND cell_start = %(start)s AND grain = 'day'
      AND report_id IS NULL
      AND region <> ALL (ARRAY(SELECT DISTINCT v.region FROM usage_usageevent v WHERE {events}))
"""
_SEEN = """
INSERT INTO usage_distinctuser (app_id, meter_id, day, user_digest)
SELECT DISTINCT v.app_id, v.meter_id, (v.occurred_at AT TIME ZONE c.billing_zone)::date, v.user_digest
{placed} WHERE v.user_digest IS NOT NULL AND v.meter_id IN (SELECT id FROM plans_meter WHERE kind = 'unique')
  AND {events}
ORDER BY 1, 2, 3, 4 ON CONFLICT DO NOTHING
"""
_UNSEE = """
DELETE FROM usage_distinctuser WHERE app_id = %(app)s AND meter_id = %(meter)s AND day = %(day)s
"""


@dataclass(frozen=True, slots=True)
class Claimed:
    """Pending batches that this transaction holds, and the UTC days their events lie in."""

    ids: list[int]
    first: date
    last: date
    size: int  # event rows


def waiting(batches: int) -> int:
    """Return how many event rows wait in so many pending batches (or in all, when there are fewer)."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [batches])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def claim(limit: int) -> Claimed | None:
    """Lock the oldest pending batches of at most `limit` event rows (at least one batch), if any."""
    taken: list[tuple[int, int, date, date]] = []
    total = 0
    for row in _locked():
        total += row[1]
        if taken and total > limit:
            break
        taken.append(row)
    if not taken:
        return None
    days = min(r[2] for r in taken), max(r[3] for r in taken)
    return Claimed([r[0] for r in taken], *days, sum(r[1] for r in taken))


def _locked() -> Iterator[tuple[int, int, date, date]]:
    """Lock pending batches as they are asked for: number, event rows, first and last UTC day."""
    last = 0
    for _some in range(MOST_BATCHES // CLAIM):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [last, CLAIM])
            rows = cursor.fetchall()
        yield from rows
        if len(rows) < CLAIM:
            return
        last = rows[-1][0]


def fold(claimed: Claimed) -> None:
    """Add the claimed batches' events to their cells, in key order, and note the users seen."""
    ids = array(str(pk) for pk in claimed.ids)
    values: dict[str, Any] = {
        "batches": ids,
        "low": min(claimed.ids),
        "high": max(claimed.ids),
        "start": f"{claimed.first} 00:00+00",
        "end": f"{claimed.last + DAY} 00:00+00",
    }
    with connection.cursor() as cursor:
        cursor.execute(f"{ROOM}; {_BY_HASH}" if claimed.size >= LARGE else ROOM)
        cursor.execute(_ZONES)
        zones = [row[0] for row in cursor.fetchall()]
        values |= edges(zones, claimed.first - DAY, claimed.last + DAY)
        events = _BATCHES.format(chosen=_chosen(claimed.ids))
        cursor.execute(_DAYS.format(placed=_PLACED, events=events, change=_ADD), values)
        cursor.execute(_SEEN.format(placed=_PLACED, events=events), values)


def _chosen(ids: Sequence[int]) -> str:
    """Return the condition that an event is of one of these batches, between the lowest and the highest.

    Numbers that follow each other are told by their ends: comparing each event with a list costs more than
    adding its value. A number between that is not claimed (another roller's, or a writer's that commits
    just now) must not be read.
    """
    runs = [[ids[0], ids[0]]]
    for one in ids[1:]:
        if one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    if len(runs) > MOST_RUNS:
        return _ANY_OF
    return "(" + " OR ".join(f"v.batch_id BETWEEN {low:d} AND {high:d}" for low, high in runs) + ")"


def recompute(app: int, meter: int, cell: Period, zone: str) -> None:
    """Assign one cell from the events of batches already folded; the caller holds the folding lock."""
    day = cell.start.astimezone(ZoneInfo(zone)).date()
    values: dict[str, Any] = {"app": app, "meter": meter, "start": cell.start, "end": cell.end, "day": day}
    values |= edges([zone], day, day)
    events = counted(_CELL, Seen.FOLDED)
    with connection.cursor() as cursor:
        cursor.execute(ROOM)
        cursor.execute(_EMPTY.format(events=events), values)
        cursor.execute(_DAYS.format(placed=_PLACED, events=events, change=_ASSIGN), values)
        cursor.execute(_UNSEE, values)
        cursor.execute(_SEEN.format(placed=_PLACED, events=events), values)


def edges(zones: Iterable[str], first: date, last: date) -> Mapping[str, str]:
    """Return what the statements above need to tell the days of each zone: the instants that part time
    (`edges`), and which part belongs to which day of a zone."""
    rows = [row for zone in zones for row in _edges(zone, first, last)]
    instants = sorted({instant for _zone, start, end in rows for instant in (start, end)})
    number = {instant: n for n, instant in enumerate(instants, start=1)}
    parts = [(*row, part) for row in rows for part in range(number[row[1]], number[row[2]])]
    return {
        "edges": array(instant.isoformat() for instant in instants),
        "zones": array(quoted(zone) for zone, _start, _end, _part in parts),
        "parts": array(str(part) for _zone, _start, _end, part in parts),
        "starts": array(start.isoformat() for _zone, start, _end, _part in parts),
        "ends": array(end.isoformat() for _zone, _start, end, _part in parts),
    }


def _edges(zone: str, first: date, last: date) -> Iterator[tuple[str, datetime, datetime]]:
    known = ZoneInfo(zone)
    start = local_midnight(first, known)
    for offset in range((last - first).days + 1):
        day = first + offset * DAY
        end = local_midnight(day + DAY, known)
        if start < end:  # a zone that skipped a whole calendar day has an empty one
            yield zone, start, end
        start = end


def mark_done(ids: Sequence[int]) -> None:
    """Mark batches folded, in the transaction that folded them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE usage_ingestbatch SET state = 'done', folded_at = now() WHERE id = ANY (%s::bigint[])",
            [array(str(pk) for pk in ids)],
        )
