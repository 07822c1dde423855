"""Reads of absolute reports: one place with its history, and pages of them."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from plans.errors import NotFound
from usage.models import UsageReport
from usage.parsing_values import Refused
from usage.report_periods import Spelled
from usage.report_places import AppPlace, MeterPlace, look_up, placed, span_of

History = list[UsageReport]


def report_history(
    app: str,
    meter: str,
    region: str,
    address: Spelled,
    customer_id: int | None,
) -> History:
    """Return every revision of one place, the current one first; NotFound for a stranger's or none."""
    places = look_up([(app, meter)], periods=address.is_period)
    try:
        of, counted = placed(places, app, meter)
        agreed = places.agreed.get(of.id, ())
        span = span_of(of, agreed, address)
    except Refused:
        return _by_label(app, meter, region, address.label, customer_id)
    if customer_id is not None and of.customer != customer_id:
        raise NotFound
    rows = _of(of, counted, region).filter(span=(span.start, span.end))
    return _found(rows) or _by_label(app, meter, region, address.label, customer_id)


def _of(app: AppPlace, meter: MeterPlace, region: str) -> QuerySet[UsageReport]:
    return UsageReport.objects.filter(app=app.id, meter=meter.id, region=region).select_related(
        "app__customer", "meter"
    )


def _by_label(app: str, meter: str, region: str, label: str, customer_id: int | None) -> History:
    """Return what was addressed by the same words; edges may have moved since."""
    rows = UsageReport.objects.filter(app__code=app, meter__code=meter, region=region, label=label)
    rows = rows if customer_id is None else rows.filter(app__customer=customer_id)
    found = _found(rows.select_related("app__customer", "meter"))
    if not found:
        raise NotFound
    return found


def _found(rows: QuerySet[UsageReport]) -> History:
    return list(rows.order_by("-revision"))


def report_rows(
    apps: Collection[int] | None,
    *,
    meter: str = "",
    first: datetime | None = None,
    last: datetime | None = None,
    after: int = 0,
    limit: int,
) -> History:
    """Return up to `limit` reports (every revision) that were stored after one, in the order of storing."""
    rows = UsageReport.objects.filter(pk__gt=after).select_related("app__customer", "meter")
    if apps is not None:
        rows = rows.filter(app__in=list(apps))
    if meter:
        rows = rows.filter(meter__code=meter)
    if first is not None:
        rows = rows.filter(span__endswith__gt=first)
    if last is not None:
        rows = rows.filter(span__startswith__lt=last)
    return list(rows.order_by("pk")[:limit])
