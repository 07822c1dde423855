"""Addresses of the usage pages."""

from django.urls import path

from usage import views

urlpatterns = [
    path("usage/", views.usage, name="usage"),
    path("usage/days.csv", views.usage_csv, name="usage_csv"),
]
