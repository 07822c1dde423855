"""Where absolute reports belong: the app, the meter, and the instants of the day or period."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection

from plans.models.meters import MeterKind, MeterSource
from plans.timespan import Period, local_midnight, shift_months
from subscriptions.anchors import edge_at, index_at, period_at
from usage.literals import array
from usage.parsing_usage_reports import SaidReport
from usage.parsing_values import Refused
from usage.report_periods import LENGTHS, Spelled

DAY = timedelta(days=1)
WHOLE = (MeterKind.COUNT, MeterKind.UNIQUE)  # kinds whose figure is a number of things
MOST_COUNTED = 10**15
FEEDS = {MeterSource.DAILY_REPORTS: False, MeterSource.PERIOD_REPORTS: True}  # source -> reports a period

_CODES = """
SELECT TRUE, a.id, a.code, c.billing_zone, '', a.customer_id FROM subscriptions_app a
JOIN subscriptions_customer c ON c.id = a.customer_id WHERE a.code = ANY (%(apps)s)
UNION ALL
SELECT FALSE, m.id, m.code, m.kind, m.source, 0 FROM plans_meter m WHERE m.code = ANY (%(meters)s)
"""
_AGREEMENTS = """
SELECT a.id, s.anchor, lower(s.span), upper(s.span),
       ARRAY(SELECT DISTINCT
                    CASE WHEN c ->> 'every' <> 'term' THEN c ->> 'every'
                         WHEN c ->> 'every' = 'term' AND s.term = 'annual' THEN 'year' ELSE 'month' END
                    || '/' || coalesce(c ->> 'anchor', 'anniversary')
             FROM subscriptions_subscriptionphase p JOIN plans_planversion v ON v.id = p.plan_version_id,
                  jsonb_array_elements(v.terms -> 'charges') c
             WHERE p.subscription_id = s.id AND c ? 'of')
FROM subscriptions_app a JOIN subscriptions_subscription s
  ON s.customer_id = a.customer_id AND (s.app_id IS NULL OR s.app_id = a.id)
WHERE a.id = ANY (%(apps)s::bigint[])
"""


@dataclass(frozen=True, slots=True)
class AppPlace:
    """An app with the zone of its customer."""

    id: int
    code: str
    zone: ZoneInfo
    customer: int


@dataclass(frozen=True, slots=True)
class MeterPlace:
    """A meter with how it counts and what feeds it."""

    id: int
    code: str
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a period of an app may be measured against."""

    anchor: datetime
    start: datetime
    end: datetime | None
    counts_by: list[str]  # how often, and from where, its charges count: month/anniversary, year/calendar

    def counts(self, months: int, *, by_calendar: bool) -> bool:
        """Tell whether a charge counts periods of so many months; all are shown by its own months."""
        anchor = "calendar" if by_calendar else "anniversary"
        return (months == 1 and not by_calendar) or f"{LENGTHS[months]}/{anchor}" in self.counts_by


@dataclass(frozen=True, slots=True)
class Places:
    """What the codes of some reports stand for."""

    apps: dict[str, AppPlace]
    meters: dict[str, MeterPlace]
    agreed: dict[int, list[Agreed]]  # by app, for reports of periods


def look_up(said: Iterable[tuple[str, str]], *, periods: bool) -> Places:
    """Return what (app, meter) codes stand for, in one statement, and a second where periods are reported."""
    pairs = list(said)
    found = Places({}, {}, {})
    with connection.cursor() as cursor:
        asked = {"apps": [app for app, _meter in pairs], "meters": [meter for _app, meter in pairs]}
        cursor.execute(_CODES, asked)
        for is_app, pk, code, second, source, customer in cursor.fetchall():
            if is_app:
                found.apps[code] = AppPlace(pk, code, ZoneInfo(second), customer)
            else:
                found.meters[code] = MeterPlace(pk, code, second, source)
        if periods:
            cursor.execute(_AGREEMENTS, {"apps": array(str(app.id) for app in found.apps.values())})
            for app, *row in cursor.fetchall():
                found.agreed.setdefault(app, []).append(Agreed(*row))
    return found


def placed(places: Places, app: str, meter: str) -> tuple[AppPlace, MeterPlace]:
    """Return the app and meter of two codes; raises Refused."""
    if app not in places.apps:
        raise Refused("no_such_app", "app")
    if meter not in places.meters:
        raise Refused("no_such_meter", "meter")
    return places.apps[app], places.meters[meter]


def check_feed(meter: MeterPlace, said: SaidReport) -> None:
    """Refuse a report for a meter that is fed otherwise, or that the meter cannot count."""
    if FEEDS.get(MeterSource(meter.source)) is not said.is_period:
        raise Refused("fed_otherwise", "meter", meter.source)
    if meter.kind == MeterKind.UNIQUE and not said.is_period:
        raise Refused("days_of_users", "meter")
    if meter.kind in WHOLE and said.value != said.value.to_integral_value():
        raise Refused("not_whole", "value")
    if meter.kind in WHOLE and said.value >= MOST_COUNTED:
        raise Refused("out_of_range", "value")


def span_of(app: AppPlace, agreed: Sequence[Agreed], said: Spelled) -> Period:
    """Return the instants that a report is about; raises Refused for a period that nobody bills by.

    A day is one of the customer's billing zone. A month, quarter, half-year or year is the calendar's where a
    charge counts so; else, and where a first day is given, one of an agreement, counted from its anchor. A
    period across an edge of the agreement is refused, not shared out.
    """
    start = local_midnight(said.day, app.zone)
    if not said.is_period:
        end = local_midnight(said.day + DAY, app.zone)
        if start == end:
            raise Refused("invalid_day", "day")  # the zone skipped it
        return Period(start, end)
    months = said.months
    whole = Period(start, local_midnight(shift_months(said.day, months), app.zone))
    known = [one for one in agreed if one.start < whole.end and (one.end is None or one.end > start)]
    if said.by_calendar and any(one.counts(months, by_calendar=True) for one in known):
        return whole
    fitting = [one for one in known if one.counts(months, by_calendar=False)]
    if known and not fitting:
        raise Refused("not_counted_so", "period", LENGTHS[months])
    for one in fitting:
        k = index_at(one.anchor, app.zone, start, months)
        if edge_at(one.anchor, app.zone, k, months=months) == start:
            return period_at(one.anchor, app.zone, k, months)
    raise Refused("across_an_edge", "period", ", ".join(_edges(fitting, whole, app.zone, months)) or "–")


def _edges(known: Iterable[Agreed], about: Period, zone: ZoneInfo, months: int) -> list[str]:
    """Return the days, of about then, on which periods of the agreements begin."""
    found = set()
    for one in known:
        k = index_at(one.anchor, zone, about.start, months)
        edges = (edge_at(one.anchor, zone, k + n, months=months) for n in range(2))
        found |= {edge.astimezone(zone).date() for edge in edges}
    return [day.isoformat() for day in sorted(found)]
