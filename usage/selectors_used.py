"""What an agreement has used of its meters in a period, as one figure for each."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import Count, Sum

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.timespan import MICROSECOND, Period, local_date
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.models import DistinctUser, Grain, UsageRollup
from usage.selectors import live_values


def used_by(subscription: Subscription, period: Period, meters: Collection[str]) -> dict[str, Decimal]:
    """Return the folded usage by meter; peaks are taken by app and added, as are users."""
    peaking = set(Meter.objects.filter(kind=MeterKind.GAUGE).values_list("code", flat=True))
    parts: dict[str, dict[str, list[Decimal]]] = {}
    for one in live_values(subscription, period, meters):
        parts.setdefault(one.meter, {}).setdefault(one.app_code, []).append(one.value)
    return {
        meter: add_up([max(values) if meter in peaking else add_up(values) for values in by_app.values()])
        for meter, by_app in parts.items()
    }


def events_counted(subscription: Subscription, period: Period, meters: Collection[str]) -> dict[str, int]:
    """Return how many folded events each meter has; of distinct users, on how many days each was seen."""
    apps = list(scope_apps(subscription).values_list("pk", flat=True))
    cells = UsageRollup.objects.filter(
        app__in=apps,
        meter__code__in=list(meters),
        grain=Grain.DAY,
        cell_start__gte=period.start,
        cell_start__lt=period.end,
    )
    found = dict(cells.order_by().values_list("meter__code").annotate(n=Sum("count")))
    zone = zone_of(subscription.customer)
    days = (local_date(period.start, zone), local_date(period.end - MICROSECOND, zone))
    seen = DistinctUser.objects.filter(app__in=apps, meter__code__in=list(meters), day__range=days)
    return found | dict(seen.order_by().values_list("meter__code").annotate(n=Count("user_digest")))
