"""What is kept as raw events, day by day, and what usage itself still needs of it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection

from usage.retention import Block, DayFacts, Need, blocks, oldest_kept

Needs = Callable[[Collection[int], datetime], Mapping[int, Need]]  # of some apps, asked of who bills

# Rows are an estimate where PostgreSQL has one: the exact number is counted when a day goes.
_PARTITIONS = """
SELECT right(c.relname, 8)::date AS day, c.reltuples::bigint, coalesce(pg_total_relation_size(c.oid), 0)
FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'usage_usageevent'::regclass ORDER BY 1
"""
# A correction counts a local day again, which lies in two or three UTC days.
_BATCHES = """
SELECT d.day, count(*) FILTER (WHERE b.state = 'pending'), max(b.received_at), coalesce(sum(b.n), 0)
FROM unnest(%(days)s::date[]) AS d (day)
JOIN usage_ingestbatch b ON b.day_min - b.is_correction::int <= d.day
                        AND b.day_max + b.is_correction::int >= d.day GROUP BY 1
"""
_APPS = """
SELECT DISTINCT d.day, told.app FROM unnest(%(days)s::date[]) AS d (day)
JOIN usage_ingestbatch b ON b.day_min <= d.day AND b.day_max >= d.day
CROSS JOIN unnest(b.app_ids) AS told (app)
"""
_DIRTY = """
SELECT d.day, count(*) FROM unnest(%(days)s::date[]) AS d (day)
JOIN usage_dirtycell c ON c.cell_start < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
                      AND c.cell_end > d.day::timestamp AT TIME ZONE 'UTC' GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Partition:
    """One day's table: how many rows it has, by PostgreSQL's estimate (-1: never counted), and its bytes."""

    day: date
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Judged:
    """A day older than what is kept anyway, and what keeps it; nothing: it may go."""

    facts: DayFacts
    blocks: tuple[Block, ...]

    @property
    def may_go(self) -> bool:
        """Return whether nothing keeps it."""
        return not self.blocks


def partitions() -> list[Partition]:
    """Return the days there are tables for, earliest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS)
        return [Partition(*row) for row in cursor.fetchall()]


def judged_days(*, at: datetime, needs: Needs) -> list[Judged]:
    """Judge every day that is older than `USAGE_KEEP_DAYS`, earliest first; a constant number of queries."""
    oldest = oldest_kept(at, settings.USAGE_KEEP_DAYS)
    found = facts_of([one for one in partitions() if one.day < oldest])
    asked = frozenset[int]().union(*(one.apps for one in found))
    needed = needs(asked, at) if asked else {}
    return [Judged(one, blocks(one, needed, at=at)) for one in found]


def facts_of(old: Collection[Partition]) -> list[DayFacts]:
    """Return what is known of some days, with the apps that may have events in them.

    A batch counts for every day from its first to its last: more is kept than needs be, never less.
    """
    if not old:
        return []
    days = [one.day for one in old]
    batches = {day: row for day, *row in _rows(_BATCHES, days)}
    dirty = dict(_rows(_DIRTY, days))
    apps: dict[date, set[int]] = {}
    for day, app in _rows(_APPS, days):
        apps.setdefault(day, set()).add(app)
    found = []
    for one in old:
        pending, received, n = batches.get(one.day, (0, None, 0))
        rows = one.rows if one.rows >= 0 else n
        told = frozenset(apps.get(one.day, ()))
        found.append(DayFacts(one.day, rows, one.bytes, pending, dirty.get(one.day, 0), received, told))
    return found


def _rows(sql: str, days: Collection[date]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"days": list(days)})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
