"""The doors for absolute reports: a day or a period by its address, many at once, and reading them back."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans import clock
from plans.errors import NotFound
from plans.models import Meter
from plans.ratio import plain
from subscriptions.models.keys import Scope
from usage import api_schema_reports as schema
from usage import services
from usage.api import apps_of
from usage.api_bodies import JSON, item, media_type, read_body, sentence
from usage.api_limits import KeyBucket
from usage.api_pages import cursor_of, day_or_instant, limit_of, page, text_of
from usage.api_views import ProviderView, UsageView, principal
from usage.errors import ItemRefused, ParameterInvalid, UsageReportConflict
from usage.models import UsageReport
from usage.parsing import Refusal
from usage.parsing_json import read_object
from usage.parsing_usage_reports import NO_REGION, parse_report, parse_reports, read_address
from usage.parsing_values import Refused
from usage.selectors_reports import report_history, report_rows

KNOWN = {JSON: False}
CONFLICTS = ("report_conflict", "report_overlaps")


class ReportView(UsageView):
    """One report by its address. Only provider keys write; a customer's key reads its own apps'."""

    scopes = {"PUT": Scope.USAGE_WRITE, "GET": Scope.USAGE_READ}
    throttle_classes = [KeyBucket]

    def check_permissions(self, request: Request) -> None:
        """Refuse to let a customer report its own usage, whatever its key's scopes say."""
        super().check_permissions(request)
        if request.method == "PUT":
            ProviderView.refuse_customers(request)

    def _put(self, request: Request, address: Mapping[str, str]) -> Response:
        at, key = clock.now(), principal(request)
        try:
            said = parse_report(address, _read(request._request))
        except Refused as no:
            raise _refused(Refusal(0, "", no.code, no.field, no.limit)) from None
        backfill = Scope.USAGE_BACKFILL in key.scopes
        (verdict,) = services.report_usage([said], at=at, by=key.actor, backfill=backfill)
        if verdict.refusal is not None:
            raise _refused(verdict.refusal)
        body = {"status": verdict.status, "revision": verdict.revision, "current_revision": verdict.current}
        return Response(body, status=201 if verdict.status == "accepted" else 200)

    def _get(self, request: Request, address: Mapping[str, str]) -> Response:
        try:
            where = read_address(address)
        except Refused:
            raise NotFound from None
        place = address["app"], address["meter"], address.get("region", "")
        if any("\0" in part for part in place):
            raise NotFound
        rows = report_history(*place, where, principal(request).customer_id)
        return Response({**_shown(rows[0]), "history": [_revision(row) for row in rows]})


class DayReportView(ReportView):
    """What one app used of one meter on one day of the billing zone."""

    @extend_schema(**schema.PUT_DAY)
    def put(self, request: Request, app: str, meter: str, region: str, day: str) -> Response:
        """Say the figure of a day; the highest revision counts."""
        return self._put(request, _day_address(app, meter, region, day))

    @extend_schema(**schema.GET_DAY)
    def get(self, request: Request, app: str, meter: str, region: str, day: str) -> Response:
        """Answer the current revision and all earlier ones."""
        return self._get(request, _day_address(app, meter, region, day))


class PeriodReportView(ReportView):
    """What one app used of one meter in one billing period."""

    @extend_schema(**schema.PUT_PERIOD)
    def put(self, request: Request, app: str, meter: str, period: str) -> Response:
        """Say the figure of a period, with its evidence; the highest revision counts."""
        return self._put(request, {"app": app, "meter": meter, "period": period})

    @extend_schema(**schema.GET_PERIOD)
    def get(self, request: Request, app: str, meter: str, period: str) -> Response:
        """Answer the current revision and all earlier ones."""
        return self._get(request, {"app": app, "meter": meter, "period": period})


