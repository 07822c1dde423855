"""The usage API: report events and availability, read usage and meters."""

import logging

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from plans import clock
from subscriptions.models.keys import Scope
from usage import api_schema as schema
from usage.api_bodies import EVENT_TYPES, answer, item, media_type, read_body
from usage.api_limits import KeyBucket
from usage.api_views import ProviderView, principal
from usage.errors import EventRefused
from usage.parsing import parse
from usage.services import ingest

log = logging.getLogger(__name__)


class EventsView(ProviderView):
    """Report up to 1,000 usage events; stored before the answer, a repeat counts once."""

    scopes = {"POST": Scope.USAGE_WRITE}
    throttle_classes = [KeyBucket]

    @extend_schema(**schema.EVENTS)
    def post(self, request: Request) -> Response:
        """Take one CloudEvent or a batch."""
        at, key = clock.now(), principal(request)
        batch = media_type(request._request, EVENT_TYPES)
        parsed = parse(read_body(request._request, EVENT_TYPES), batch=batch)
        outcome = ingest(parsed, at=at, by=key.actor, backfill=Scope.USAGE_BACKFILL in key.scopes)
        if parsed.single and outcome.rejected:
            told = item(outcome.rejected[0])
            raise EventRefused(code=told["code"], detail=told["detail"], errors=[told])
        return Response(answer(outcome))
