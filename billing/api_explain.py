"""Why one line costs what it costs, for programs: the sentences of the portal, the tree, and its inputs."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import MINOR, OwnView
from billing.explain import Explanation, explained
from billing.models import Invoice, InvoiceLine
from billing.selectors import invoice_of
from plans.errors import NotFound


class SentenceSerializer(serializers.Serializer[Any]):
    """One step in words; `depth` says what it is a part of, `value` what it came to."""

    depth = serializers.IntegerField()
    text = serializers.CharField()
    value = serializers.CharField()


class LineReadingSerializer(serializers.Serializer[Any]):
    """A frozen reading behind the line; `GET /readings/{id}` has its cells."""

    id = serializers.CharField(source="public_id")
    meter = serializers.CharField(source="meter.code")
    app = serializers.CharField(source="app.code")
    region = serializers.CharField(allow_blank=True)
    start = serializers.DateTimeField(source="period.lower")
    end = serializers.DateTimeField(source="period.upper")
    revision = serializers.IntegerField()
    value = serializers.SerializerMethodField()
    hash = serializers.CharField(source="manifest_hash")

    def get_value(self, reading: Any) -> str:
        """Return the figure without trailing zeros."""
        return format(reading.value.normalize(), "f")


class ExplanationSerializer(serializers.Serializer[Any]):
    """A line's amount in one sentence, step by step, as a tree, and by its inputs."""

    n = serializers.IntegerField(source="line.position")
    key = serializers.CharField(source="line.line_key")
    amount = serializers.IntegerField(source="line.amount", help_text=MINOR)
    exact_amount = serializers.SerializerMethodField()
    headline = serializers.CharField()
    sentences = SentenceSerializer(many=True)
    derivation = serializers.JSONField(source="line.derivation")
    inputs_hash = serializers.CharField(source="line.inputs_hash", allow_blank=True)
    terms_hash = serializers.CharField(source="line.terms_hash")
    engine = serializers.CharField(source="line.engine")
    readings = LineReadingSerializer(many=True)

    def get_exact_amount(self, found: Explanation) -> str:
        """Return the amount in whole units of the currency before it became minor units."""
        return format(found.line.exact_amount.normalize(), "f")


class ExplanationView(OwnView):
    """Why one line costs what it costs."""

    @extend_schema(
        operation_id="get_line_explanation",
        tags=["invoices"],
        parameters=[
            OpenApiParameter(
                "line",
                OpenApiTypes.STR,
                OpenApiParameter.PATH,
                description="Its place `n`, or its key (`messages`, or `charge/app/region/band/part`).",
            )
        ],
        responses=ExplanationSerializer,
    )
    def get(self, request: Request, public_id: str, line: str) -> Response:
        """Answer the explanation in the language of Accept-Language; 404 for a stranger's invoice."""
        found = line_of(invoice_of(self.customer(), public_id), line)
        return Response(ExplanationSerializer(explained(found)).data)


def line_of(invoice: Invoice, wanted: str) -> InvoiceLine:
    """Return a line by its place or its key, empty parts at the key's end left out; NotFound otherwise."""
    lines = list(invoice.lines.select_related("invoice").order_by("position"))
    if wanted.isascii() and wanted.isdigit():
        found = [line for line in lines if str(line.position) == wanted]
    else:
        found = [line for line in lines if line.line_key.rstrip("/") == wanted.rstrip("/")]
    if len(found) != 1:
        raise NotFound
    return found[0]
