"""Corrections reach the cells: a day that lost an event is counted again and assigned, never subtracted.

The corrections of a batch are folded after the events they void, alone (under the folding lock), and their
batch is marked done in the transaction that assigns the cells. So folding events never asks for voids.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from plans.ratio import plain
from plans.timespan import MICROSECOND, Period, local_days
from subscriptions.models import App
from subscriptions.selectors import zone_of
from usage import folding
from usage.models import CellChange, Grain, UsageRollup

MOST_BATCHES = 100
_READY = """
    b.state = 'pending' AND b.is_correction AND NOT EXISTS (
        SELECT FROM usage_eventvoid x JOIN usage_ingestbatch e ON e.id = x.event_batch_id
        WHERE x.batch_id = b.id AND e.state = 'pending')
"""
_WAITING = f"SELECT EXISTS (SELECT FROM usage_ingestbatch b WHERE {_READY})"  # noqa: S608
# The oldest, and others about the same days of the same app: their cells are counted again once.
_CLAIM = f"""
WITH oldest AS (SELECT * FROM usage_ingestbatch b WHERE {_READY} ORDER BY id LIMIT 1)
SELECT b.id FROM usage_ingestbatch b JOIN oldest o
       ON b.app_ids = o.app_ids AND b.day_min <= o.day_max AND b.day_max >= o.day_min
WHERE {_READY} ORDER BY b.id LIMIT %s FOR UPDATE OF b
"""  # noqa: S608
_PLACES = """
SELECT x.app_id, m.id, min(x.occurred_at)
FROM usage_eventvoid x CROSS JOIN LATERAL unnest(x.meter_ids) AS m (id)
JOIN subscriptions_app a ON a.id = x.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
WHERE x.batch_id = ANY (%s::bigint[])
GROUP BY 1, 2, (x.occurred_at AT TIME ZONE c.billing_zone)::date ORDER BY 1, 2, 3
"""
_WHY = "SELECT min(reason), min(by), count(*) FROM usage_eventvoid WHERE batch_id = ANY (%s::bigint[])"
Figures = dict[str, dict[str, Any]]  # of a cell, by region


@dataclass(frozen=True, slots=True)
class Why:
    """Who asked for a cell to be counted again, and what for."""

    reason: str
    by: str
    batches: Sequence[int] = ()


def is_waiting() -> bool:
    """Return whether corrections can be folded."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return bool(cursor.fetchone()[0])


def claim() -> list[int]:
    """Return the batches of corrections to fold together; the caller holds the folding lock."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [MOST_BATCHES])
        return [row[0] for row in cursor.fetchall()]


def fold(ids: Sequence[int]) -> None:
    """Mark these batches done and count again the cells that their voids concern."""
    folding.mark_done(ids)
    with connection.cursor() as cursor:
        cursor.execute(_WHY, [list(ids)])
        reason, by, n = cursor.fetchone()
        cursor.execute(_PLACES, [list(ids)])
        places = cursor.fetchall()
    apps = App.objects.select_related("customer").in_bulk({app for app, _meter, _at in places})
    why = Why(reason if n == 1 else "", by, ids)
    for app, meter, instant in places:
        count_again(apps[app], meter, cell_at(apps[app], instant), why)


def cell_at(app: App, instant: datetime) -> Period:
    """Return the day of the customer's billing zone that holds an instant."""
    return next(local_days(Period(instant, instant + MICROSECOND), zone_of(app.customer)))


def count_again(app: App, meter: int, cell: Period, why: Why) -> None:
    """Assign one cell from its events, and keep what it said before; the caller holds the folding lock."""
    before = _figures(app.pk, meter, cell)
    folding.recompute(app.pk, meter, cell, app.customer.billing_zone)
    after = _figures(app.pk, meter, cell)
    CellChange.objects.bulk_create(_changes(app, meter, cell, why, before, after))


def _changes(
    app: App, meter: int, cell: Period, why: Why, before: Figures, after: Figures
) -> Iterable[CellChange]:
    for region in sorted(before.keys() | after.keys()):
        then, now = before.get(region), after.get(region)
        if then == now:
            continue
        yield CellChange(
            app=app,
            meter_id=meter,
            region=region,
            cell_start=cell.start,
            batches=list(why.batches),
            before=then,
            after=now,
            reason=why.reason,
            by=why.by,
        )


def _figures(app: int, meter: int, cell: Period) -> Figures:
    """Return what the cell says by region."""
    rows = UsageRollup.objects.filter(
        app=app, meter=meter, grain=Grain.DAY, cell_start=cell.start, report__isnull=True
    )
    return {row.region: _said(row) for row in rows}


def _said(row: UsageRollup) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in ("sum", "min", "max", "last")}
    return {"count": row.count, **{name: None if v is None else plain(v) for name, v in said.items()}}
