"""Addresses of the subscriptions API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
