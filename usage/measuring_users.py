"""How many distinct users a meter had in a period, exactly: counted over the folded events themselves."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterKind, MeterSource
from plans.timespan import Period
from usage.grain import Grains
from usage.measuring import ALONE, EVENTS, Cell, by_grain, told_of, values_of
from usage.voids import Seen, counted

_DISTINCT = f"SELECT v.app_id, v.meter_id, count(DISTINCT v.user_digest) {ALONE} GROUP BY 1, 2"
# Slices that are one stretch (a band, a day) share a number in `stretches`.
_USERS = f"""
SELECT v.app_id, (%(stretches)s::int[])[width_bucket(v.occurred_at, %(starts)s::timestamptz[])], {{by}},
       count(DISTINCT v.user_digest)
{EVENTS} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


def distinct_users(
    apps: Sequence[int],
    meters: Iterable[Meter],
    period: Period,
    *,
    batches: str,
    seen: Seen = Seen.OF_BATCHES,
) -> dict[tuple[int, int], int]:
    """Return the exact number of users by (app, meter), counted over the folded events of the period."""
    ids = [
        meter.pk for meter in meters if meter.kind == MeterKind.UNIQUE and meter.source == MeterSource.EVENTS
    ]
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(counted(_DISTINCT, seen), {**values_of(apps, ids, period), "batches": batches})
        return {(app, meter): count for app, meter, count in cursor.fetchall()}


def distinct_parts(
    apps: Sequence[int],
    meters: Iterable[Meter],
    period: Period,
    grains: Grains,
    *,
    batches: str,
    seen: Seen = Seen.OF_BATCHES,
) -> dict[tuple[int, int], list[Cell]]:
    """Return, by (app, meter), the users of each stretch and attribute the grains tell apart.

    Each figure is counted over the whole period: who comes in two nights is one user of the night.
    """
    found: dict[tuple[int, int], list[Cell]] = {}
    for meter in meters:
        grain = grains.get(meter.code)
        if meter.kind != MeterKind.UNIQUE or grain is None or not grain.parts_users:
            continue
        if meter.source != MeterSource.EVENTS:  # a report is one figure
            continue
        stretches = list(dict.fromkeys(one.attributes for one in grain.slices))
        rows = by_grain(_USERS, apps, [meter.pk], period, grain, by=grain.by, batches=batches, seen=seen)
        for app, n, said, count in rows:
            attributes = tuple(sorted((*stretches[n], *told_of(grain.by, said))))
            cell = Cell(period.start, Decimal(count), attributes=attributes)
            found.setdefault((app, meter.pk), []).append(cell)
    return {place: sorted(cells, key=lambda cell: cell.attributes) for place, cells in found.items()}
