"""Addresses of the plans API."""

from django.urls import path

from plans.api import PlanView, PriceListView
from plans.api_compare import CompareView

urlpatterns = [
    path("plans", PriceListView.as_view(), name="api_plans"),
    path("plans/<str:code>/versions/compare", CompareView.as_view(), name="api_plan_compare"),
    path("plans/<str:code>", PlanView.as_view(), name="api_plan"),
]
