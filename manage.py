#!/usr/bin/env python3
"""Django's command line for Ratecard; `python3 dev.py manage …` finds the running copy's servers first."""

import gc
import os
import sys

from config.serverless import COMMANDS as SERVERLESS


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if sys.argv[1:2] and sys.argv[1] in SERVERLESS and not os.environ.get("SECRET_KEY"):
        os.environ.setdefault("RATECARD_DEBUG", "1")
    from django.core.management import execute_from_command_line

    if sys.argv[1:2] == ["migrate"]:  # makes models by the thousand: a sixth of its time went into garbage
        gc.freeze()
        gc.set_threshold(100_000, 20, 100)
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
