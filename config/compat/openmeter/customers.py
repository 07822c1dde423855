"""Customers in OpenMeter's words: the key is our id, or the code of one of the customer's apps."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from rest_framework.request import Request

from config.compat.door import iso
from config.compat.openmeter.door import OpenMeterView, told
from config.compat.openmeter.parameters import limit_of, page_of, text
from plans.errors import NotFound
from subscriptions.models import App, Customer
from subscriptions.models.keys import Scope
from usage.api_views import principal

MOST_ROWS = 1_000  # the client's iterator reads one page only


class CustomersView(OpenMeterView):
    """Every customer that the key may see."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request) -> HttpResponse:
        """Return one page."""
        asked = request.query_params
        size, page = limit_of(asked, most=MOST_ROWS, default=100, name="pageSize"), page_of(asked)
        rows = visible(request)
        if key := text(asked, "key"):
            rows = rows.filter(public_id=key)
        if name := text(asked, "name"):
            rows = rows.filter(name__icontains=name)
        if subject := text(asked, "subject"):
            rows = rows.filter(apps__code=subject).distinct()
        found = rows.order_by("pk")[(page - 1) * size : page * size]
        items = [_customer(one) for one in found]
        return told({"totalCount": rows.count(), "page": page, "pageSize": size, "items": items})


class CustomerView(OpenMeterView):
    """One customer."""

    scopes = {"GET": Scope.USAGE_READ}

    def get(self, request: Request, key: str) -> HttpResponse:
        """Return the customer of this key."""
        return told(_customer(place_of(request, key)[0]))


def visible(request: Request) -> QuerySet[Customer]:
    """Return the customers a key may see, with their apps."""
    apps = Prefetch("apps", App.objects.filter(archived_at__isnull=True).order_by("code"))
    rows = Customer.objects.prefetch_related(apps)
    own = principal(request).customer_id
    return rows if own is None else rows.filter(pk=own)


def place_of(request: Request, key: str) -> tuple[Customer, App | None]:
    """Return the customer a key leads to, and the app when it is an app's code; NotFound for a stranger's."""
    rows = visible(request)
    if (found := rows.filter(public_id=key).first()) is not None:
        return found, None
    app = App.objects.filter(code=key, customer__in=rows).first()
    if app is None:
        raise NotFound
    return rows.get(pk=app.customer_id), app


def _customer(customer: Customer) -> dict[str, Any]:
    made = iso(customer.created_at)
    return {
        "id": customer.public_id,
        "key": customer.public_id,
        "name": customer.name,
        "primaryEmail": customer.email,
        "currency": customer.currency,
        "usageAttribution": {"subjectKeys": [app.code for app in customer.apps.all()]},
        "metadata": {"billing_zone": customer.billing_zone},
        "createdAt": made,
        "updatedAt": made,
    }
