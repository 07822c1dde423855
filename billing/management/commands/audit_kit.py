"""`audit_kit NUMBER [FILE]`: write everything with which a customer recomputes an invoice."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from billing.audit.pack import kit_name, kit_zip
from billing.models import Invoice, InvoiceStatus


class Command(BaseCommand):
    """Write the audit kit of one issued invoice as a zip."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take a number (or id) and a file."""
        parser.add_argument("number", metavar="NUMBER", help="invoice number or id")
        parser.add_argument("file", metavar="FILE", nargs="?", help="default: audit-kit-NUMBER.zip here")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file and say where it is."""
        issued = Invoice.objects.exclude(status=InvoiceStatus.DRAFT).select_related("customer")
        found = issued.filter(Q(number=options["number"]) | Q(public_id=options["number"])).first()
        if found is None:
            raise CommandError(f"There is no invoice {options['number']}.")
        place = Path(options["file"] or kit_name(found))
        try:
            place.write_bytes(kit_zip(found))
        except OSError as error:
            raise CommandError(f"{place} cannot be written: {error}") from error
        self.stdout.write(f"{place}: unzip it and run python3 -I verify.py")
