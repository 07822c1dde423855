"""Django's handle on the app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlansConfig(AppConfig):
    """Names the app for the admin's menu."""

    name = "plans"
    verbose_name = _("Plans")

    def ready(self) -> None:
        """Let domain errors speak the reader's language."""
        from django.utils.translation import gettext

        from plans.errors import speak_with

        speak_with(gettext)
