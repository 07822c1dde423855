"""Addresses of the plans API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
