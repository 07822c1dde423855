"""Django's handle on the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    """Names the app for the admin's menu."""

    name = "usage"
    verbose_name = _("Usage")
