"""The door for corrections of usage events: void, replace, and read what was corrected."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans import clock
from subscriptions.models.keys import Scope
from usage import api_schema_corrections as schema
from usage import services
from usage.api import apps_of, iso
from usage.api_bodies import JSON, item, media_type, read_body
from usage.api_limits import KeyBucket
from usage.api_pages import limit_of, page, text_of
from usage.api_reports import after_of, edge_of
from usage.api_views import ProviderView, UsageView, principal
from usage.parsing_corrections import parse_corrections
from usage.selectors_corrections import ShownVoid, correction_rows


class CorrectionsView(UsageView):
    """Take events out of the figures, or put others in their place; only provider keys may."""

    scopes = {"POST": Scope.USAGE_CORRECT, "GET": Scope.USAGE_READ}
    throttle_classes = [KeyBucket]

    def check_permissions(self, request: Request) -> None:
        """Refuse customers who correct."""
        super().check_permissions(request)
        if request.method == "POST":
            ProviderView.refuse_customers(request)

    @extend_schema(**schema.POST)
    def post(self, request: Request) -> Response:
        """Take up to 1,000 corrections; one bad item never takes the others along."""
        at, key = clock.now(), principal(request)
        media_type(request._request, {JSON: True})
        said, refused = parse_corrections(read_body(request._request, {JSON: True}))
        backfill = Scope.USAGE_BACKFILL in key.scopes
        verdicts = services.correct(said, at=at, by=key.actor, backfill=backfill) if said else []
        refused = [*refused, *(one.refusal for one in verdicts if one.refusal is not None)]
        body = {
            "accepted": sum(one.status == "accepted" for one in verdicts),
            "duplicates": sum(one.status == "duplicate" for one in verdicts),
            "rejected": [item(one) for one in sorted(refused, key=lambda refusal: refusal.index)],
        }
        return Response(body)

    @extend_schema(**schema.LIST)
    def get(self, request: Request) -> Response:
        """Answer a page of corrections, in the order they came in."""
        asked, limit = request.query_params, limit_of(request.query_params)
        rows = correction_rows(
            apps_of(principal(request).customer_id, text_of(asked, "app")),
            first=edge_of(asked, "from"),
            last=edge_of(asked, "to"),
            after=after_of(asked),
            limit=limit + 1,
        )
        return Response(page(rows, limit, key=lambda one: [str(one.row.pk)], shown=_shown))


def _shown(one: ShownVoid) -> dict[str, Any]:
    row = one.row
    return {
        "action": "replace" if row.replaced_by else "void",
        "app": row.app.code,
        "key": str(row.event_key),
        "source": row.source,
        "id": row.event_id,
        "meters": one.meters,
        "occurred_at": iso(row.occurred_at),
        "reason": row.reason,
        "replaced_by": str(row.replaced_by) if row.replaced_by else None,
        "corrected_at": iso(row.voided_at),
        "counted": one.is_folded,
    }
