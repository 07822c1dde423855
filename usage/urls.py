"""Addresses of the usage pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
