"""What a customer may use now, for doors that ask: the one place where façades take entitlements from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from plans.models import Feature
from plans.models.features import FeatureType
from plans.money import add_up, exact
from plans.selectors import entitlements_of
from subscriptions.anchors import current_period
from subscriptions.models import App, Customer, Subscription
from subscriptions.models.customers import Standing
from subscriptions.selectors import held_options, live_subscriptions, phase_at, zone_of
from subscriptions.selectors_codes import subscription_covering
from usage.selectors_used import used_by

UNLIMITED = "unlimited"
PLAN = "plan"


@dataclass(frozen=True, slots=True)
class Grant:
    """What one option of one agreement grants."""

    agreed: Subscription
    option: str
    value: str
    times: Decimal


@dataclass(frozen=True, slots=True)
class Entitled:
    """One feature: `value` as granted, None when it is not; `limit` and `used` where they are counted."""

    feature: str
    kind: str
    has_access: bool
    value: str | None
    limit: Decimal | None = None
    used: Decimal | None = None


def entitled(
    customer: Customer, app: App | None, at: datetime, only: str | None = None
) -> dict[str, Entitled]:
    """Return by feature what the agreements in force grant together: those of a customer, or the app's."""
    agreements = _agreements(customer, app, at)
    grants: dict[str, list[Grant]] = {}
    for agreed in agreements:
        for feature, one in _grants(agreed, at):
            if only in (None, feature):
                grants.setdefault(feature, []).append(one)
    rows = Feature.objects.filter(code__in=list(grants)).select_related("meter").order_by("code")
    return {row.code: _entitled(row, grants[row.code], at) for row in rows}


def _agreements(customer: Customer, app: App | None, at: datetime) -> list[Subscription]:
    if app is None:
        return list(live_subscriptions(at).filter(customer=customer))
    covering = subscription_covering(app.code, at)
    return [covering] if covering else []


def _grants(agreed: Subscription, at: datetime) -> list[tuple[str, Grant]]:
    phase = phase_at(agreed, at)
    if phase is None:
        return []
    held = {PLAN: Decimal(1), **held_options(agreed, at)}
    return [
        (feature, Grant(agreed, option, str(value), held[option]))
        for option, given in entitlements_of(phase.plan_version).items()
        if option in held
        for feature, value in given.items()
    ]


def _entitled(row: Feature, grants: Sequence[Grant], at: datetime) -> Entitled:
    good = all(one.agreed.customer.standing != Standing.SUSPENDED for one in grants)
    value = _value(row.type, grants)
    if row.type == FeatureType.SWITCH:
        return Entitled(row.code, row.type, good and value == "true", value)
    if row.type == FeatureType.TEXT:
        return Entitled(row.code, row.type, good, value)
    limit = None if value == UNLIMITED else Decimal(value)
    if row.type == FeatureType.NUMBER:
        return Entitled(row.code, row.type, good and limit != 0, value, limit)
    return Entitled(row.code, row.type, good, value, limit, _used(row, grants, at))


def _value(kind: str, grants: Sequence[Grant]) -> str:
    """Return what several grants come to: on if one is on, the highest number, allowances added up."""
    values = [one.value for one in grants]
    if kind == FeatureType.SWITCH:
        return "true" if "true" in values else "false"
    if kind == FeatureType.TEXT:
        return min(grants, key=lambda one: (one.option == PLAN, one.option)).value
    if UNLIMITED in values:
        return UNLIMITED
    if kind == FeatureType.NUMBER:
        return str(max(Decimal(value) for value in values))
    with exact():
        return f"{sum((Decimal(one.value) * one.times for one in grants), Decimal(0)):f}"


def _used(row: Feature, grants: Sequence[Grant], at: datetime) -> Decimal:
    meter = row.meter.code if row.meter else ""
    agreements = {one.agreed.pk: one.agreed for one in grants}.values()
    periods = [(one, current_period(one.anchor, zone_of(one.customer), at)) for one in agreements]
    return add_up([used_by(one, period, [meter]).get(meter, Decimal(0)) for one, period in periods])
