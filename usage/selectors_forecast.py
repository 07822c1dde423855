"""What is known of a meter's days, and the outlook made of it for a period's end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.money import add_up
from plans.timespan import MICROSECOND, Period, local_date, local_midnight
from usage.expecting import missing_days
from usage.forecast import DAY, WEEKS, Outlook, adding, days_between, joining, peaking
from usage.literals import array
from usage.models import MissingPolicy
from usage.reported import is_reported
from usage.selectors import daily_series

_NEW_USERS = """
SELECT first, count(*) FROM (
    SELECT min(day) AS first FROM usage_distinctuser
    WHERE app_id = ANY (%(apps)s::bigint[]) AND meter_id = %(meter)s AND day BETWEEN %(start)s AND %(end)s
    GROUP BY app_id, user_digest
) seen GROUP BY first
"""


@dataclass(frozen=True, slots=True)
class Span:
    """A period as days of the billing zone, and the day under way."""

    first: date
    last: date
    today: date

    @classmethod
    def of(cls, period: Period, zone: ZoneInfo, at: datetime) -> "Span":
        """Return the days of a period; `at` lies in it."""
        return cls(
            local_date(period.start, zone), local_date(period.end - MICROSECOND, zone), local_date(at, zone)
        )


def outlook(
    apps: Sequence[int],
    meter: Meter,
    period: Period,
    zone: ZoneInfo,
    *,
    so_far: Decimal,
    at: datetime,
    estimated: Mapping[date, Decimal] | None = None,
) -> Outlook:
    """Return what a meter will have come to when the period that `at` lies in ends; `so_far` is its floor.

    `estimated` is what stands in for missing reports of days. Missing days without one are left out of the
    averages, as they would count as 0.
    """
    span = Span.of(period, zone, at)
    if meter.kind == MeterKind.UNIQUE:
        return _joining(apps, meter, span, so_far)
    known = dict(daily_series(apps, meter.code, span.today - WEEKS * 7 * DAY, span.today, zone))
    for day, value in (estimated or {}).items():
        known[day] = add_up([known.get(day, Decimal(0)), value])
    judge = peaking if meter.kind == MeterKind.GAUGE else adding
    unknown = _not_reported(apps, meter, span, zone, estimated or {})
    return judge(so_far, known, span.today, span.last, unknown)


def _not_reported(
    apps: Sequence[int], meter: Meter, span: Span, zone: ZoneInfo, estimated: Mapping[date, Decimal]
) -> set[date]:
    """Return the days learnt from that some app still owes, and that nothing stands in for."""
    if not is_reported(meter):
        return set()
    start = local_midnight(span.today - WEEKS * 7 * DAY, zone)
    learnt = Period(start, local_midnight(span.today, zone))
    owed = missing_days(learnt, apps=apps, meters=[meter.code])
    return {one.day for one in owed if one.policy == MissingPolicy.HOLD or one.day not in estimated}


def _joining(apps: Sequence[int], meter: Meter, span: Span, so_far: Decimal) -> Outlook:
    known = _new_users(apps, meter, span.first, span.today)
    length = (span.last - span.first).days + 1
    earlier = _new_users(apps, meter, span.first - length * DAY, span.first - DAY)
    days = days_between(span.first - length * DAY, span.first - DAY)
    before = [earlier.get(day, Decimal(0)) for day in days] if earlier else []
    return joining(so_far, known, before, span.first, span.today, span.last)


def _new_users(apps: Sequence[int], meter: Meter, first: date, last: date) -> Mapping[date, Decimal]:
    """Return how many users each day brought that no earlier day of the span had."""
    values: dict[str, Any] = {
        "apps": array(str(app) for app in apps),
        "meter": meter.pk,
        "start": first,
        "end": last,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEW_USERS, values)
        return {day: Decimal(count) for day, count in cursor.fetchall()}
