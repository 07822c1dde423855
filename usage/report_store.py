"""The SQL of absolute reports: what is stored about some places, new revisions, and the cells they become."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from plans.timespan import Period
from usage.literals import array, quoted

LONGEST = {"day": "2 days", "period": "400 days"}  # a meter is fed by one kind only
_STATES = """
SELECT s.n,
       (SELECT max(u.revision) FROM usage_usagereport u
        WHERE u.app_id = s.app AND u.meter_id = s.meter AND u.region = s.region
          AND u.span = tstzrange(s.start, s.finish)),
       (SELECT u.content_hash FROM usage_usagereport u
        WHERE u.app_id = s.app AND u.meter_id = s.meter AND u.region = s.region
          AND u.span = tstzrange(s.start, s.finish) AND u.revision = s.revision),
       EXISTS (SELECT FROM usage_usagereport u
               WHERE u.app_id = s.app AND u.meter_id = s.meter AND u.region = s.region
                 -- ranges sort by their start, and none is longer than this: it bounds the index scan
                 AND u.span > tstzrange(s.start - s.longest, s.start - s.longest, '[]')
                 AND u.span < tstzrange(s.finish, NULL)
                 AND u.span && tstzrange(s.start, s.finish) AND u.span <> tstzrange(s.start, s.finish))
FROM unnest(%(app)s::bigint[], %(meter)s::bigint[], %(region)s::text[], %(start)s::timestamptz[],
            %(end)s::timestamptz[], %(revision)s::int[], %(longest)s::interval[]) WITH ORDINALITY
     AS s (app, meter, region, start, finish, revision, longest, n)
ORDER BY s.n
"""
_APPEND = """
WITH said AS (
    SELECT * FROM unnest(
        %(app)s::bigint[], %(meter)s::bigint[], %(region)s::text[], %(kind)s::text[], %(label)s::text[],
        %(start)s::timestamptz[], %(end)s::timestamptz[], %(value)s::numeric[], %(revision)s::int[],
        %(evidence)s::text[], %(evidence_hash)s::text[], %(content_hash)s::text[]) WITH ORDINALITY
        AS s (app, meter, region, kind, label, start, finish, value, revision, evidence, evidence_hash,
              content_hash, n)
), stored AS (
    INSERT INTO usage_usagereport (app_id, meter_id, region, kind, label, span, value, revision, evidence,
                                   evidence_hash, content_hash, reported_at, by)
    SELECT app, meter, region, kind, label, tstzrange(start, finish), value, revision, evidence,
           evidence_hash, content_hash, %(at)s, %(by)s FROM said ORDER BY n
    RETURNING id, app_id, meter_id, region, span, revision
)
SELECT stored.id FROM said JOIN stored ON stored.app_id = said.app AND stored.meter_id = said.meter
   AND stored.region = said.region AND stored.span = tstzrange(said.start, said.finish)
   AND stored.revision = said.revision
ORDER BY said.n
"""
# A report says the figure itself, whatever the meter's kind: it stands as sum, highest and lowest, and as
# the count where things are counted.
_ASSIGN = """
INSERT INTO usage_usagerollup AS r (app_id, meter_id, region, grain, cell_start, cell_end, sum, count,
                                    min, max, last, last_at, last_key, report_id, revision, updated_at)
SELECT s.app, s.meter, s.region, s.kind, s.start, s.finish, s.value,
       CASE WHEN m.kind IN ('count', 'unique') THEN s.value::bigint ELSE 1 END,
       s.value, s.value, CASE m.kind WHEN 'gauge' THEN s.value END, NULL, NULL, s.report, 1, now()
FROM unnest(%(report)s::bigint[], %(app)s::bigint[], %(meter)s::bigint[], %(region)s::text[],
            %(kind)s::text[], %(start)s::timestamptz[], %(end)s::timestamptz[], %(value)s::numeric[])
     AS s (report, app, meter, region, kind, start, finish, value)
JOIN plans_meter m ON m.id = s.meter
ORDER BY s.app, s.meter, s.start, s.region
ON CONFLICT (app_id, meter_id, grain, cell_start, region) DO UPDATE SET
    cell_end = excluded.cell_end, sum = excluded.sum, count = excluded.count, min = excluded.min,
    max = excluded.max, last = excluded.last, last_at = NULL, last_key = NULL,
    report_id = excluded.report_id, revision = r.revision + 1, updated_at = excluded.updated_at
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One report as it is stored."""

    app: int
    meter: int
    region: str
    kind: str
    label: str
    span: Period
    value: Decimal
    revision: int
    evidence: str
    evidence_hash: str
    content_hash: str


@dataclass(frozen=True, slots=True)
class State:
    """What is stored about a report's place: the current revision (0: none), the body of its own revision."""

    current: int
    hash: str
    overlaps: bool  # another span shares time with it


def states(rows: Sequence[Row]) -> list[State]:
    """Return what is stored about the place of each row, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATES, _columns(rows))
        found = cursor.fetchall()
    return [State(current or 0, body or "", overlaps) for _n, current, body, overlaps in found]


def append(rows: Sequence[Row], *, at: datetime, by: str) -> list[int]:
    """Add revisions to the history and return their keys, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, {**_columns(rows), "at": at, "by": by})
        return [pk for (pk,) in cursor.fetchall()]


def assign(rows: Sequence[tuple[int, Row]]) -> None:
    """Make the cells say what these reports (with their keys) say."""
    values = {**_columns([row for _pk, row in rows]), "report": array(str(pk) for pk, _row in rows)}
    with connection.cursor() as cursor:
        cursor.execute(_ASSIGN, values)


def _columns(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "app": array(str(row.app) for row in rows),
        "meter": array(str(row.meter) for row in rows),
        "region": array(quoted(row.region) for row in rows),
        "longest": array(LONGEST[row.kind] for row in rows),
        "kind": array(row.kind for row in rows),
        "label": array(quoted(row.label) for row in rows),
        "start": array(row.span.start.isoformat() for row in rows),
        "end": array(row.span.end.isoformat() for row in rows),
        "value": array(f"{row.value:f}" for row in rows),
        "revision": array(str(row.revision) for row in rows),
        "evidence": array(quoted(row.evidence) for row in rows),
        "evidence_hash": array(quoted(row.evidence_hash) for row in rows),
        "content_hash": array(row.content_hash for row in rows),
    }
