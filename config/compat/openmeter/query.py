"""A meter's usage by windows and groups, read from the raw events as OpenMeter reads them."""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any, cast
from zoneinfo import available_timezones

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, QueryDict
from django.utils.translation import gettext as _
from rest_framework.request import Request

from config.compat.door import apps_of, iso
from config.compat.openmeter.door import OpenMeterView, told
from config.compat.openmeter.meters import groups_of, meter_of
from config.compat.openmeter.parameters import filters_of, instant_of, texts_of
from plans import clock
from plans.models import Meter
from plans.ratio import plain
from subscriptions.models.keys import Scope
from usage.api_bodies import JSON, media_type, read_body
from usage.errors import ParameterInvalid
from usage.parsing_json import read_object
from usage.parsing_values import Refused, instant, text
from usage.selectors_windows import Unit, WindowQuery, WindowRow, window_rows

WINDOWS = ("MINUTE", "HOUR", "DAY", "MONTH")
LISTS = ("subject", "groupBy", "filterCustomerId")
TEXTS = ("windowSize", "windowTimeZone", "clientId")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, whichever way it was sent."""

    first: datetime | None
    last: datetime | None
    size: str
    zone: str
    subjects: list[str]
    customers: list[str]
    by: list[str]
    filters: Mapping[str, list[str]]


class QueryView(OpenMeterView):
    """The usage of one meter."""

    scopes = {"GET": Scope.USAGE_READ, "POST": Scope.USAGE_READ}

    def get(self, request: Request, slug: str) -> HttpResponse:
        """Answer what the address asks."""
        return self._answer(request, meter_of(slug), _from_address(request.query_params))

    def post(self, request: Request, slug: str) -> HttpResponse:
        """Answer what the body asks; an empty one asks for everything."""
        meter, tree = meter_of(slug), {}
        if request._request.body:
            media_type(request._request, {JSON: False})
            tree = read_object(read_body(request._request, {JSON: False}))
        return self._answer(request, meter, _from_body(tree))

    def _answer(self, request: Request, meter: Meter, asked: Asked) -> HttpResponse:
        query = _query(meter, asked, apps_of(request), clock.now())
        rows = window_rows(query)
        if not rows and asked.size == "" and not query.by:
            rows = [WindowRow(query.first, query.last, {}, "UTC", Decimal(0))]
        if request.headers.get("Accept", "").startswith("text/csv"):
            return _csv(rows, query.by)
        body: dict[str, Any] = {"data": [_row(row) for row in rows]}
        body |= {name: iso(at) for name, at in (("from", asked.first), ("to", asked.last)) if at}
        return told({**body, "windowSize": asked.size} if asked.size else body)


def _from_address(given: QueryDict) -> Asked:
    if given.get("advancedMeterGroupByFilters"):
        raise _not_here("advancedMeterGroupByFilters")
    return Asked(
        first=instant_of(given, "from"),
        last=instant_of(given, "to"),
        size=given.get("windowSize") or "",
        zone=given.get("windowTimeZone") or "UTC",
        subjects=texts_of(given, "subject"),
        customers=texts_of(given, "filterCustomerId"),
        by=texts_of(given, "groupBy"),
        filters=filters_of(given),
    )


def _from_body(tree: Mapping[str, Any]) -> Asked:
    if tree.get("advancedMeterGroupByFilters"):
        raise _not_here("advancedMeterGroupByFilters")
    lists = {name: _texts(name, tree.get(name)) for name in LISTS}
    texts = {name: _texts(name, [tree[name]])[0] for name in TEXTS if tree.get(name)}
    filters = tree.get("filterGroupBy") or {}
    if not isinstance(filters, dict):
        raise ParameterInvalid(name="filterGroupBy", reason=_("it is an object of lists of texts"))
    return Asked(
        first=_instant("from", tree.get("from")),
        last=_instant("to", tree.get("to")),
        size=texts.get("windowSize", ""),
        zone=texts.get("windowTimeZone", "UTC"),
        subjects=lists["subject"],
        customers=lists["filterCustomerId"],
        by=lists["groupBy"],
        filters={name: _texts("filterGroupBy", values) for name, values in filters.items()},
    )


def _texts(name: str, given: Any) -> list[str]:
    values = [] if given is None else given
    if not isinstance(values, list):
        raise _wrong(name)
    try:
        return [text(one, name, longest=200) for one in values]
    except Refused:
        raise _wrong(name) from None


def _instant(name: str, given: Any) -> datetime | None:
    try:
        return None if given is None else instant(given, name)
    except Refused:
        raise ParameterInvalid(
            name=name, reason=_("it is an instant with its offset, such as 2026-11-01T00:00:00Z")
        ) from None


def _query(meter: Meter, asked: Asked, apps: list[int] | None, at: datetime) -> WindowQuery:
    """Check what is asked. Without an end it reaches to the newest event that is taken; without a beginning
    as far back as events are taken."""
    last = asked.last or at + timedelta(minutes=settings.USAGE_WINDOW_AHEAD_MINUTES)
    known = ["subject", "customer_id", *groups_of(meter)]
    for name, named in (("groupBy", asked.by), ("filterGroupBy", asked.filters)):
        if strange := next((one for one in named if one not in known), None):
            reason = _("%(given)s is none of: %(words)s") % {"given": strange[:64], "words": ", ".join(known)}
            raise ParameterInvalid(name=name, reason=reason)
    if asked.size and asked.size not in WINDOWS:
        reason = _("it is one of: %(words)s") % {"words": ", ".join(WINDOWS)}
        raise ParameterInvalid(name="windowSize", reason=reason)
    by = [*asked.by, *(["subject"] if asked.subjects else [])]
    return WindowQuery(
        meter=meter,
        first=asked.first or last - timedelta(days=settings.USAGE_WINDOW_BACK_DAYS),
        last=last,
        unit=cast("Unit", asked.size.lower()) if asked.size else None,
        zone=_zone(asked.zone),
        apps=apps,
        codes=asked.subjects or None,
        customers=asked.customers or None,
        by=tuple(dict.fromkeys(by)),
        filters=asked.filters,
    )


def _zone(given: str) -> str:
    if given in _zones():
        return given
    raise ParameterInvalid(name="windowTimeZone", reason=_("it is an IANA name such as Asia/Shanghai"))


@cache
def _zones() -> frozenset[str]:
    """Return the names that both the database and this process know."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        return frozenset(name for (name,) in cursor.fetchall()) & available_timezones()


def _row(row: WindowRow) -> dict[str, Any]:
    groups = {name: value or "" for name, value in row.by.items()}
    return {
        "value": row.value,
        "windowStart": iso(row.start),
        "windowEnd": iso(row.end),
        "subject": groups.pop("subject", None),
        "groupBy": groups,
    }


def _csv(rows: list[WindowRow], by: tuple[str, ...]) -> HttpResponse:
    names = [name for name in by if name != "subject"]
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["window_start", "window_end", "subject", *names, "value"])
    for row in rows:
        groups = [row.by[name] or "" for name in names]
        subject = row.by.get("subject") or ""
        writer.writerow([iso(row.start), iso(row.end), subject, *groups, plain(row.value)])
    return HttpResponse(out.getvalue(), content_type="text/csv")


def _wrong(name: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, reason=_("it is a list of texts"))


def _not_here(name: str) -> ParameterInvalid:
    return ParameterInvalid(name=name, reason=_("it is not supported here; use filterGroupBy"))
