"""What a customer's agreements grant at an instant, and between which instants that stays so."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from plans.catalogue import Quota
from plans.models import Feature
from plans.models.features import FeatureType
from plans.selectors import entitlements_of
from plans.selectors_quotas import USUAL, quotas_of
from plans.timespan import MICROSECOND, Period, local_date
from subscriptions.anchors import current_period
from subscriptions.models import App, Customer, Subscription
from subscriptions.selectors import Overview, overview, with_parts, zone_of
from usage.entitlement import PLAN, UNLIMITED, Grant, resolved, stops_at, stronger
from usage.models import Entitlement
from usage.models.entitlements import ALL_APPS

LIVE = ("active", "ending")
WHY_NOT = {"future": "not_started", "ended": "ended"}


@dataclass(frozen=True, slots=True)
class Granted:
    """The rows of a customer, and the span in which they hold (an open end: nothing is known to come)."""

    rows: list[Entitlement]
    valid_from: datetime
    valid_until: datetime | None


def granted(customer: Customer, at: datetime) -> Granted:
    """Return what the customer may use at `at`: of each scope and feature the agreement that grants most.

    An agreement that has ended or not begun leaves rows that say so, unless another one grants the feature.
    """
    agreements = list(with_parts(Subscription.objects.filter(customer=customer)).order_by("span"))
    features = {row.code: row for row in Feature.objects.select_related("meter")}
    apps = list(App.objects.filter(customer=customer).order_by("pk").values_list("pk", flat=True))
    best: dict[tuple[int, str], Entitlement] = {}
    for agreement in agreements:
        for row in _rows(agreement, features, apps, at):
            key = (row.app_id, row.feature)
            if key not in best or _wins(row, best[key], features[row.feature].type):
                best[key] = row
    since, until = _holds(agreements, at)
    return Granted(list(best.values()), since, until)


def _rows(
    agreement: Subscription, features: dict[str, Feature], apps: list[int], at: datetime
) -> Iterator[Entitlement]:
    shown = overview(agreement, at)
    zone = zone_of(agreement.customer)
    period = current_period(agreement.anchor, zone, _within(agreement, at))
    days = local_date(period.start, zone), local_date(period.end - MICROSECOND, zone)
    quotas = quotas_of(shown.version)
    for code, grants in sorted(_grants(shown, features).items()):
        row = Entitlement(
            customer=agreement.customer,
            app_id=agreement.app_id or ALL_APPS,
            feature=code,
            subscription=agreement,
            is_granted=shown.state in LIVE,
            reason=WHY_NOT.get(shown.state, ""),
            value=resolved(features[code].type, grants),
            app_ids=[agreement.app_id] if agreement.app_id else apps,
        )
        _measure(row, features[code], quotas.get(code, USUAL), period, days)
        yield row


def _grants(shown: Overview, features: dict[str, Feature]) -> dict[str, list[Grant]]:
    """Return what the plan and the options held grant, by feature."""
    held = {PLAN: Decimal(1), **shown.options}
    found: dict[str, list[Grant]] = {}
    for option, values in entitlements_of(shown.version).items():
        for code, value in values.items() if option in held else ():
            if code in features:
                found.setdefault(code, []).append(Grant(option, value, held[option]))
    return found


def _measure(
    row: Entitlement, feature: Feature, quota: Quota, period: Period, days: tuple[date, date]
) -> None:
    """Note what the allowance is measured by, over which span, and what happens at its limit."""
    row.period_start, row.period_end = period.start, period.end
    row.first_day, row.last_day = days
    row.at_limit, row.warn_at = quota.at_limit, quota.warn_at
    if feature.type == FeatureType.ALLOWANCE and feature.meter is not None:
        row.meter, row.meter_kind = feature.meter, feature.meter.kind
        if row.value != UNLIMITED:
            row.stops_at = stops_at(Decimal(row.value), quota.at_limit, quota.grace)


def _wins(row: Entitlement, other: Entitlement, kind: str) -> bool:
    if row.is_granted != other.is_granted:
        return row.is_granted
    if row.is_granted:
        return stronger(kind, row.value, other.value)
    return (row.reason, row.period_start) > (
        other.reason,
        other.period_start,
    )  # what is to come, then the last


def _within(agreement: Subscription, at: datetime) -> datetime:
    """Return `at`, or the instant of the agreement that lies nearest."""
    start: datetime = agreement.span.lower
    end: datetime | None = agreement.span.upper
    return max(start, at if end is None or at < end else end - MICROSECOND)


def _holds(agreements: Iterable[Subscription], at: datetime) -> tuple[datetime, datetime | None]:
    edges = {edge for agreement in agreements for edge in _edges(agreement, at)}
    before, after = [one for one in edges if one <= at], [one for one in edges if one > at]
    return max(before, default=at), min(after, default=None)


def _edges(agreement: Subscription, at: datetime) -> Iterator[datetime]:
    """Yield the instants at which something about an agreement may change; others come with a trigger."""
    spans = [agreement.span, *(one.span for one in agreement.phases.all())]
    spans += [one.span for one in agreement.add_ons.all()]
    for span in spans:
        yield from (edge for edge in (span.lower, span.upper) if edge is not None)
    period = current_period(agreement.anchor, zone_of(agreement.customer), _within(agreement, at))
    yield from (period.start, period.end)
