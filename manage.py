#!/usr/bin/env python3
"""Django's command line for Ratecard; `python3 dev.py manage …` finds the running copy's servers first."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
