"""`check_books`: ask every invariant; silent and exit code 0 when the books are sound."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from billing.books import INVARIANTS, offences


class Command(BaseCommand):
    """Print each row that breaks an invariant."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask and report."""
        found = offences()
        for one in found:
            self.stdout.write(f"{one.invariant}: {one.row}: {one.said}")
        if found:
            raise CommandError(f"{len(found)} rows break an invariant.")
        self.stdout.write(f"The books are sound: {len(INVARIANTS)} invariants hold.")
