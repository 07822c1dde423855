"""Settings for the tests: the product's own, with what a test run needs."""

import os

os.environ.setdefault("RATECARD_DEBUG", "1")
os.environ.setdefault("SECRET_KEY", "tests-only-" + "0" * 50)

from config.settings import *  # noqa: E402, F403
from config.settings import STORAGES  # noqa: E402

DEBUG = False
SECURE_SSL_REDIRECT = False
STAFF_MFA = False
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
