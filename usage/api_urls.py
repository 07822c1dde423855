"""Addresses of the usage API."""

from django.urls import path

from usage import api, api_entitlements, api_events, api_readings, api_reports
from usage.api_corrections import CorrectionsView
from usage.api_exclusions import ExclusionsView

urlpatterns = [
    path("usage", api.UsageListView.as_view(), name="api_usage"),
    path("usage/events", api_events.events, name="api_usage_events"),
    path("usage/corrections", CorrectionsView.as_view(), name="api_usage_corrections"),
    path("usage/reports", api_reports.ReportsView.as_view(), name="api_usage_reports"),
    path(
        "usage/reports/<str:app>/<str:meter>/<str:region>/<str:day>",
        api_reports.DayReportView.as_view(),
        name="api_usage_report_of_day",
    ),
    path(
        "usage/reports/<str:app>/<str:meter>/<str:period>",
        api_reports.PeriodReportView.as_view(),
        name="api_usage_report_of_period",
    ),
    path("usage/availability", api.AvailabilityView.as_view(), name="api_usage_availability"),
    path("readings/<str:public_id>", api_readings.ReadingView.as_view(), name="api_reading"),
    path(
        "readings/<str:public_id>/cells/<str:start>/events",
        api_readings.CellEventsView.as_view(),
        name="api_cell_events",
    ),
    path("availability/exclusions", ExclusionsView.as_view(), name="api_exclusions"),
    path("entitlements", api_entitlements.entitlement_list, name="api_entitlements"),
    path("entitlements/<str:feature>", api_entitlements.entitlement, name="api_entitlement"),
    path("meters", api.MeterListView.as_view(), name="api_meters"),
]
