"""Addresses of the plans API."""

from django.urls import path

from plans.api import PlanView, PriceListView

urlpatterns = [
    path("plans", PriceListView.as_view(), name="api_plans"),
    path("plans/<str:code>", PlanView.as_view(), name="api_plan"),
]
