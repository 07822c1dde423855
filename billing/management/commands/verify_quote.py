"""`verify_quote NUMBER … | --all`: derive quotes again from what is stored."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from billing.models import Quote
from billing.verifying_quotes import quote_faults


class Command(BaseCommand):
    """Rate the stored inputs again, re-evaluate every line's tree, compare hashes and sums."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take numbers (or ids), or all."""
        parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="quote number or id")
        parser.add_argument("--all", action="store_true", help="every quote")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        numbers: list[str] = options["numbers"]
        if not numbers and not options["all"]:
            raise CommandError("Name quotes, or give --all.")
        rows = Quote.objects.order_by("pk")
        if not options["all"]:
            rows = rows.filter(Q(number__in=numbers) | Q(public_id__in=numbers))
            found = {name for row in rows for name in (row.number, row.public_id)}
            if missing := [number for number in numbers if number not in found]:
                raise CommandError(f"There is no quote {', '.join(missing)}.")
        count = wrong = 0
        for quote in rows.iterator(chunk_size=200):
            faults = quote_faults(quote)
            count, wrong = count + 1, wrong + bool(faults)
            self.stdout.write(f"{quote.number}: {'; '.join(faults) or 'sound'}")
        if wrong:
            raise CommandError(f"{wrong} of {count} quotes do not prove themselves.")
