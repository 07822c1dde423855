"""Addresses of the usage API."""

from django.urls import path

from usage import api

urlpatterns = [
    path("usage/events", api.EventsView.as_view(), name="api_usage_events"),
]
