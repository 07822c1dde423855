"""What a subscription has used in its month and what that comes to, as Lago's client reads it.

Amounts are those of the next invoice as it would be now, of metered charges only and before tax; the invoice
itself is Ratecard's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from billing.previews import PreviewLine
from billing.selectors import Upcoming, upcoming_bill
from config.compat.door import iso
from config.compat.lago.door import LagoView
from plans import clock
from plans.errors import NotFound
from plans.highlights import highlights
from plans.models import Meter
from plans.models.meters import MeterKind
from plans.ratio import plain
from plans.selectors import terms_of
from plans.terms import Document
from plans.timespan import Period, local_date
from subscriptions.anchors import current_period
from subscriptions.models import Subscription
from subscriptions.models.keys import Scope
from subscriptions.selectors import phase_at, zone_of
from subscriptions.selectors_codes import subscription_covering
from usage.api_views import principal
from usage.errors import ParameterInvalid
from usage.selectors_used import events_counted, used_by

AGGREGATIONS = {
    MeterKind.COUNT: "count_agg",
    MeterKind.SUM: "sum_agg",
    MeterKind.UNIQUE: "unique_count_agg",
    MeterKind.GAUGE: "max_agg",
}
NOT_HERE = (
    "charge_id", "filter_by_charge_id", "filter_by_charge_code", "filter_by_group", "filter_by_presentation",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Used:
    """One metered charge in the month under way."""

    charge: str
    model: str
    meter: Meter
    units: str
    events: int
    amount: int


class CurrentUsageView(LagoView):
    """The month under way."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request, external_id: str) -> Response:
        """Return units and amounts by charge."""
        at, asked, key = clock.now(), request.query_params, principal(request)
        if key.customer_id is not None and Scope.BILLING_READ not in key.scopes:
            raise PermissionDenied(_("Amounts need the scope billing:read."))
        if narrowed := next((one for one in asked if one in NOT_HERE or one.startswith("group[")), None):
            reason = _("it is not supported here; use charge_code or billable_metric_code")
            raise ParameterInvalid(name=narrowed, reason=reason)
        agreed = subscription_covering(asked.get("external_subscription_id", ""), at)
        stranger = (
            key.customer_id is not None and agreed is not None and agreed.customer_id != key.customer_id
        )
        bill = upcoming_bill(agreed, at) if agreed else None
        if agreed is None or bill is None or stranger or agreed.customer.public_id != external_id:
            raise NotFound
        month = current_period(agreed.anchor, zone_of(agreed.customer), at)
        chosen = {"charge": asked.get("charge_code"), "meter": asked.get("billable_metric_code")}
        used = [
            one
            for one in _used(agreed, month, bill.lines)
            if chosen["charge"] in (None, one.charge) and chosen["meter"] in (None, one.meter.code)
        ]
        return Response({"customer_usage": _told(agreed, month, bill, used)})


def _used(agreed: Subscription, month: Period, lines: Sequence[PreviewLine]) -> list[Used]:
    phase = phase_at(agreed, month.start) or agreed.phases.order_by("span")[0]
    document = terms_of(phase.plan_version).document
    labels = {"currency": agreed.currency, "term": agreed.term}
    charges = {one.charge: one.meter for one in highlights(document, labels)}
    meters = {one.code: one for one in Meter.objects.filter(code__in=charges.values())}
    units, events = used_by(agreed, month, list(meters)), events_counted(agreed, month, list(meters))
    return [
        Used(
            charge,
            _model(document, charge),
            meters[meter],
            plain(units[meter]) if meter in units else "0",
            events.get(meter, 0),
            sum(line.amount for line in lines if line.charge == charge),
        )
        for charge, meter in charges.items()
        if meter in meters
    ]


def _model(document: Document, code: str) -> str:
    """Return the nearest of Lago's charge models."""
    (charge,) = [one for one in document.charges if one.code == code]
    prices = [step.price for step in charge.steps if step.price is not None]
    if any(price.mode in ("graduated", "volume") for price in prices):
        return next(str(price.mode) for price in prices if price.mode)
    return "package" if any(price.per for price in prices) else "standard"


def _told(agreed: Subscription, month: Period, bill: Upcoming, used: Sequence[Used]) -> dict[str, Any]:
    amount = sum(one.amount for one in used)
    return {
        "from_datetime": iso(month.start),
        "to_datetime": iso(month.end - timedelta(seconds=1)),
        "issuing_date": local_date(bill.falls_due_at, zone_of(agreed.customer)).isoformat(),
        "lago_invoice_id": None,
        "currency": agreed.currency,
        "amount_cents": amount,
        "total_amount_cents": amount,
        "taxes_amount_cents": 0,
        "charges_usage": [_charge(agreed, one) for one in used],
    }


def _charge(agreed: Subscription, one: Used) -> dict[str, Any]:
    meter = one.meter
    return {
        "units": one.units,
        "total_aggregated_units": one.units,
        "events_count": one.events,
        "amount_cents": one.amount,
        "amount_currency": agreed.currency,
        "charge": {
            "lago_id": _id("charge", agreed.public_id, one.charge),
            "charge_model": one.model,
            "invoice_display_name": one.charge,
        },
        "billable_metric": {
            "lago_id": _id("meter", meter.code),
            "name": meter.name,
            "code": meter.code,
            "aggregation_type": AGGREGATIONS[MeterKind(meter.kind)],
        },
        "filters": [],
        "grouped_usage": [],
    }


def _id(*parts: str) -> str:
    """Return the same UUID for the same thing, as Lago's client wants one."""
    return str(uuid5(NAMESPACE_URL, "ratecard:" + ":".join(parts)))
