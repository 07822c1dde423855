"""Fixing what a period's usage was, once, for the invoice that is rated from it."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.ratio import plain
from plans.timespan import Period
from subscriptions.models import App, Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.estimating import add_estimates, keep_estimates
from usage.grain import Grain, Grains
from usage.locks import lock_freeze
from usage.lost import lost_and_late, lost_codes, refuse_lost
from usage.measuring import Cell, Snapshot, reduced, snapshot
from usage.measuring_users import distinct_parts, distinct_users
from usage.models import Reading
from usage.reported import add_reported, is_reported
from usage.stored_grain import stored_grain

THROUGH = "complete_through"  # every event answered before it is counted


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
    *,
    subscription: Subscription,
    period: Period,
    meters: Iterable[str],
    at: datetime,
    grains: Grains | None = None,
) -> list[Reading]:
    """Return the readings of these meters (codes) over a period, making those that are missing.

    `grains` say what a meter's usage must be told apart by beyond app, region and day.
    A meter fed by reports says what they say; for a day that is owed and missing, what its policy estimates.
    Counts every batch folded by now; later ones never change a reading. A meter once frozen for a
    period stays as it is, also for an app or region that turns up later. A code without a meter row
    has no usage and gets no reading.
    """
    lock_freeze(subscription.pk)
    wanted = list(Meter.objects.filter(code__in=list(meters)).order_by("code"))
    made = list(_readings(subscription, period))
    known = {reading.meter_id for reading in made}
    missing = [meter for meter in wanted if meter.pk not in known]
    if missing:
        made += Reading.objects.bulk_create(_new(subscription, period, missing, at, grains))
        refuse_lost(subscription, period, missing, grains)
    ids = {meter.pk for meter in wanted}
    return sorted((one for one in made if one.meter_id in ids), key=_place)


@transaction.atomic
def revise(
    *,
    subscription: Subscription,
    period: Period,
    meters: Iterable[str],
    at: datetime,
    grains: Grains | None = None,
) -> list[Reading]:
    """Return the latest readings of a frozen period, with a new revision where the cells have changed.

    The first revision stays what `freeze` returns: the invoice rated from it never changes. The
    grains are those of that freeze. What was counted from raw events that are gone stays as it is.
    """
    lock_freeze(subscription.pk)
    wanted = list(Meter.objects.filter(code__in=list(meters)).order_by("code"))
    latest = {_place(row): row for row in _every(subscription, period).filter(meter__in=wanted)}
    fresh = _new(subscription, period, wanted, at, grains, known=list(latest.values()))
    made = [one for one in fresh if not _says_the_same(latest.get(_place(one)), one)]
    final = lost_codes(subscription, period, wanted, grains)  # asked after the events were read
    made = [one for one in made if one.meter.code not in final]
    for one in made:
        known = latest.get(_place(one))
        one.revision = known.revision + 1 if known else 2  # 1 is what the first freeze saw
    Reading.objects.bulk_create(made)
    latest |= {_place(one): one for one in made}
    return [latest[place] for place in sorted(latest)]


def changed_meters(subscription: Subscription, period: Period, grains: Grains | None = None) -> list[str]:
    """Return the meters (codes) of a frozen period whose cells say something else by now.

    Of a meter whose raw events are gone, nothing tells what changed: it is named when an event came since.
    """
    latest = {_place(row): row for row in _every(subscription, period)}
    meters = list({row.meter_id: row.meter for row in latest.values()}.values())
    fresh = list(_new(subscription, period, meters, period.end, grains, known=list(latest.values())))
    final = lost_codes(subscription, period, meters, grains)
    changed = {one.meter.code for one in fresh if not _says_the_same(latest.get(_place(one)), one)}
    return sorted((changed - final.keys()) | lost_and_late(subscription, period, final))


def _place(reading: Reading) -> tuple[str, str, str]:
    return reading.meter.code, reading.app.code, reading.region


def _says_the_same(known: Reading | None, fresh: Reading) -> bool:
    """A place never frozen and without usage says the same as none."""
    if known is None:
        return not fresh.cells
    return (known.value, known.cells) == (fresh.value, fresh.cells)


def _readings(subscription: Subscription, period: Period) -> QuerySet[Reading]:
    return _every(subscription, period).filter(revision=1)


def _every(subscription: Subscription, period: Period) -> QuerySet[Reading]:
    """Return every revision, latest last in its place."""
    rows = Reading.objects.filter(subscription=subscription, period=(period.start, period.end))
    return rows.order_by("revision").select_related("meter", "app")


def _new(
    subscription: Subscription,
    period: Period,
    meters: list[Meter],
    at: datetime,
    grains: Grains | None,
    *,
    known: Sequence[Reading] | None = None,
) -> Iterator[Reading]:
    """Yield readings as they are by now; estimates are those of `known` readings where they are given."""
    apps = list(scope_apps(subscription).order_by("code"))
    ids = [app.pk for app in apps]
    found = snapshot(ids, meters, period, zone_of(subscription.customer), grains)
    through = min(at, found.through or at)
    add_reported(found, subscription, ids, meters, period)
    if known is None:
        add_estimates(found, subscription, meters, period)
    else:
        keep_estimates(found, known)
    users = distinct_users(ids, meters, period, batches=found.batches, seen=found.seen)
    parted = distinct_parts(ids, meters, period, grains or {}, batches=found.batches, seen=found.seen)
    for meter in meters:
        for app in apps:
            for part in _parts(app, meter, period, found, users):
                part.cells[:] = parted.get((app.pk, meter.pk), part.cells)
                manifest = _manifest(part, found.batches, (grains or {}).get(meter.code), period)
                manifest[THROUGH] = through.astimezone(UTC).isoformat()
                yield _reading(subscription, period, part, manifest, at)


def _parts(
    app: App, meter: Meter, period: Period, found: Snapshot, users: dict[tuple[int, int], int]
) -> Iterator[_Part]:
    """Yield one part per region with usage; always at least one, so that a second freeze finds it."""
    if meter.kind == MeterKind.UNIQUE and not is_reported(meter):
        count = Decimal(users.get((app.pk, meter.pk), 0))
        yield _Part(app, meter, "", count, [Cell(period.start, count)] if count else [])
        return
    regions = sorted(r for a, m, r in found.cells if (a, m) == (app.pk, meter.pk))
    for region in regions or [""]:
        cells = found.cells.get((app.pk, meter.pk, region), [])
        yield _Part(app, meter, region, reduced(meter.kind, cells), cells)


def _manifest(part: _Part, batches: str, grain: Grain | None, period: Period) -> dict[str, Any]:
    if is_reported(part.meter):  # no event stands behind it: each cell names its report
        named = [cell.source for cell in part.cells if cell.source]
        return {"batches": "{}", "cells": named, "reports": [cell.behind for cell in part.cells]}
    said: dict[str, Any] = {
        "batches": batches,
        "cells": [cell.source for cell in part.cells if cell.source],
    }
    is_distinct = part.meter.kind == MeterKind.UNIQUE
    told = None if grain is None else stored_grain(grain, period, is_distinct=is_distinct)
    return {**said, "grain": told} if told and part.cells else said


def _reading(
    subscription: Subscription, period: Period, part: _Part, manifest: dict[str, Any], at: datetime
) -> Reading:
    cells = [_cell(cell) for cell in part.cells]
    return Reading(
        customer_id=subscription.customer_id,
        subscription=subscription,
        meter=part.meter,
        app=part.app,
        region=part.region,
        period=DateTimeTZRange(period.start, period.end),
        value=part.value,
        cells=cells,
        manifest=manifest,
        manifest_hash=_hash([plain(part.value), cells, manifest]),
        frozen_at=at,
    )


def _cell(cell: Cell) -> dict[str, Any]:
    said: dict[str, Any] = {"start": cell.start.isoformat(), "value": plain(cell.value)}
    if cell.end is not None:
        said["end"] = cell.end.isoformat()
    return said | {"attributes": dict(cell.attributes)} if cell.attributes else said


def _hash(said: list[Any]) -> str:
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
