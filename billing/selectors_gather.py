"""The four arguments of `rate()`, gathered from rows that were read together."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from billing.cadence import Calendar
from billing.errors import SeveralPhases
from billing.explain_words import terms_names
from billing.values import Context, Observation, Provenance, Quantities
from plans.models import Meter, PlanVersion
from plans.models.meters import MeterKind
from plans.ratio import read
from plans.selectors import terms_of
from plans.terms import Terms
from plans.timespan import MICROSECOND, Period, local_date
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.moves import plain_facts
from subscriptions.selectors import plain, zone_of
from usage.models import Reading
from usage.selectors import Value

Frozen = Mapping[Period, Sequence[Reading]]  # the period a charge is due for -> its readings


def billable(subscriptions: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Return the subscriptions with everything that rating asks of them, in a fixed number of queries."""
    return subscriptions.select_related("customer", "app").prefetch_related(
        "phases__plan_version__plan", "add_ons", "seat_changes"
    )


def calendar_of(subscription: Subscription) -> Calendar:
    """Return what the subscription's periods are counted from."""
    zone = zone_of(subscription.customer)
    return Calendar(subscription.anchor, zone, subscription.term, subscription.span.upper)


def version_at(subscription: Subscription, at: datetime) -> PlanVersion | None:
    """Return the version in force at `at`, from prefetched phases."""
    phase = phase_of(subscription, at)
    return None if phase is None else phase.plan_version


def phase_of(subscription: Subscription, at: datetime) -> SubscriptionPhase | None:
    """Return the phase in force at `at`, from prefetched phases."""
    for phase in subscription.phases.all():
        if phase.span.lower <= at and (phase.span.upper is None or at < phase.span.upper):
            return phase
    return None


def version_over(subscription: Subscription, period: Period) -> PlanVersion:
    """Return the one version in force in a period; SeveralPhases when there is more than one."""
    found = {
        phase.plan_version_id: phase.plan_version
        for phase in subscription.phases.all()
        if phase.span.lower < period.end and (phase.span.upper is None or phase.span.upper > period.start)
    }
    if len(found) != 1:
        raise SeveralPhases(subscription=subscription.public_id)
    return next(iter(found.values()))


@dataclass(frozen=True, slots=True)
class Standpoint:
    """The terms and the customer's context at one instant."""

    terms: Terms
    context: Context


def standpoint(subscription: Subscription, version: PlanVersion, at: datetime) -> Standpoint:
    """Return the terms of a version with what the customer holds at `at`."""
    phase = phase_of(subscription, at)
    labels, figures = (phase.labels, plain_facts(phase.facts)) if phase else ({}, {})
    facts = {**figures, "seats": Decimal(_seats(subscription, at))}
    context = context_of(subscription, facts, _options(subscription, at), labels)
    return Standpoint(terms_of(version), context)


def context_of(
    subscription: Subscription,
    facts: Mapping[str, Decimal],
    options: Mapping[str, Decimal],
    labels: Mapping[str, str] | None = None,
) -> Context:
    """Return the rater's context of a subscription; `labels` and `facts` are those of its phase."""
    return Context(
        zone=subscription.customer.billing_zone,
        facts=facts,
        labels={
            **(labels or {}),
            "currency": subscription.currency,
            "term": subscription.term,
            "first_purchase": "yes" if subscription.is_first_purchase else "no",
        },
        options=options,
        anchor=subscription.anchor,
    )


def _seats(subscription: Subscription, at: datetime) -> int:
    return sum(change.delta for change in subscription.seat_changes.all() if change.at <= at)


def _options(subscription: Subscription, at: datetime) -> dict[str, Decimal]:
    return {
        held.option: plain(held.quantity)
        for held in subscription.add_ons.all()
        if held.span.lower <= at and (held.span.upper is None or at < held.span.upper)
    }


def last_instant(period: Period) -> datetime:
    """Return the last instant that belongs to a period."""
    return period.end - MICROSECOND


def within_agreement(subscription: Subscription, period: Period) -> Period | None:
    """Return the part of a period that the agreement covers."""
    start, end = max(period.start, subscription.span.lower), period.end
    if subscription.span.upper is not None:
        end = min(end, subscription.span.upper)
    return Period(start, end) if start < end else None


def observed(frozen: Frozen, zone: ZoneInfo) -> Quantities:
    """Return readings as observations by meter: one for each cell, or one where cells never add.

    A meter that is billed over several periods at once (a month, a quarter) counts in each by the
    readings of that period alone.
    """
    spans: dict[int, set[Period]] = {}
    for period, readings in frozen.items():
        for reading in readings:
            spans.setdefault(reading.meter_id, set()).add(period)
    found: dict[str, list[Observation]] = {}
    for period, readings in frozen.items():
        for reading in readings:
            only = period if len(spans[reading.meter_id]) > 1 else None
            found.setdefault(reading.meter.code, []).extend(_observations(reading, zone, only))
    return found


def _observations(reading: Reading, zone: ZoneInfo, only: Period | None) -> Iterator[Observation]:
    source = Provenance("measured", reading.public_id, reading.revision, reading.manifest_hash)
    place = {"app": reading.app.code, "region": reading.region}
    is_whole = reading.meter.kind == MeterKind.UNIQUE and all("attributes" not in c for c in reading.cells)
    if is_whole or not reading.cells:
        yield Observation(Decimal(reading.value), attributes=place, provenance=source, period=only)
        return
    for cell in reading.cells:
        start = None if reading.meter.kind == MeterKind.UNIQUE else datetime.fromisoformat(cell["start"])
        attributes = {**place, **_day(start, zone), **cell.get("attributes", {})}
        yield Observation(read(cell["value"]), start, attributes, provenance=source, period=only)


def _day(start: datetime | None, zone: ZoneInfo) -> dict[str, str]:
    return {"day": local_date(start, zone).isoformat()} if start else {}


def kinds_of(codes: Iterable[str]) -> dict[str, str]:
    """Return the kind of each meter by its code."""
    return dict(Meter.objects.filter(code__in=set(codes)).values_list("code", "kind"))


def meter_names(terms: Terms) -> dict[str, dict[str, str]]:
    """Return the names of the meters that terms count and of what the terms name, in both languages."""
    rows = Meter.objects.filter(code__in=terms.document.meters.keys())
    return terms_names(terms.document) | {row.code: row.name_i18n for row in rows}


def lively(
    values: Iterable[Value], kinds: Mapping[str, str], zone: ZoneInfo, only: Period | None = None
) -> Quantities:
    """Return live values as observations, counting for one period `only` where given; a projection."""
    source = Provenance("projected")
    found: dict[str, list[Observation]] = {}
    for one in values:
        start = None if kinds.get(one.meter) == MeterKind.UNIQUE else one.cell_start
        place = {"app": one.app_code, "region": one.region}
        attributes = {**place, **_day(start, zone), **dict(one.attributes)}
        row = Observation(Decimal(one.value), start, attributes, provenance=source, period=only)
        found.setdefault(one.meter, []).append(row)
    return found
