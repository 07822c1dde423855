"""Fill an empty database with the demo world; the web process and the sandbox must be running."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.dev.seed.doors import DoorClosed
from config.dev.seed.progress import Progress
from config.dev.seed.world import make_world, write_demo
from plans import clock
from subscriptions.models import Customer


class Command(BaseCommand):
    """python3 dev.py run calls this on its first start."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the world once; a database with customers is left alone."""
        if Customer.objects.exists():
            raise CommandError(
                "The database already has customers. Start with an empty --data folder to see the demo."
            )
        try:
            found = make_world(at=clock.now(), progress=Progress())
        except DoorClosed as closed:
            raise CommandError(f"The demo world could not be made: {closed}") from closed
        write_demo(found, settings.STATE_DIR)
