"""`verify_invoice NUMBER … | --all`: derive issued invoices again, down to the raw events that are kept."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.models import Invoice, InvoiceStatus
from billing.verifying import proof_of


class Command(BaseCommand):
    """Level 1, derivation: rate again, re-evaluate every tree, compare terms, sums and the content hash.

    Level 2, readings: their hashes. Level 3, raw events: count the readings again while events are kept.
    """

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take numbers (or ids), or all."""
        parser.add_argument("numbers", nargs="*", metavar="NUMBER", help="invoice number or id")
        parser.add_argument("--all", action="store_true", help="every issued invoice")

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        invoices = self._chosen(options["numbers"], everything=options["all"])
        wrong = 0
        for invoice in invoices:
            proof = proof_of(invoice)
            wrong += bool(proof.faults)
            verdict = "; ".join(map(str, proof.faults)) or "sound"
            self.stdout.write(f"{invoice.number}: {verdict} ({proof.said})")
        if wrong:
            raise CommandError(f"{wrong} of {len(invoices)} invoices do not prove themselves.")

    def _chosen(self, numbers: list[str], *, everything: bool) -> list[Invoice]:
        issued = Invoice.objects.exclude(status=InvoiceStatus.DRAFT).order_by("pk")
        if everything:
            return list(issued)
        if not numbers:
            raise CommandError("Name invoices, or give --all.")
        found = {row.number: row for row in issued.filter(number__in=numbers)}
        found |= {row.public_id: row for row in issued.filter(public_id__in=numbers)}
        if missing := [number for number in numbers if number not in found]:
            raise CommandError(f"There is no invoice {', '.join(missing)}.")
        return [found[number] for number in numbers]
