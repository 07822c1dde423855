"""What meters fed by absolute reports say of a period: the cells that reports became, with their evidence.

A reported day counts whole in the period that it begins in; days are never shared out. A reported period
counts in the agreement's part of it; where a second agreement follows inside, it counts in the later one.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterSource
from plans.timespan import Period
from subscriptions.models import Subscription
from usage.grain import Attributes
from usage.literals import array
from usage.measuring import Cell, Snapshot

REPORT, EVIDENCE, ESTIMATE = "report", "evidence", "estimate"  # attributes of such cells

_CELLS = """
SELECT r.app_id, r.meter_id, r.region, r.cell_start, r.cell_end, r.id, r.revision,
       CASE m.kind WHEN 'sum' THEN r.sum WHEN 'gauge' THEN r.max ELSE r.count END,
       r.grain, u.id, u.revision, u.label, u.evidence, u.evidence_hash, u.reported_at >= r.cell_end
FROM usage_usagerollup r JOIN plans_meter m ON m.id = r.meter_id
JOIN usage_usagereport u ON u.id = r.report_id
JOIN subscriptions_subscription s ON s.id = %(subscription)s
WHERE r.app_id = ANY (%(apps)s::bigint[]) AND r.meter_id = ANY (%(meters)s::bigint[])
  AND ((r.grain = 'day' AND m.source = 'daily_reports'
        AND r.cell_start >= %(start)s AND r.cell_start < %(end)s)
    OR (r.grain = 'period' AND m.source = 'period_reports'
        AND r.cell_start < %(end)s AND r.cell_end > %(start)s
        AND CASE m.kind
            WHEN 'unique' THEN tstzrange(r.cell_start, r.cell_end) * s.span = tstzrange(%(start)s, %(end)s)
            ELSE tstzrange(r.cell_start, r.cell_end) * s.span <@ tstzrange(%(start)s, %(end)s) END
        AND NOT EXISTS (
            SELECT FROM subscriptions_subscription later
            WHERE later.customer_id = s.customer_id AND later.family = s.family AND later.id <> s.id
              AND (later.app_id IS NULL OR later.app_id = r.app_id)
              AND lower(later.span) >= upper(s.span) AND lower(later.span) < r.cell_end)))
ORDER BY r.app_id, r.meter_id, r.region, r.cell_start
"""
Place = tuple[int, int, str]  # app, meter, region


def is_reported(meter: Meter) -> bool:
    """Return whether reports feed the meter, not events."""
    return meter.source != MeterSource.EVENTS


def add_reported(
    found: Snapshot, subscription: Subscription, apps: Sequence[int], meters: Iterable[Meter], period: Period
) -> None:
    """Add the cells of the meters that reports feed."""
    ids = [meter.pk for meter in meters if is_reported(meter)]
    if not ids:
        return
    for place, cell in _cells(subscription, apps, ids, period):
        found.cells.setdefault(place, []).append(cell)


def _cells(
    subscription: Subscription, apps: Sequence[int], meters: Sequence[int], period: Period
) -> list[tuple[Place, Cell]]:
    values: dict[str, Any] = {
        "subscription": subscription.pk,
        "apps": array(map(str, apps)),
        "meters": array(map(str, meters)),
        "start": period.start,
        "end": period.end,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CELLS, values)
        return [_cell(period, *row) for row in cursor.fetchall()]


def _cell(
    period: Period,
    app: int,
    meter: int,
    region: str,
    start: datetime,
    end: datetime,
    rollup: int,
    rollup_revision: int,
    value: Decimal,
    grain: str,
    report: int,
    revision: int,
    label: str,
    evidence: str,
    evidence_hash: str,
    is_final: bool,
) -> tuple[Place, Cell]:
    """Return a row as a cell; a period's has its end, as it is no day, and lies within what is read."""
    behind = {
        "report": report,
        "revision": revision,
        "label": label,
        "evidence": evidence,
        "evidence_hash": evidence_hash,
    }
    attributes: Attributes = ((REPORT, str(revision)),)
    if evidence_hash:
        attributes = ((EVIDENCE, evidence_hash), *attributes)
    return (app, meter, region), Cell(
        max(start, period.start),
        Decimal(value),
        (rollup, rollup_revision),
        attributes,
        min(end, period.end) if grain == "period" else None,
        behind,
        is_final,
    )
