"""Meters of a period that cannot be counted from raw events any more, because retention dropped some."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from plans.models import Meter
from plans.models.meters import MeterKind, MeterSource
from plans.timespan import Period
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.dropped import came_since, last_dropped, lost_meters
from usage.errors_retention import UsageCannotBeCounted
from usage.grain import Grains
from usage.measuring import cut_days


def lost_codes(
    subscription: Subscription, period: Period, meters: Iterable[Meter], grains: Grains | None
) -> Mapping[str, date]:
    """Return, by the code of a meter, the last dropped day that counting it over a period would miss.

    Cells stay, so a meter that whole days tell lacks nothing; one of distinct users, of a finer grain, or
    whose period cuts a day, does. One query where nothing of the period was dropped. Ask after reading.
    """
    if last_dropped(period.start, period.end) is None:
        return {}
    known = [one for one in meters if one.source == MeterSource.EVENTS]
    apps = list(scope_apps(subscription).values_list("pk", flat=True))
    whole = [one.pk for one in known if _reads_all(one, grains)]
    cut = [one.pk for one in known if one.pk not in whole]
    parts = cut_days(period, zone_of(subscription.customer))
    found = {**lost_meters(apps, whole, [period]), **lost_meters(apps, cut, parts)}
    return {one.code: found[one.pk] for one in known if one.pk in found}


def refuse_lost(
    subscription: Subscription, period: Period, meters: Collection[Meter], grains: Grains | None
) -> None:
    """Refuse to count what would come out too low; raises UsageCannotBeCounted."""
    if lost := lost_codes(subscription, period, meters, grains):
        raise UsageCannotBeCounted(
            meters=", ".join(sorted(lost)),
            start=period.start.isoformat(),
            end=period.end.isoformat(),
            day=max(lost.values()).isoformat(),
        )


def lost_and_late(subscription: Subscription, period: Period, lost: Collection[str]) -> set[str]:
    """Return those of some lost meters (codes) with an event that came after the first drop."""
    if not lost:
        return set()
    codes = dict(Meter.objects.filter(code__in=list(lost)).values_list("pk", "code"))
    apps = scope_apps(subscription).values_list("pk", flat=True)
    return {codes[pk] for pk in came_since(apps, codes, period)}


def _reads_all(meter: Meter, grains: Grains | None) -> bool:
    grain = (grains or {}).get(meter.code)
    return meter.kind == MeterKind.UNIQUE or (grain is not None and grain.needs_events)
