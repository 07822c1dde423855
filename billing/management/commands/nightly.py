"""`nightly [--at T]`: the whole run in the foreground."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from billing.services.nightly import NightReport, run_night
from plans import clock


class Command(BaseCommand):
    """Bill what has fallen due, deliver it, and wait for the answers. Exit code 1 if work is left behind."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the instant of the night."""
        parser.add_argument(
            "--at", help="instant with offset, such as 2026-11-02T02:00:00+08:00; now if absent"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the night and print what it did."""
        report = run_night(instant(options["at"]), say=self.stdout.write)
        for line in summary(report):
            self.stdout.write(line)
        if report.left:
            raise CommandError("Left behind:\n" + "\n".join(report.left))


def instant(text: str | None) -> datetime:
    """Return the instant asked for; one in the future only on a development machine."""
    now = clock.now()
    if not text:
        return now
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text} is not an instant. Write 2026-11-02T02:00:00+08:00.") from None
    if at.tzinfo is None:
        raise CommandError(f"{text} has no offset. Write 2026-11-02T02:00:00+08:00.")
    if at > now and not settings.DEBUG:
        raise CommandError("An instant in the future is for development only (RATECARD_DEBUG=1).")
    return at


def summary(report: NightReport) -> list[str]:
    """Return the lines that a person reads."""
    if report.skipped:
        return []
    counts = (
        f"Night of {report.at.isoformat()}: {report.jobs} jobs, {report.invoices} invoices, "
        f"{report.operations} operations, {report.events} messages."
    )
    held = [f"On hold: {one}" for one in [*report.parked, *report.held]]
    return [counts, *held, *(f"Not reported: {one}" for one in report.missing)]
