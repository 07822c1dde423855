"""`check_cells`: compare every cell of some days with a recount of its events; exit code 1 if any differs."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from usage.management.usage_days import add_days, apps_named, meter_named
from usage.selectors_recount import differing_cells


class Command(BaseCommand):
    """Print each cell that does not say what its folded events come to."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take days, apps and a meter."""
        add_days(parser)
        parser.add_argument("--meter", default="", help="Code of one meter.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare and report."""
        apps, meter = apps_named(options), meter_named(options["meter"])
        ids = None if apps is None else [app.pk for app in apps]
        found = differing_cells(ids, meter.code if meter else "", options["first"], options["last"])
        for one in found:
            place = f"{one.day} {one.app} {one.meter} {one.region or '-'}"
            self.stdout.write(f"{place}: cell {_said(one.says)}, events {_said(one.events_say)}")
        if found:
            raise CommandError(f"{len(found)} cells differ. recount_usage counts them again.")
        self.stdout.write("Every cell says what its events come to.")


def _said(pair: tuple[Any, Any] | None) -> str:
    return "nothing" if pair is None else f"{pair[1].normalize():f} of {pair[0]}"
