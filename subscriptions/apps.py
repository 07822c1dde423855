"""Django's handle on the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubscriptionsConfig(AppConfig):
    """Names the app for the admin's menu."""

    name = "subscriptions"
    verbose_name = _("Subscriptions")
