"""Addresses of the subscriptions pages."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
