"""`recount_usage`: have cells of an app or customer counted again from their events."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from plans import clock
from plans.actor import Actor
from plans.errors import DomainError
from usage.management.usage_days import add_days, apps_named, meter_named
from usage.services import rebuild_dirty, reprocess

BY = Actor("system:recount_usage")


class Command(BaseCommand):
    """Mark the cells, then count them again; what changed is kept as changed cells."""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take days, apps, a meter, and why."""
        add_days(parser)
        parser.add_argument("--meter", default="", help="Code of one meter.")
        parser.add_argument("--reason", required=True, help="Why; it is kept with each changed cell.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Mark and count."""
        apps, meter = apps_named(options), meter_named(options["meter"])
        if apps is None:
            raise CommandError("Name an --app or a --customer.")
        try:
            marked = reprocess(
                apps,
                meter,
                options["first"],
                options["last"],
                reason=options["reason"],
                at=clock.now(),
                by=BY,
            )
        except DomainError as error:
            raise CommandError(str(error)) from None
        while rebuild_dirty():
            pass
        self.stdout.write(f"{marked} cells counted again.")
