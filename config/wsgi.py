"""The WSGI entry point, served by granian."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
_django = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 — what follows needs the settings

from config.body_gate import BodyGate  # noqa: E402

application = BodyGate(_django, int(os.environ.get("RATECARD_BODY_READERS", "16")))

# What is loaded now stays for ever. Looked through by each full collection it would hold up all requests of
# the process for a tenth of a second.
get_resolver().url_patterns  # noqa: B018 — loads the views
gc.collect()
gc.freeze()
