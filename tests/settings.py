"""Settings for the tests: the product's own, with what a test run needs."""

import os
import re

os.environ.setdefault("RATECARD_DEBUG", "1")
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0" * 50)
# Each xdist worker has its own pair of Valkey databases (broker, cache); pytest-django gives it its own
# PostgreSQL database already.
_worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "0")) or 0)
_base = re.sub(r"/\d*$", "", os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"))
os.environ["REDIS_URL"] = f"{_base}/{2 * _worker + 2}"

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STATIC_ROOT, STORAGES

STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # whitenoise warns of a missing folder
if template := os.environ.get("RATECARD_TEST_TEMPLATE"):
    DATABASES["default"]["TEST"] = {"TEMPLATE": template}
DEBUG = False
SECURE_SSL_REDIRECT = False
STAFF_MFA = False
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
