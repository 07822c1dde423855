"""Figures in the place of reports that are missing, by the explicit policy of their expectation.

An estimate is made of reports alone, never of other estimates, and says in its cell what it is. Where
nothing was reported before, nothing is guessed: the invoice is held.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up, to_multiple
from plans.ratio import quotient, read
from plans.timespan import Period
from subscriptions.models import Subscription
from usage.expecting import Missing, missing_of
from usage.literals import array
from usage.measuring import PLACE, Cell, Snapshot
from usage.models import MissingPolicy, Reading, ReportExpectation
from usage.reported import ESTIMATE, Place, is_reported

BACK = timedelta(days=35)  # what an estimate may rest on
DAYS = 7  # of the mean
WOBBLE = timedelta(days=5)  # two periods of as many months are not equally long

_BEFORE = """
SELECT r.app_id, r.meter_id, r.region, (r.cell_start AT TIME ZONE c.billing_zone)::date, r.report_id, u.value
FROM usage_usagerollup r JOIN usage_usagereport u ON u.id = r.report_id
JOIN subscriptions_app a ON a.id = r.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
WHERE r.app_id = ANY (%(apps)s::bigint[]) AND r.meter_id = ANY (%(meters)s::bigint[])
  AND r.cell_start >= %(start)s AND r.cell_start < %(end)s AND u.reported_at >= r.cell_end
ORDER BY 1, 2, 4, 3
"""


@dataclass(frozen=True, slots=True)
class _Base:
    """One reported figure that an estimate may rest on."""

    region: str
    day: date
    report: int
    value: Decimal


def estimated(missing: Iterable[Missing], kinds: Mapping[int, str]) -> dict[Missing, list[tuple[str, Cell]]]:
    """Return, for each missing report that can be estimated, its cells with their regions."""
    wanted = [one for one in missing if one.policy != MissingPolicy.HOLD]
    bases = _bases(wanted)
    found = {}
    for one in wanted:
        rows = [
            row
            for row in bases.get((one.app_id, one.meter_id), ())
            if one.day - _back(one) <= row.day < one.day and (not one.region or row.region == one.region)
        ]
        if cells := list(_cells(one, rows, kinds[one.meter_id])):
            found[one] = cells
    return found


def _bases(wanted: Sequence[Missing]) -> dict[tuple[int, int], list[_Base]]:
    if not wanted:
        return {}
    values: dict[str, Any] = {
        "apps": array(sorted({str(one.app_id) for one in wanted})),
        "meters": array(sorted({str(one.meter_id) for one in wanted})),
        "start": min(one.span.start - _back(one) for one in wanted),
        "end": max(one.span.end for one in wanted),
    }
    found: dict[tuple[int, int], list[_Base]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, values)
        for app, meter, region, day, report, value in cursor.fetchall():
            found.setdefault((app, meter), []).append(_Base(region, day, report, value))
    return found


def _back(one: Missing) -> timedelta:
    """Return how far an estimate may look back: of a period, to the one before."""
    return max(BACK, one.span.end - one.span.start + WOBBLE) if one.is_period else BACK


def _cells(one: Missing, rows: Sequence[_Base], kind: str) -> Iterable[tuple[str, Cell]]:
    """Yield one cell for each region that was reported lately."""
    is_mean = one.policy == MissingPolicy.MEAN_7 and not one.is_period
    days = sorted({row.day for row in rows})
    chosen = [day for day in days if day >= one.day - timedelta(days=DAYS)] if is_mean else days[-1:]
    rest = [row for row in rows if row.day in chosen]
    for region in sorted({row.region for row in rest}):
        own = [row for row in rest if row.region == region]
        behind = {
            ESTIMATE: str(one.policy),
            "label": one.day.isoformat(),
            "region": one.region,
            "from": [row.report for row in own],
        }
        yield (
            region,
            Cell(
                one.span.start,
                _mean([row.value for row in own], len(chosen), kind),
                attributes=((ESTIMATE, str(one.policy)),),
                end=one.span.end if one.is_period else None,
                behind=behind,
            ),
        )


def _mean(values: Sequence[Decimal], days: int, kind: str) -> Decimal:
    """Return the mean over the days, to twelve places; of things that are counted, a whole number."""
    step = Decimal(1) if kind in (MeterKind.COUNT, MeterKind.UNIQUE) else PLACE
    return to_multiple(quotient(add_up(values), days), step, "half_even")


def add_estimates(
    found: Snapshot, subscription: Subscription, meters: Collection[Meter], period: Period
) -> None:
    """Put estimates in the place of what is missing, where a policy says so."""
    _add(found, subscription, meters, period, lambda _one: True)


def _add(
    found: Snapshot,
    subscription: Subscription,
    meters: Collection[Meter],
    period: Period,
    wanted: Callable[[Missing], bool],
) -> None:
    fed = {meter.pk: meter for meter in meters if is_reported(meter)}
    guessed = ReportExpectation.objects.filter(meter__in=fed).exclude(policy=MissingPolicy.HOLD)
    if not fed or not guessed.exists():
        return
    owed = missing_of(subscription, period, [meter.code for meter in fed.values()])
    missing = [one for one in owed if wanted(one)]
    kinds = {pk: meter.kind for pk, meter in fed.items()}
    for one, cells in estimated(missing, kinds).items():
        for region, cell in cells:
            put(found, (one.app_id, one.meter_id, region), cell)


def add_due_estimates(
    found: Snapshot, subscription: Subscription, meters: Collection[Meter], period: Period, *, at: datetime
) -> None:
    """Put estimates in the place of what is missing of the time that had ended by `at`: for a forecast.

    Where reports are still awaited an estimate is the best there is; where the policy is to wait, nothing is
    guessed here either, as that bill will be held.
    """
    ended = Period(period.start, min(period.end, at)) if at > period.start else None
    if ended is not None:
        _add(found, subscription, meters, ended, lambda one: one.span.end <= at and not one.is_period)


def keep_estimates(found: Snapshot, known: Iterable[Reading]) -> None:
    """Let the estimates of an earlier freeze stand for what is still not reported."""
    for reading in known:
        for cell, behind in zip(reading.cells, reading.manifest.get("reports", []), strict=False):
            if ESTIMATE not in behind:
                continue
            place = (reading.app_id, reading.meter_id, reading.region)
            start = datetime.fromisoformat(cell["start"])
            if not _is_final(found, place, start, behind["region"]):
                put(found, place, _again(cell, start, behind))


def _is_final(found: Snapshot, place: Place, start: datetime, region: str) -> bool:
    """Return whether the time is reported by now: in the region that is owed, or in any."""
    return any(
        cell.start == start and cell.is_final and cell.source is not None
        for (app, meter, where), cells in found.cells.items()
        if (app, meter) == place[:2] and (not region or where == region)
        for cell in cells
    )


def _again(cell: Mapping[str, Any], start: datetime, behind: Mapping[str, Any]) -> Cell:
    end = datetime.fromisoformat(cell["end"]) if "end" in cell else None
    return Cell(start, read(cell["value"]), None, tuple(sorted(cell["attributes"].items())), end, behind)


def put(found: Snapshot, place: Place, cell: Cell) -> None:
    """Add a cell in the place of what was said while its time ran."""
    others = [one for one in found.cells.get(place, []) if one.start != cell.start]
    found.cells[place] = sorted([*others, cell], key=lambda one: one.start)