class ReportsView(ReportView):
    """Many reports in one request, and reading them."""

    scopes = {"POST": Scope.USAGE_WRITE, "GET": Scope.USAGE_READ}

    def check_permissions(self, request: Request) -> None:
        """Refuse customers who report."""
        super().check_permissions(request)
        if request.method == "POST":
            ProviderView.refuse_customers(request)

    @extend_schema(**schema.POST_MANY)
    def post(self, request: Request) -> Response:
        """Take up to 1,000 reports; one bad item never takes the others along."""
        at, key = clock.now(), principal(request)
        media_type(request._request, {JSON: True})
        _sent, said, refused = parse_reports(read_body(request._request, {JSON: True}))
        backfill = Scope.USAGE_BACKFILL in key.scopes
        verdicts = services.report_usage(said, at=at, by=key.actor, backfill=backfill) if said else []
        refused = [*refused, *(one.refusal for one in verdicts if one.refusal is not None)]
        outdated = [one for one in verdicts if one.status == "outdated"]
        body = {
            "accepted": sum(one.status == "accepted" for one in verdicts),
            "duplicates": sum(one.status == "duplicate" for one in verdicts),
            "outdated": [
                {"index": one.index, "id": one.address, "revision": one.revision, "current": one.current}
                for one in outdated
            ],
            "rejected": [item(one) for one in sorted(refused, key=lambda refusal: refusal.index)],
        }
        return Response(body)

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        """Answer a page of reports, every revision, in the order they came in."""
        asked, limit = request.query_params, limit_of(request.query_params)
        meter = text_of(asked, "meter") or ""
        if meter and not Meter.objects.filter(code=meter).exists():
            raise NotFound
        rows = report_rows(
            apps_of(principal(request).customer_id, text_of(asked, "app")),
            meter=meter,
            first=edge_of(asked, "from"),
            last=edge_of(asked, "to"),
            after=after_of(asked),
            limit=limit + 1,
        )
        return Response(page(rows, limit, key=lambda row: [str(row.pk)], shown=_listed))


def _day_address(app: str, meter: str, region: str, day: str) -> dict[str, str]:
    return {"app": app, "meter": meter, "region": "" if region == NO_REGION else region, "day": day}


def _read(request: HttpRequest) -> dict[str, Any]:
    media_type(request, KNOWN)
    return read_object(read_body(request, KNOWN))


def _refused(refusal: Refusal) -> ItemRefused:
    told = item(refusal)
    errors = [{name: told[name] for name in ("field", "code", "detail")}]
    kind = UsageReportConflict if refusal.code in CONFLICTS else ItemRefused
    return kind(code=refusal.code, detail=sentence(refusal), errors=errors)


def edge_of(asked: Mapping[str, str], name: str) -> datetime | None:
    """Return an instant, or the beginning of a UTC day."""
    given = text_of(asked, name)
    if not given:
        return None
    found = day_or_instant(name, given)
    return found if isinstance(found, datetime) else datetime(found.year, found.month, found.day, tzinfo=UTC)


def after_of(asked: Mapping[str, str]) -> int:
    """Return the number that the cursor stands for; 0 without one."""
    key = cursor_of(asked, 1)
    if key is None:
        return 0
    if not (key[0].isascii() and key[0].isdecimal() and len(key[0]) < 19):
        raise ParameterInvalid(name="cursor", reason=schema.CURSOR_REASON)
    return int(key[0])


def _shown(row: UsageReport) -> dict[str, Any]:
    return {
        "app": row.app.code,
        "meter": row.meter.code,
        "region": row.region,
        "kind": row.kind,
        row.kind: row.label,
        "start": _iso(row.span.lower),
        "end": _iso(row.span.upper),
        "zone": row.app.customer.billing_zone,
        **_revision(row),
    }


def _listed(row: UsageReport) -> dict[str, Any]:
    return _shown(row)


def _revision(row: UsageReport) -> dict[str, Any]:
    return {
        "revision": row.revision,
        "value": plain(row.value),
        "evidence": row.evidence,
        "evidence_hash": row.evidence_hash,
        "reported_at": _iso(row.reported_at),
    }


def _iso(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
