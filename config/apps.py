"""Loads the Celery app and the boot checks when Django starts."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """The wiring, as an app so that its checks and commands are found."""

    name = "config"

    def ready(self) -> None:
        """Make our Celery app the current one (plans/doorbell.py rings it) and register checks."""
        from config import checks  # noqa: F401
        from config.celery import app

        app.set_default()
