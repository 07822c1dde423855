"""Addresses of the billing pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
