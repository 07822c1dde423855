"""Addresses of the subscriptions API."""

from django.urls import path

from subscriptions.api import SubscriptionsView, SubscriptionView

urlpatterns = [
    path("subscriptions", SubscriptionsView.as_view(), name="api_subscriptions"),
    path("subscriptions/<str:public_id>", SubscriptionView.as_view(), name="api_subscription"),
]
