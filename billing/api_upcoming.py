"""The bill that is growing, for a customer's own programs: three totals, the lines so far, cliffs ahead."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from billing.api import MINOR, OwnView
from billing.previews import PreviewLine
from billing.selectors_forecast import Forecast, MeterForecast, forecast
from billing.wording_estimates import holds_estimates
from plans import clock
from plans.api import TextSerializer
from plans.errors import NotFound
from plans.money import to_multiple
from plans.ratio import decimal_text
from subscriptions.api import SpanSerializer
from subscriptions.models import Subscription

SHOWN = Decimal("0.000001")
FIGURES = {
    "floor": "What is certain: nothing more is used.",
    "expected": "Days to come are as their weekday was over the last four weeks.",
    "high": "Nine times in ten it is not more: every meter at its 90th percentile.",
}

NO_PRICE = "Null where so much has no price but on request."


class FiguresSerializer(serializers.Serializer[Any]):
    """Three figures for the period's end, as decimal text."""

    floor = serializers.CharField(help_text=FIGURES["floor"])
    expected = serializers.CharField(help_text=FIGURES["expected"])
    high = serializers.CharField(help_text=FIGURES["high"])


class MoneyFiguresSerializer(serializers.Serializer[Any]):
    """Three totals in minor units of the currency."""

    floor = serializers.IntegerField(help_text=FIGURES["floor"])
    expected = serializers.IntegerField(help_text=f"{FIGURES['expected']} {NO_PRICE}", allow_null=True)
    high = serializers.IntegerField(help_text=f"{FIGURES['high']} {NO_PRICE}", allow_null=True)


class UpcomingLineSerializer(serializers.Serializer[Any]):
    """A line as it would stand on the invoice with the usage so far."""

    key = serializers.CharField()
    charge = serializers.CharField()
    name = TextSerializer(source="label")
    quantity = serializers.SerializerMethodField(
        help_text="A decimal number, as text; null where none is priced."
    )
    unit = serializers.CharField(allow_blank=True)
    amount = serializers.IntegerField(help_text=f"{MINOR} Credits are negative.")
    is_estimated = serializers.SerializerMethodField(
        help_text="True where estimates stand in for reports that are missing so far."
    )

    def get_is_estimated(self, line: PreviewLine) -> bool:
        """Tell whether estimates are in the figure."""
        return holds_estimates(line.derivation)

    def get_quantity(self, line: PreviewLine) -> str | None:
        """Return the quantity without trailing zeros or an exponent."""
        return None if line.quantity is None else decimal_text(line.quantity)


class UpcomingMeterSerializer(serializers.Serializer[Any]):
    """One meter over the period that the bill counts it for."""

    meter = serializers.CharField(source="meter.code")
    unit = serializers.CharField(source="meter.unit")
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    quantity = serializers.SerializerMethodField()
    days_known = serializers.IntegerField(
        source="outlook.known",
        help_text="Whole days that the forecast learnt from; 0: only the floor is known.",
    )
    days_estimated = serializers.IntegerField(
        source="estimated_days",
        help_text="Days whose reports are missing and estimated by their policy; in all three figures.",
    )
    days_not_reported = serializers.IntegerField(
        source="outlook.unknown",
        help_text="Days of the last four weeks whose reports are awaited: left out of the averages.",
    )

    @extend_schema_field(FiguresSerializer)
    def get_quantity(self, one: MeterForecast) -> dict[str, str]:
        """Return the three figures."""
        return {name: _text(getattr(one.outlook, name)) for name in FIGURES}


class CliffSerializer(serializers.Serializer[Any]):
    """A jump of the bill within what may still be used."""

    meter = serializers.CharField(source="meter.code")
    unit = serializers.CharField(source="meter.unit")
    distance = serializers.IntegerField(help_text="So many units from now.")
    jump = serializers.IntegerField(help_text=f"What that unit costs more. {MINOR}")


class UpcomingSerializer(serializers.Serializer[Any]):
    """The bill that falls due next."""

    currency = serializers.CharField(source="upcoming.currency")
    period = SpanSerializer(source="upcoming.period")
    falls_due_at = serializers.DateTimeField(source="upcoming.falls_due_at")
    total = MoneyFiguresSerializer(source="*")
    lines = UpcomingLineSerializer(source="upcoming.lines", many=True, help_text="With the usage so far.")
    meters = UpcomingMeterSerializer(many=True)
    cliffs = CliffSerializer(many=True)


class UpcomingView(OwnView):
    """The bill of one agreement that falls due next."""

    @extend_schema(
        operation_id="get_upcoming_bill",
        tags=["invoices"],
        description=(
            "Rated by the same function as the invoice: with the usage so far (floor), with what is expected"
            " until the period ends, and with the 90th percentile. An estimate; only the invoice is owed."
        ),
        responses=UpcomingSerializer,
    )
    def get(self, request: Request, public_id: str) -> Response:
        """Answer the forecast; 404 outside the agreement or for a stranger's."""
        subscription = Subscription.objects.filter(customer=self.customer(), public_id=public_id).first()
        found: Forecast | None = forecast(subscription, clock.now()) if subscription else None
        if found is None:
            raise NotFound
        return Response(UpcomingSerializer(found).data)


def _text(value: Decimal) -> str:
    return decimal_text(to_multiple(value, SHOWN, "half_up"))
