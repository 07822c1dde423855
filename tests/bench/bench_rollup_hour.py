"""`rollup_hour`: hourly figures of ten million events of thirty days, as a freeze reads them ÷ a bare scan.

No hour is stored: only a charge by time of day needs hours, and then in its own bands. So where a charge asks
for them they are read from the events of the folded batches, at freeze. Here all eight meters of all
thousand apps are asked for by the hour, one agreement (of four, 250 apps each) after the other; the cells
come to some millions of objects in Python. How many is printed. The scan is serial and adds the values.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from plans.models import Meter
from plans.timespan import Period
from subscriptions.models import App
from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import A_DAY, again, fill, roll, rolled, scan, settle, verify
from tests.bench.world import ask, empty
from usage.grain import Grain, Slice
from usage.measuring import Snapshot, snapshot

EVENTS = 10_000_000
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    of, count = rolled(), sized(EVENTS, least=1000)
    fill(of, count)
    again(of, count)
    roll()
    verify()
    settle()
    period = Period(of.start, of.start + -(-count // A_DAY) * DAY)
    meters = list(Meter.objects.filter(pk__in=of.meters))
    owners = _owners(of.apps)
    found: list[int] = []

    def ours() -> float:
        began, seen = time.perf_counter(), [_hours(apps, meters, period) for apps in owners]
        took = time.perf_counter() - began
        _verify(seen)
        found.append(sum(len(cells) for one in seen for cells in one.cells.values()))
        return took

    yield compared("rollup_hour", ours, scan, unit="s", gate="<=14", ambition="<=10")
    print(f"rollup_hour: {found[-1]} cells of {count} events")  # noqa: T201
    empty()


def _owners(apps: list[int]) -> list[list[int]]:
    """Return the apps of each customer."""
    found: dict[int, list[int]] = {}
    for pk, customer in App.objects.filter(pk__in=apps).values_list("pk", "customer_id"):
        found.setdefault(customer, []).append(pk)
    return list(found.values())


def _hours(apps: list[int], meters: list[Meter], period: Period) -> Snapshot:
    """Return the cells of one agreement, by the hour."""
    hours = int((period.end - period.start) / HOUR)
    slices = tuple(Slice(period.start + n * HOUR) for n in range(hours))
    grains = {meter.code: Grain(slices=slices, cuts_days=True) for meter in meters}
    with transaction.atomic():  # as a freeze is
        return snapshot(apps, meters, period, ZoneInfo("UTC"), grains)


def _verify(seen: list[Snapshot]) -> None:
    """As much as the events say."""
    total = sum(cell.value for one in seen for cells in one.cells.values() for cell in cells)
    assert (int(total),) == ask("SELECT sum(value)::bigint FROM usage_usageevent")
