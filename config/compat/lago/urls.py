"""Addresses as Lago's client builds them; ids come unquoted, so they may hold a slash."""

from django.urls import path, re_path

from config.compat.lago.current_usage import CurrentUsageView
from config.compat.lago.door import NothingHere
from config.compat.lago.events import BatchView, EventsView, EventView

urlpatterns = [
    path("api/v1/events", EventsView.as_view(), name="lago_events"),
    path("api/v1/events/batch", BatchView.as_view(), name="lago_batch"),
    path("api/v1/events/<path:transaction_id>", EventView.as_view(), name="lago_event"),
    path("api/v1/customers/<str:external_id>/current_usage", CurrentUsageView.as_view(), name="lago_usage"),
    re_path("", NothingHere.as_view()),
]
