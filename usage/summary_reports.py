"""Reports of periods longer than the month shown: each stands in the month in which its period ends."""

from collections.abc import Sequence
from decimal import Decimal

from plans.models import Meter
from plans.models.meters import MeterKind, MeterSource
from plans.money import add_up
from plans.timespan import Period
from usage.models import UsageRollup
from usage.models.cells import Grain


def is_by_period(meter: Meter) -> bool:
    """Return whether reports of whole periods feed the meter."""
    return meter.source == MeterSource.PERIOD_REPORTS


def ended_within(
    apps: Sequence[int], meters: Sequence[Meter], period: Period
) -> dict[str, tuple[Decimal, Period]]:
    """Return, by meter, the figure of the report whose period ends in this one, and that period.

    Apps are added up, as everywhere; of two periods that end here the later one is told.
    """
    fed = [meter for meter in meters if is_by_period(meter)]
    if not fed:
        return {}
    rows = UsageRollup.objects.filter(
        app_id__in=apps,
        meter__in=fed,
        grain=Grain.PERIOD,
        cell_end__gt=period.start,
        cell_end__lte=period.end,
    )
    found: dict[str, list[UsageRollup]] = {}
    for row in rows.select_related("meter").order_by("-cell_end", "cell_start", "app_id"):
        found.setdefault(row.meter.code, []).append(row)
    return {code: _latest(cells) for code, cells in found.items()}


def _latest(cells: Sequence[UsageRollup]) -> tuple[Decimal, Period]:
    first = cells[0]
    spans = [one for one in cells if (one.cell_start, one.cell_end) == (first.cell_start, first.cell_end)]
    return add_up([_figure(one) for one in spans]), Period(first.cell_start, first.cell_end)


def _figure(cell: UsageRollup) -> Decimal:
    kind = cell.meter.kind
    if kind in (MeterKind.UNIQUE, MeterKind.COUNT):
        return Decimal(cell.count)
    return cell.max if kind == MeterKind.GAUGE else cell.sum
