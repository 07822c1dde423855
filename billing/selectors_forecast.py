"""The upcoming bill as it may come out: the floor that is certain, the expected, the 90th percentile; cliffs.

Every figure is the rating function's, over usage so far with usage to come beside it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import partial
from typing import TypeVar

from billing.cliffs import next_cliff
from billing.projecting import Measured, projected, with_more
from billing.rating import amounts
from billing.selectors import Upcoming, estimated, next_parts
from billing.selectors_due import Part, Window, windows_of
from billing.selectors_gather import lively
from billing.values import Observation, Quantities
from plans.errors import DomainError
from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up, exact, to_minor
from plans.timespan import MICROSECOND, local_date
from subscriptions.models import Subscription
from subscriptions.selectors import scope_apps, zone_of
from usage.forecast import STEADY, Outlook
from usage.reported import ESTIMATE
from usage.selectors import daily_series, live_values
from usage.selectors_forecast import outlook

MOST_REACH = 10**9
TENTH = Decimal("0.1")
WORTH_TELLING = 100  # a jump is told from the hundredth part of the bill on
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MeterForecast:
    """One meter over the period that the bill counts it for."""

    meter: Meter
    start: datetime
    end: datetime
    outlook: Outlook
    estimated_days: int = 0  # days of it whose reports are missing and estimated

    @property
    def last(self) -> datetime:
        """The last instant of the period, whose day people call its end."""
        return self.end - MICROSECOND


@dataclass(frozen=True, slots=True)
class CliffNear:
    """A jump of the bill within what may still come: so many units of a meter from now."""

    meter: Meter
    distance: int
    jump: int  # minor units
    currency: str


@dataclass(frozen=True, slots=True)
class Forecast:
    """Three totals of the upcoming bill in minor units, the meters behind them, and the cliffs ahead."""

    upcoming: Upcoming
    expected: int | None  # None: so much has no price of its own (a band to ask for)
    high: int | None
    meters: list[MeterForecast]
    cliffs: list[CliffNear]

    @property
    def floor(self) -> int:
        """What the bill comes to if nothing more is used."""
        return self.upcoming.total

    @property
    def is_known(self) -> bool:
        """False while there is no whole day to learn from."""
        return any(one.outlook.known for one in self.meters)


@dataclass(frozen=True, slots=True)
class _Counted:
    """A meter over a window, observed so far, with its outlook."""

    meter: Meter
    window: Window
    measured: Measured
    outlook: Outlook


def forecast(subscription: Subscription, at: datetime) -> Forecast | None:
    """Return how the next bill may come out; None outside the agreement."""
    found = next_parts(subscription, at)
    if found is None:
        return None
    counted = list(_counted(found.subscription, found.parts, at))
    so_far = _quantities(counted, lambda one: list(one.measured.rows))
    expected = _quantities(
        counted, lambda one: projected(one.measured, one.outlook.expected, one.outlook.days)
    )
    high = _quantities(counted, lambda one: projected(one.measured, one.outlook.high, one.outlook.high_days))
    upcoming = found.upcoming(estimated(found.parts, so_far))
    sums = [_asked(partial(_sum, found.parts, quantities)) for quantities in (expected, high)]
    meters = [
        MeterForecast(
            one.meter,
            one.window.covered.start,
            one.window.covered.end,
            one.outlook,
            len(_estimated_days(one.measured.rows)),
        )
        for one in counted
    ]
    ahead = _cliffs(found.parts, counted, upcoming.currency, at)
    cliffs = [one for one in ahead if one.jump * WORTH_TELLING >= upcoming.total]
    return Forecast(upcoming, sums[0], sums[1], meters, cliffs)


def _counted(subscription: Subscription, parts: Sequence[Part], at: datetime) -> Iterator[_Counted]:
    zone = zone_of(subscription.customer)
    windows = windows_of(subscription, parts)
    times = Counter(code for one in windows for code in one.meters)
    meters = {meter.code: meter for meter in Meter.objects.filter(code__in=times)}
    apps = list(scope_apps(subscription).order_by("pk"))
    place = {"app": apps[0].code, "region": apps[0].region} if apps else {}
    for window in windows:
        for code in sorted(meters.keys() & set(window.meters)):
            meter, only = meters[code], window.period if times[code] > 1 else None
            values = live_values(subscription, window.covered, [code], window.grains, estimated_at=at)
            rows = lively(values, {code: meter.kind}, zone, only).get(code, ())
            measured = Measured(meter.kind, rows, zone, _is_by_day(meter, window), place, only)
            seen = _outlook(meter, window, measured, [app.pk for app in apps], at)
            yield _Counted(meter, window, measured, seen)


def _is_by_day(meter: Meter, window: Window) -> bool:
    grain = window.grains.get(meter.code)
    return meter.kind != MeterKind.UNIQUE and (grain is None or not (grain.cuts_days or grain.worth))


def _outlook(meter: Meter, window: Window, measured: Measured, apps: list[int], at: datetime) -> Outlook:
    """Return the outlook of a window under way, in what its events are worth; an ended one is certain."""
    floor, zone = _total(meter, measured.rows), measured.zone
    if at not in window.covered:
        return Outlook(floor, floor, floor, 0)
    grain = window.grains.get(meter.code)
    if grain is None or grain.worth is None:
        guessed = _estimated_days(measured.rows)
        return outlook(apps, meter, window.covered, zone, so_far=floor, at=at, estimated=guessed)
    first = local_date(window.covered.start, zone)
    days = [value for _day, value in daily_series(apps, meter.code, first, local_date(at, zone), zone)]
    raw = max(days) if meter.kind == MeterKind.GAUGE else add_up(days)
    seen = outlook(apps, meter, window.covered, zone, so_far=raw, at=at)
    with localcontext(STEADY):
        return seen.times(floor / raw) if raw else Outlook(floor, floor, floor, 0)


def _estimated_days(rows: Sequence[Observation]) -> dict[date, Decimal]:
    """Return what stands in for missing reports, by day."""
    found: dict[date, Decimal] = {}
    for row in rows:
        if ESTIMATE in row.attributes and "day" in row.attributes:
            day = date.fromisoformat(row.attributes["day"])
            found[day] = add_up([found.get(day, Decimal(0)), row.value])
    return found


def _total(meter: Meter, rows: Sequence[Observation]) -> Decimal:
    """Return what the portal calls used: added up, or each app's peak added."""
    if meter.kind != MeterKind.GAUGE:
        return add_up([row.value for row in rows])
    peaks: dict[str, Decimal] = {}
    for row in rows:
        app = row.attributes["app"]
        peaks[app] = max(peaks.get(app, row.value), row.value)
    return add_up(list(peaks.values()))


