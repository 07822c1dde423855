"""Fixing what a period's usage was, once, for the invoice that is rated from it."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction
from django.db.models import QuerySet

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.timespan import Period
from subscriptions.models import App, Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.locks import lock_freeze
from usage.measuring import Cell, Snapshot, distinct_users, plain, reduced, snapshot
from usage.models import Reading


@dataclass(frozen=True, slots=True)
class _Part:
    """What one reading will say."""

    app: App
    meter: Meter
    region: str
    value: Decimal
    cells: list[Cell]


@transaction.atomic
def freeze(
    *, subscription: Subscription, period: Period, meters: Iterable[str], at: datetime
) -> list[Reading]:
    """Return the readings of these meters (codes) over a period, making those that are missing.

    Counts every batch folded by now; later ones never change a reading. A meter once frozen for a
    period stays as it is, also for an app or region that turns up later. A code without a meter row
    has no usage and gets no reading.
    """
    lock_freeze(subscription.pk)
    wanted = list(Meter.objects.filter(code__in=list(meters)).order_by("code"))
    made = _readings(subscription, period)
    known = {reading.meter_id for reading in made}
    missing = [meter for meter in wanted if meter.pk not in known]
    if missing:
        Reading.objects.bulk_create(_new(subscription, period, missing, at))
    ids = [meter.pk for meter in wanted]
    return list(_readings(subscription, period).filter(meter__in=ids))


def _readings(subscription: Subscription, period: Period) -> QuerySet[Reading]:
    rows = Reading.objects.filter(subscription=subscription, period=(period.start, period.end), revision=1)
    return rows.select_related("meter", "app").order_by("meter__code", "app__code", "region")


def _new(subscription: Subscription, period: Period, meters: list[Meter], at: datetime) -> Iterator[Reading]:
    apps = list(scope_apps(subscription).order_by("code"))
    ids = [app.pk for app in apps]
    found = snapshot(ids, meters, period, zone_of(subscription.customer))
    users = distinct_users(ids, meters, period, batches=found.batches)
    for meter in meters:
        for app in apps:
            for part in _parts(app, meter, period, found, users):
                yield _reading(subscription, period, part, found.batches, at)


def _parts(
    app: App, meter: Meter, period: Period, found: Snapshot, users: dict[tuple[int, int], int]
) -> Iterator[_Part]:
    """Yield one part per region with usage; always at least one, so that a second freeze finds it."""
    if meter.kind == MeterKind.UNIQUE:
        count = Decimal(users.get((app.pk, meter.pk), 0))
        yield _Part(app, meter, "", count, [Cell(period.start, count, None)] if count else [])
        return
    regions = sorted(r for a, m, r in found.cells if (a, m) == (app.pk, meter.pk))
    for region in regions or [""]:
        cells = found.cells.get((app.pk, meter.pk, region), [])
        yield _Part(app, meter, region, reduced(meter.kind, cells), cells)


def _reading(subscription: Subscription, period: Period, part: _Part, batches: str, at: datetime) -> Reading:
    cells = [{"start": cell.start.isoformat(), "value": plain(cell.value)} for cell in part.cells]
    manifest = {"batches": batches, "cells": [cell.source for cell in part.cells if cell.source]}
    return Reading(
        customer_id=subscription.customer_id,
        subscription=subscription,
        meter=part.meter,
        app=part.app,
        region=part.region,
        period=(period.start, period.end),
        value=part.value,
        cells=cells,
        manifest=manifest,
        manifest_hash=_hash([plain(part.value), cells, manifest]),
        frozen_at=at,
    )


def _hash(said: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
