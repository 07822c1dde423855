"""The product's settings with the ordinary way's addresses beside ours."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.ordinary"
