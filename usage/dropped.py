"""What of the past is no longer there as raw events. Every read of those asks here, after it has read.

After, as each statement of a transaction sees what has committed by then: a read that missed a partition
sees the row that says so, because both were one transaction.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL

from plans.timespan import MICROSECOND, Period
from usage.errors_retention import RawEventsDropped
from usage.literals import array
from usage.models import DirtyCell, DroppedDay

# By the cells of a meter, which stay: where there is none, no event was there to lose.
_LOST = """
SELECT r.meter_id, max(d.day) FROM usage_droppedday d
JOIN usage_usagerollup r ON r.cell_start < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
                        AND r.cell_end > d.day::timestamp AT TIME ZONE 'UTC'
JOIN unnest(%(starts)s::timestamptz[], %(ends)s::timestamptz[]) AS s (start, finish)
  ON r.cell_start < s.finish AND r.cell_end > s.start
 AND d.day::timestamp AT TIME ZONE 'UTC' < s.finish AND (d.day + 1)::timestamp AT TIME ZONE 'UTC' > s.start
WHERE r.app_id = ANY (%(apps)s::bigint[]) AND r.meter_id = ANY (%(meters)s::bigint[])
  AND r.grain = 'day' AND r.report_id IS NULL AND r.count > 0
GROUP BY 1
"""
_COUNTABLE = """
NOT EXISTS (SELECT FROM usage_droppedday d
            WHERE usage_dirtycell.cell_start < (d.day + 1)::timestamp AT TIME ZONE 'UTC'
              AND usage_dirtycell.cell_end > d.day::timestamp AT TIME ZONE 'UTC')
"""
_SINCE = """
SELECT DISTINCT v.meter_id FROM usage_usageevent v JOIN usage_ingestbatch b ON b.id = v.batch_id
WHERE v.app_id = ANY (%(apps)s::bigint[]) AND v.meter_id = ANY (%(meters)s::bigint[])
  AND v.occurred_at >= %(start)s AND v.occurred_at < %(end)s AND b.folded_at > (
    SELECT min(d.dropped_at) FROM usage_droppedday d
    WHERE d.day BETWEEN (%(start)s AT TIME ZONE 'UTC')::date AND (%(end)s AT TIME ZONE 'UTC')::date)
"""


def dropped_days(days: Collection[date]) -> set[date]:
    """Return those of some UTC days that are no longer kept; one query, none for no day."""
    return set(DroppedDay.objects.filter(day__in=days).values_list("day", flat=True)) if days else set()


def last_dropped(start: datetime, end: datetime) -> date | None:
    """Return the last UTC day of [start, end) that is no longer kept."""
    within = (start.astimezone(UTC).date(), (end - MICROSECOND).astimezone(UTC).date())
    return DroppedDay.objects.filter(day__range=within).order_by("-day").values_list("day", flat=True).first()


def refuse_dropped(start: datetime, end: datetime) -> None:
    """Refuse a read of raw events over [start, end) that would miss those of a dropped day."""
    if day := last_dropped(start, end):
        raise RawEventsDropped(day=day.isoformat())


def countable() -> QuerySet[DirtyCell]:
    """Return the dirty cells whose raw events are all there."""
    return DirtyCell.objects.filter(RawSQL(_COUNTABLE, [], output_field=BooleanField()))  # noqa: S611 — no part of it is anybody's text


def lost_meters(apps: Iterable[int], meters: Iterable[int], spans: Collection[Period]) -> Mapping[int, date]:
    """Return, by meter, the last dropped day on which these apps had usage of it in some spans of time."""
    if not spans:
        return {}
    values = {
        "apps": array(str(app) for app in apps),
        "meters": array(str(meter) for meter in meters),
        "starts": array(span.start.isoformat() for span in spans),
        "ends": array(span.end.isoformat() for span in spans),
    }
    with connection.cursor() as cursor:
        cursor.execute(_LOST, values)
        return dict(cursor.fetchall())


def came_since(apps: Iterable[int], meters: Iterable[int], period: Period) -> set[int]:
    """Return the meters with events, on kept days of a period, that were folded after its first drop.

    Before a drop everything was billed; afterwards nothing tells what such an event changes, only that it
    came.
    """
    values: dict[str, Any] = {
        "apps": array(str(app) for app in apps),
        "meters": array(str(meter) for meter in meters),
        "start": period.start,
        "end": period.end,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SINCE, values)
        return {pk for (pk,) in cursor.fetchall()}
