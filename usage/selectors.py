"""Reads of usage: live figures, availability, the watermark, days for charts, pages for the API."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Max, QuerySet, Sum
from django.db.models.functions import TruncDate

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.timespan import MICROSECOND, Period, local_date, local_midnight
from subscriptions.models import App, Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.estimating import add_due_estimates
from usage.expecting import OVERDUE, missing_days
from usage.grain import Attributes, Grains
from usage.lost import refuse_lost
from usage.measuring import Cell, snapshot
from usage.measuring_users import distinct_parts
from usage.models import AvailabilityReport, BatchState, DistinctUser, Grain, IngestBatch, UsageRollup
from usage.reported import add_reported, is_reported
from usage.watermark import folded_through

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Value:
    """What a meter says of an app and region so far; `cell_start` None: one figure for the period."""

    meter: str
    app_code: str
    region: str
    cell_start: datetime | None
    value: Decimal
    attributes: Attributes = ()


def live_values(
    subscription: Subscription,
    period: Period,
    meters: Collection[str],
    grains: Grains | None = None,
    *,
    estimated_at: datetime | None = None,
) -> list[Value]:
    """Return the folded usage of these meters (codes) in a period, shaped like readings but not frozen.

    With `estimated_at`, reports that are missing by then are estimated as their policy says, and marked.

    Raises UsageCannotBeCounted where raw events it needs are no longer kept: a period billing keeps them for
    is never one.
    """
    rows = list(Meter.objects.filter(code__in=list(meters)))
    apps = dict(scope_apps(subscription).values_list("pk", "code"))
    codes = {meter.pk: meter.code for meter in rows}
    zone = zone_of(subscription.customer)
    found = snapshot(list(apps), rows, period, zone, grains)
    add_reported(found, subscription, list(apps), rows, period)
    if estimated_at is not None:
        add_due_estimates(found, subscription, rows, period, at=estimated_at)
    values = [
        Value(codes[meter], apps[app], region, cell.start, cell.value, cell.attributes)
        for (app, meter, region), cells in found.cells.items()
        for cell in cells
    ]
    counted = [meter for meter in rows if meter.kind == MeterKind.UNIQUE and not is_reported(meter)]
    parted = [one for one in counted if (grain := (grains or {}).get(one.code)) and grain.parts_users]
    parts = distinct_parts(list(apps), parted, period, grains or {}, batches=found.batches, seen=found.seen)
    whole = [meter.pk for meter in counted if meter not in parted]
    for app, meter, cell in (*_flat(parts), *_users_seen(list(apps), whole, period, zone)):
        values.append(Value(codes[meter], apps[app], "", None, cell.value, cell.attributes))
    refuse_lost(subscription, period, [one for one in rows if one not in counted or one in parted], grains)
    return sorted(
        values, key=lambda v: (v.meter, v.app_code, v.region, v.cell_start or period.start, v.attributes)
    )


def _flat(parts: Mapping[tuple[int, int], list[Cell]]) -> Iterator[tuple[int, int, Cell]]:
    for (app, meter), cells in parts.items():
        for cell in cells:
            yield app, meter, cell


def _users_seen(
    apps: list[int], meters: list[int], period: Period, zone: ZoneInfo
) -> Iterator[tuple[int, int, Cell]]:
    """Yield (app, meter, users) counted over the local days of the period."""
    days = (local_date(period.start, zone), local_date(period.end - MICROSECOND, zone))
    rows = DistinctUser.objects.filter(app__in=apps, meter__in=meters, day__range=days)
    counted = rows.values_list("app_id", "meter_id").annotate(n=Count("user_digest", distinct=True))
    for app, meter, n in counted.order_by("app_id", "meter_id"):
        yield app, meter, Cell(period.start, Decimal(n))


def availability_reports(app_ids: Collection[int], period: Period) -> list[AvailabilityReport]:
    """Return the reports whose window shares time with a period: the latest revision of each window."""
    rows = AvailabilityReport.objects.filter(
        app__in=list(app_ids), window__overlap=(period.start, period.end)
    ).select_related("app")
    return list(
        rows.order_by("app_id", "region", "window", "-revision").distinct("app_id", "region", "window")
    )


def unfolded(apps: QuerySet[App], until: Any) -> QuerySet[IngestBatch]:
    """Return the pending batches of some apps with events up to the UTC day of `until` (an instant or F)."""
    return IngestBatch.objects.filter(
        state=BatchState.PENDING,
        app_ids__overlap=ArraySubquery(apps.order_by().values("pk")),
        day_min__lte=TruncDate(until, tzinfo=UTC),
    )


def complete_through(app_ids: Collection[int] | None = None, *, at: datetime | None = None) -> datetime:
    """Return the instant up to which the figures of these apps are complete; None = all apps.

    Every event answered before it is folded; it is the database's now() when nothing is pending. Where
    reports are expected, it does not lie after the first day, of those ended by `at`, that is not reported.
    Read it before the figures it is shown with: what comes in between is then in them and not promised.
    """
    through = folded_through(app_ids)
    ended = at or through
    gaps = missing_days(Period(ended - OVERDUE, ended), apps=app_ids)
    return min([through, *(one.span.start for one in gaps if one.span.end <= ended)])


def cells(app_ids: Collection[int], meters: Collection[str], period: Period) -> QuerySet[UsageRollup]:
    """Return the day cells that begin in a period, earliest first."""
    rows = UsageRollup.objects.filter(
        app__in=list(app_ids),
        meter__code__in=list(meters),
        grain=Grain.DAY,
        cell_start__gte=period.start,
        cell_start__lt=period.end,
    )
    return rows.select_related("app", "meter").order_by("cell_start", "app", "meter", "region")


def daily_series(
    app_ids: Sequence[int], meter: str, first_day: date, last_day: date, zone: ZoneInfo
) -> list[tuple[date, Decimal]]:
    """Return one value for each local day of [first_day, last_day], days without usage as 0.

    Peaks and distinct users of several apps are added up by app; regions of a peak are not.
    """
    kind = Meter.objects.values_list("kind", flat=True).get(code=meter)
    take = _seen_by_day if kind == MeterKind.UNIQUE else _cells_by_day
    known = take(app_ids, meter, first_day, last_day, zone)
    days = [first_day + n * DAY for n in range((last_day - first_day).days + 1)]
    return [(day, known.get(day, Decimal(0))) for day in days]


def _seen_by_day(
    app_ids: Sequence[int], meter: str, first: date, last: date, _zone: ZoneInfo
) -> dict[date, Decimal]:
    rows = DistinctUser.objects.filter(app__in=app_ids, meter__code=meter, day__range=(first, last))
    counted = rows.values_list("day").annotate(n=Count("user_digest")).order_by("day")
    return {day: Decimal(n) for day, n in counted}


def _cells_by_day(
    app_ids: Sequence[int], meter: str, first: date, last: date, zone: ZoneInfo
) -> dict[date, Decimal]:
    period = Period(local_midnight(first, zone), local_midnight(last + DAY, zone))
    rows = cells(app_ids, [meter], period).order_by().values_list("app_id", "cell_start", "meter__kind")
    found: dict[date, Decimal] = {}
    figures = rows.annotate(added=Sum("sum"), events=Sum("count"), peak=Max("max"))
    for _app, start, kind, added, events, peak in figures:
        value = {MeterKind.COUNT: Decimal(events), MeterKind.GAUGE: peak}.get(kind, added)
        day = local_date(start, zone)
        found[day] = add_up([found.get(day, Decimal(0)), value])
    return found
