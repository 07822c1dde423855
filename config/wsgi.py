"""The WSGI entry point, served by granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()

from config.body_gate import BodyGate  # noqa: E402 — its texts need the settings

application = BodyGate(_django, int(os.environ.get("RATECARD_BODY_READERS", "16")))
