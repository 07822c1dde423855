"""`near_duplicates`: list events that say the same under several ids; nothing is dropped."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from usage.management.usage_days import add_days, apps_named
from usage.selectors_duplicates import MOST_DAYS, MOST_ROWS, near_duplicates


class Command(BaseCommand):
    """Print a line for each group, the largest first, with the keys of its events."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take days and apps."""
        add_days(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        """Look and report."""
        apps = apps_named(options)
        ids = None if apps is None else [app.pk for app in apps]
        found = near_duplicates(ids, options["first"], options["last"])
        for one in found:
            keys = " ".join([*map(str, one.keys), *(["…"] if one.is_cut else [])])
            line = f"{one.at.isoformat()} {one.app} {one.region or '-'} {one.said}"
            self.stdout.write(f"{line} x{one.times}: {keys}")
        bound = f"at most {MOST_DAYS} days and {MOST_ROWS} groups are looked at"
        most = "at least " if len(found) >= MOST_ROWS else ""
        self.stdout.write(f"{most}{len(found)} groups ({bound}).")
