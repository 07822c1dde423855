"""Addresses of the usage API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
