"""The ordinary way to take events with Django: a serializer for each and `bulk_create`."""

from django.db import models
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

TABLE = """
CREATE TABLE IF NOT EXISTS bench_ordinary (
    id uuid PRIMARY KEY, source varchar(200) NOT NULL, type varchar(64) NOT NULL,
    subject varchar(64) NOT NULL,
    time timestamptz NOT NULL, value numeric(30, 12) NOT NULL, region varchar(32) NOT NULL
)
"""


class Ordinary(models.Model):
    """One event."""

    id = models.UUIDField(primary_key=True)
    source = models.CharField(max_length=200)
    type = models.CharField(max_length=64)
    subject = models.CharField(max_length=64)
    time = models.DateTimeField()
    value = models.DecimalField(max_digits=30, decimal_places=12)
    region = models.CharField(max_length=32)

    class Meta:
        app_label = "usage"
        managed = False
        db_table = "bench_ordinary"

    def __str__(self) -> str:
        return str(self.id)


class DataSerializer(serializers.Serializer):
    """What an event says."""

    value = serializers.DecimalField(max_digits=30, decimal_places=12)
    region = serializers.CharField(max_length=32)


class EventSerializer(serializers.Serializer):
    """One CloudEvent."""

    specversion = serializers.CharField()
    id = serializers.UUIDField()
    source = serializers.CharField(max_length=200)
    type = serializers.CharField(max_length=64)
    subject = serializers.CharField(max_length=64)
    time = serializers.DateTimeField()
    data = DataSerializer()


class OrdinaryView(APIView):
    """Take a batch."""

    def post(self, request: Request) -> Response:
        """Check and store."""
        read = EventSerializer(data=request.data, many=True)
        read.is_valid(raise_exception=True)
        rows = [
            Ordinary(
                id=one["id"],
                source=one["source"],
                type=one["type"],
                subject=one["subject"],
                time=one["time"],
                **one["data"],
            )
            for one in read.validated_data
        ]
        Ordinary.objects.bulk_create(rows, ignore_conflicts=True)
        return Response({"accepted": len(rows)})


def nothing(request: HttpRequest) -> JsonResponse:
    """Do nothing: what a request costs before any work."""
    return JsonResponse({"ok": True})


urlpatterns = [
    path("bench/ordinary", OrdinaryView.as_view()),
    path("api/v1/bench/nothing", nothing),
    path("", include("config.urls")),
]
