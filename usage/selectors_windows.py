"""Usage by windows of any zone, read from the raw events: every committed one, folded or not.

Exact and up to the second, and bounded: by the span, by the rows returned and by time. Figures over longer
spans come from the cells (selectors_pages).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from plans.models import Meter
from plans.models.meters import MeterKind
from plans.timespan import local_date, local_midnight, shift_months
from usage.dropped import refuse_dropped
from usage.errors import QueryTooWide
from usage.literals import array
from usage.voids import Seen, counted

Unit = Literal["minute", "hour", "day", "month"]
MOST_DAYS: dict[Unit | None, int] = {"minute": 3, "hour": 35, "day": 100, "month": 100, None: 100}
MOST_ROWS = 10_000
TIMEOUT = "15s"
STEPS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1)}
COLUMNS = {"subject": "a.code", "customer_id": "c.public_id", "region": "v.region"}

_WINDOWS = """
SELECT {bucket}, ARRAY[{by}]::text[], min(c.billing_zone), {value}
FROM usage_usageevent v
JOIN subscriptions_app a ON a.id = v.app_id JOIN subscriptions_customer c ON c.id = a.customer_id
WHERE v.meter_id = %(meter)s AND v.occurred_at >= %(first)s AND v.occurred_at < %(last)s
  AND (%(every)s OR v.app_id = ANY (%(apps)s::bigint[]))
  AND (%(codes)s::text[] IS NULL OR a.code = ANY (%(codes)s::text[]))
  AND (%(customers)s::text[] IS NULL OR c.public_id = ANY (%(customers)s::text[]))
  {filters} /*voids*/
GROUP BY 1, 2 ORDER BY 1, 2 LIMIT %(limit)s
"""
_VALUES = {
    MeterKind.COUNT: "count(*)",
    MeterKind.SUM: "sum(v.value)",
    MeterKind.GAUGE: "max(v.value)",
    MeterKind.UNIQUE: "count(DISTINCT v.user_digest)",  # keyed per app: no user is of two apps
}


@dataclass(frozen=True, slots=True)
class WindowQuery:
    """What is asked of one meter over [first, last).

    `by` and `filters` name dimensions of the meter, `region`, `subject` (the app) or `customer_id`; whoever
    asks has checked them. `zone` None: each customer's billing zone; `apps` None: all.
    """

    meter: Meter
    first: datetime
    last: datetime
    unit: Unit | None = None  # None: the whole span is one window
    zone: str | None = "UTC"
    apps: Collection[int] | None = None
    codes: Collection[str] | None = None
    customers: Collection[str] | None = None
    by: tuple[str, ...] = ()
    filters: Mapping[str, Collection[str]] = field(default_factory=dict)
    most: int = MOST_ROWS


@dataclass(frozen=True, slots=True)
class WindowRow:
    """One window of one group; what an event did not say is None in `by`."""

    start: datetime
    end: datetime
    by: dict[str, str | None]
    zone: str  # the billing zone of the customer; of several, of one of them
    value: Decimal


def window_rows(asked: WindowQuery) -> list[WindowRow]:
    """Return the windows that have events, earliest first; raises QueryTooWide, RawEventsDropped."""
    most = MOST_DAYS[asked.unit]
    if asked.last - asked.first > timedelta(days=most):
        raise QueryTooWide(days=most, rows=asked.most)
    try:
        rows = _read(asked)
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise QueryTooWide(days=most, rows=asked.most) from None
        raise
    refuse_dropped(asked.first, asked.last)
    if len(rows) > asked.most:
        raise QueryTooWide(days=most, rows=asked.most)
    return [_row(asked, *row) for row in rows]


def _read(asked: WindowQuery) -> list[tuple[Any, ...]]:
    by = [_column(name, f"by{n}") for n, name in enumerate(asked.by)]
    filters = [
        f"AND {_column(name, f'on{n}')} = ANY (%(among{n})s::text[])" for n, name in enumerate(asked.filters)
    ]
    zone = "c.billing_zone" if asked.zone is None else "%(zone)s"
    bucket = f"date_trunc(%(unit)s, v.occurred_at, {zone})" if asked.unit else "%(first)s::timestamptz"
    value = _VALUES[MeterKind(asked.meter.kind)]
    sql = _WINDOWS.format(bucket=bucket, by=", ".join(by), value=value, filters=" ".join(filters))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{TIMEOUT}'")
        cursor.execute(counted(sql, Seen.ALL), _parameters(asked))
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
    return rows


def _column(name: str, parameter: str) -> str:
    return COLUMNS.get(name, f"v.dims ->> %({parameter})s::text")


def _parameters(asked: WindowQuery) -> dict[str, Any]:
    return {
        "meter": asked.meter.pk,
        "first": asked.first,
        "last": asked.last,
        "unit": asked.unit,
        "zone": asked.zone,
        "every": asked.apps is None,
        "apps": array(str(app) for app in asked.apps or ()),
        "codes": None if asked.codes is None else list(asked.codes),
        "customers": None if asked.customers is None else list(asked.customers),
        "limit": asked.most + 1,
        **{f"by{n}": name for n, name in enumerate(asked.by)},
        **{f"on{n}": name for n, name in enumerate(asked.filters)},
        **{f"among{n}": list(values) for n, values in enumerate(asked.filters.values())},
    }


def _row(asked: WindowQuery, start: datetime, by: list[str | None], zone: str, value: Any) -> WindowRow:
    end = _end(asked, start, asked.zone or zone)
    return WindowRow(start, end, dict(zip(asked.by, by, strict=True)), zone, Decimal(value))


def _end(asked: WindowQuery, start: datetime, zone: str) -> datetime:
    if asked.unit is None:
        return asked.last
    if asked.unit in STEPS:
        return start + STEPS[asked.unit]
    known = ZoneInfo(zone)
    day = local_date(start, known)
    after = shift_months(day, 1) if asked.unit == "month" else day + timedelta(days=1)
    return local_midnight(after, known)
