"""Addresses as OpenMeter's client builds them."""

from django.urls import path, re_path

from config.compat.openmeter.door import NothingHere
from config.compat.openmeter.events import EventsView

urlpatterns = [
    path("api/v1/events", EventsView.as_view(), name="openmeter_events"),
    re_path("", NothingHere.as_view()),
]