def _quantities(counted: Sequence[_Counted], rows: Callable[[_Counted], list[Observation]]) -> Quantities:
    found: dict[str, list[Observation]] = {}
    for one in counted:
        found.setdefault(one.meter.code, []).extend(rows(one))
    return found


def _sum(parts: Sequence[Part], quantities: Quantities) -> int:
    return sum(line.amount for line in estimated(parts, quantities))


def _asked(work: Callable[[], T]) -> T | None:
    """Return what rating gives; None where usage to come cannot be rated: the bill so far can."""
    try:
        return work()
    except DomainError:
        return None


def _cliffs(
    parts: Sequence[Part], counted: Sequence[_Counted], currency: str, at: datetime
) -> Iterator[CliffNear]:
    """Yield the next jump of each meter within what its high figure, or a tenth more than now, still adds."""
    for one in counted:
        if at not in one.window.covered:
            continue
        reach = max(one.outlook.high - one.outlook.floor, one.outlook.floor * TENTH)
        cost = _cost_of(one, parts, counted, currency, at)
        found = _asked(partial(next_cliff, cost, min(int(reach), MOST_REACH)))
        if found is not None:
            yield CliffNear(one.meter, found.distance, found.jump, currency)


def _cost_of(
    one: _Counted, parts: Sequence[Part], counted: Sequence[_Counted], currency: str, at: datetime
) -> Callable[[int], int]:
    """Return the bill as a function of further units of one meter."""
    today = local_date(at, one.measured.zone)

    def rows(other: _Counted, units: int) -> list[Observation]:
        more = other is one and units
        return with_more(other.measured, Decimal(units), today) if more else list(other.measured.rows)

    return lambda units: _bill(parts, _quantities(counted, lambda other: rows(other, units)), currency)


def _bill(parts: Sequence[Part], quantities: Mapping[str, Sequence[Observation]], currency: str) -> int:
    """Return the bill in minor units; of one part without the derivations, which nobody reads here."""
    if len(parts) != 1:
        return _sum(parts, quantities)
    part = parts[0]
    with exact():
        total = add_up(list(amounts(part.view.terms, quantities, part.dues, part.view.context).values()))
    return to_minor(total, currency)
