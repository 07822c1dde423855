"""The usage API: report availability, read usage and meters. Events have a door of their own."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, cast

from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from plans import clock
from plans.errors import NotFound
from plans.models import Meter
from plans.ratio import plain
from subscriptions.models import App
from subscriptions.models.keys import Scope
from usage import api_schema as schema
from usage import api_schema_reads as schema_reads
from usage import services
from usage.api_bodies import JSON, media_type, read_body, sentence
from usage.api_csv import CsvPage, linked
from usage.api_limits import KeyBucket
from usage.api_pages import cursor_of, day_or_instant, first_of, last_of, limit_of, page, text_of, word_of
from usage.api_views import ProviderView, UsageView, principal
from usage.errors import ItemRefused
from usage.parsing import Refusal
from usage.parsing_reports import parse_availability
from usage.parsing_values import Refused
from usage.selectors import complete_through
from usage.selectors_hours import hour_rows, recent
from usage.selectors_pages import Key, UsageQuery, UsageRow, usage_rows


class AvailabilityView(ProviderView):
    """Report how available an app was over a window; a correction is the next revision."""

    scopes = {"POST": Scope.AVAILABILITY_WRITE}
    throttle_classes = [KeyBucket]

    @extend_schema(**schema.AVAILABILITY)
    def post(self, request: Request) -> Response:
        """Take one report; the same one again is a duplicate."""
        at, known = clock.now(), {JSON: False}
        media_type(request._request, known)
        try:
            report = parse_availability(read_body(request._request, known))
            row, created = services.report_availability(report, at=at, by=principal(request).actor)
        except Refused as no:
            detail = sentence(Refusal(0, "", no.code, no.field, no.limit))
            told = {"field": no.field, "code": no.code, "detail": detail}
            raise ItemRefused(code=no.code, detail=detail, errors=[told]) from None
        body = {"status": "accepted" if created else "duplicate", "revision": row.revision}
        return Response(body, status=201 if created else 200)


class UsageListView(UsageView):
    """Read usage by hour, day or month; a customer's key sees its own apps."""

    scopes = {"GET": Scope.USAGE_READ}
    renderer_classes = [JSONRenderer, CsvPage]
    columns = ("start", "end", "zone", "app", "meter", "region", "value")

    @extend_schema(**schema_reads.USAGE)
    def get(self, request: Request) -> Response:
        """Return a page of usage."""
        at, asked = clock.now(), request.query_params
        apps, limit = apps_of(principal(request).customer_id, text_of(asked, "app")), limit_of(asked)
        window = word_of(asked, "window", ("day", "hour", "month"))
        query = UsageQuery(
            apps=apps,
            first=first_of(asked, at),
            last=last_of(asked, at),
            meter=_known_meter(text_of(asked, "meter")),
            region=text_of(asked, "region"),
            window=cast("Literal['day', 'month']", window),
            after=_after(asked),
            limit=limit + 1,
        )
        through = complete_through(apps, at=at)  # read first: what is folded in between is in the rows
        if window == "hour":
            rows = hour_rows(query if asked.get("from") else recent(query, at))
        else:
            rows = usage_rows(query)
        body = page(rows, limit, key=lambda row: row.key, shown=_usage_row)
        return linked(request, {**body, "complete_through": iso(through)})


class MeterListView(UsageView):
    """Read what is counted, and which events feed it."""

    scopes = {"GET": Scope.USAGE_READ}

    @extend_schema(**schema_reads.METERS)
    def get(self, request: Request) -> Response:
        """Return a page of meters."""
        limit, after = limit_of(request.query_params), cursor_of(request.query_params, 1)
        rows = Meter.objects.filter(code__gt=after[0] if after else "").order_by("code")
        return Response(page(list(rows[: limit + 1]), limit, key=lambda m: [m.code], shown=_meter))


def apps_of(customer_id: int | None, code: str | None) -> list[int] | None:
    """Return the apps a key asks about, None for all; a stranger's app is not there."""
    apps = App.objects.all() if customer_id is None else App.objects.filter(customer=customer_id)
    if code:
        found = list(apps.filter(code=code).values_list("pk", flat=True))
        if not found:
            raise NotFound
        return found
    return None if customer_id is None else list(apps.values_list("pk", flat=True))


def _after(asked: Mapping[str, str]) -> Key | None:
    key = cursor_of(asked, 4)
    if key is None:
        return None
    day_or_instant("cursor", key[0])
    return key[0], key[1], key[2], key[3]


def _known_meter(code: str | None) -> str:
    if code and not Meter.objects.filter(code=code).exists():
        raise NotFound
    return code or ""


def _usage_row(row: UsageRow) -> dict[str, Any]:
    _day, app, meter, region = row.key
    return {
        "meter": meter,
        "app": app,
        "region": region,
        "start": iso(row.start),
        "end": iso(row.end),
        "zone": row.zone,
        "value": plain(row.value),
    }


def _meter(meter: Meter) -> dict[str, Any]:
    return {
        "code": meter.code,
        "name": meter.name_i18n,
        "kind": meter.kind,
        "source": meter.source,
        "unit": meter.unit,
        "event_type": meter.event_type,
        "value_property": meter.value_property,
        "user_property": meter.unique_property,
        "dimensions": meter.dimensions,
    }


def iso(instant: datetime) -> str:
    """Return an instant as the API writes it."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
