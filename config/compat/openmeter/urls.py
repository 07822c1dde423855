"""Addresses as OpenMeter's client builds them."""

from django.urls import path, re_path

from config.compat.openmeter.access import AccessView, ValueView
from config.compat.openmeter.customers import CustomersView, CustomerView
from config.compat.openmeter.door import NothingHere
from config.compat.openmeter.events import EventsView
from config.compat.openmeter.meters import MetersView, MeterView
from config.compat.openmeter.query import QueryView

urlpatterns = [
    path("api/v1/events", EventsView.as_view(), name="openmeter_events"),
    path("api/v1/meters", MetersView.as_view(), name="openmeter_meters"),
    path("api/v1/meters/<str:slug>", MeterView.as_view(), name="openmeter_meter"),
    path("api/v1/meters/<str:slug>/query", QueryView.as_view(), name="openmeter_query"),
    path("api/v1/customers", CustomersView.as_view(), name="openmeter_customers"),
    path("api/v1/customers/<str:key>", CustomerView.as_view(), name="openmeter_customer"),
    path("api/v1/customers/<str:key>/access", AccessView.as_view(), name="openmeter_access"),
    path("api/v1/customers/<str:key>/entitlements/<str:feature>/value", ValueView.as_view()),
    path("api/v2/customers/<str:key>/entitlements/<str:feature>/value", ValueView.as_view()),
    re_path("", NothingHere.as_view()),
]
