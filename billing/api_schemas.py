"""JSON Schemas of the files people write, for editors: no key needed."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.views import APIView

from billing.schemas import SCHEMAS, schema_of
from plans.api import ETAG_HEADER, conditional
from plans.errors import NotFound


class SchemaView(APIView):
    """One schema."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="get_schema",
        tags=["plans"],
        parameters=[
            OpenApiParameter("name", OpenApiTypes.STR, OpenApiParameter.PATH, enum=list(SCHEMAS)),
            ETAG_HEADER,
        ],
        responses={(200, "application/json"): OpenApiTypes.OBJECT, 304: None},
    )
    def get(self, request: Request, name: str, **_rest: Any) -> HttpResponseBase:
        """Return the JSON Schema of terms, a catalogue, a situation or a worked bill."""
        if name not in SCHEMAS:
            raise NotFound
        return conditional(request, schema_of(name))
