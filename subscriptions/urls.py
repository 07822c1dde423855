"""Addresses of the subscriptions pages."""

from django.urls import path

from subscriptions import views

urlpatterns = [
    path("customer/", views.customer_switch, name="customer_switch"),
    path("subscriptions/<str:public_id>/cancel/", views.subscription_cancel, name="subscription_cancel"),
    path("subscriptions/<str:public_id>/keep/", views.subscription_keep, name="subscription_keep"),
    path("apps/", views.app_list, name="app_list"),
    path("keys/", views.key_list, name="key_list"),
    path("keys/<str:public_id>/revoke/", views.key_revoke, name="key_revoke"),
    path("team/", views.team, name="team"),
    path("team/<int:pk>/", views.member_change, name="team_member"),
]
