"""Meters in OpenMeter's words."""

from typing import Any

from django.http import HttpResponse
from rest_framework.request import Request

from config.compat.door import iso
from config.compat.openmeter.door import OpenMeterView, told
from plans.errors import NotFound
from plans.models import Meter
from plans.models.meters import MeterKind, MeterSource
from subscriptions.models.keys import Scope
from usage.selectors_names import EVER

AGGREGATIONS = {
    MeterKind.COUNT: "COUNT",
    MeterKind.SUM: "SUM",
    MeterKind.UNIQUE: "UNIQUE_COUNT",
    MeterKind.GAUGE: "MAX",
}


class MetersView(OpenMeterView):
    """Every meter."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request) -> HttpResponse:
        """Return them in the order of their codes."""
        return told([_meter(one) for one in Meter.objects.order_by("code")])


class MeterView(OpenMeterView):
    """One meter."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request, slug: str) -> HttpResponse:
        """Return the meter of this code."""
        return told(_meter(meter_of(slug)))


def meter_of(slug: str) -> Meter:
    """Return a meter by its code; NotFound otherwise."""
    found = Meter.objects.filter(code=slug).first()
    if found is None:
        raise NotFound
    return found


def groups_of(meter: Meter) -> list[str]:
    """Return the names a query of the meter may group and filter by."""
    return list(dict.fromkeys(["region", *meter.dimensions]))


def _meter(meter: Meter) -> dict[str, Any]:
    body = {
        "id": meter.code,
        "slug": meter.code,
        "name": meter.name,
        "aggregation": AGGREGATIONS[MeterKind(meter.kind)],
        "eventType": meter.event_type,
        "groupBy": {name: f"$.{name}" for name in groups_of(meter)},
        "metadata": {"unit": meter.unit, "source": meter.source},
        "createdAt": iso(EVER),  # OpenMeter asks for it; a meter has no date here
        "updatedAt": iso(EVER),
    }
    if taken := _property(meter):
        body["valueProperty"] = f"$.{taken}"
    return body


def _property(meter: Meter) -> str:
    if meter.source != MeterSource.EVENTS or meter.kind == MeterKind.COUNT:
        return ""
    return (
        (meter.unique_property or "user")
        if meter.kind == MeterKind.UNIQUE
        else (meter.value_property or "value")
    )
