"""`retain_usage [--dry-run]`: let raw events go that are old and billed; say what keeps the others."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from billing.selectors_retention import needs
from plans import clock
from usage.selectors_retention import Judged, judged_days
from usage.services import Retained, retain

HEADS = ("day (UTC)", "rows", "bytes", "verdict", "because")


class Command(BaseCommand):
    """Print every day that is older than RATECARD_USAGE_KEEP_DAYS with its verdict, then drop what may go."""

    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        """Take whether to look only."""
        parser.add_argument("--dry-run", action="store_true", help="print the verdicts and change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Judge, print, and unless told otherwise act."""
        at = clock.now()
        done = Retained(judged_days(at=at, needs=needs)) if options["dry_run"] else retain(at=at, needs=needs)
        for line in table([_row(one, done, dry=options["dry_run"]) for one in done.judged]):
            self.stdout.write(line)
        if options["dry_run"]:
            free = [one for one in done.judged if one.may_go]
            size = sum(one.facts.bytes for one in free)
            self.stdout.write(f"Nothing was changed. {len(free)} days may go, {size:,} bytes.")
            return
        self.stdout.write(
            f"{len(done.dropped)} days dropped; {done.keys:,} keys, {done.names:,} names and {done.expired:,}"
            " expired events of the quarantine deleted."
        )


def table(rows: list[tuple[str, ...]]) -> list[str]:
    """Return rows as lines of aligned columns, with their heads."""
    if not rows:
        return ["No day is older than what is kept anyway."]
    wide = [max(len(row[n]) for row in (HEADS, *rows)) for n in range(len(HEADS))]
    return [
        "  ".join(
            text.rjust(width) if n in (1, 2) else text.ljust(width)
            for n, (text, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in (HEADS, *rows)
    ]


def _row(one: Judged, done: Retained, *, dry: bool) -> tuple[str, ...]:
    facts, day = one.facts, one.facts.day
    if one.blocks:
        verdict, why = "stays", "; ".join(map(str, one.blocks))
    elif dry:
        verdict, why = "may go", "old, and billed to the end"
    elif day in done.dropped:
        verdict, why = "dropped", "old, and billed to the end"
    else:
        busy = day in done.busy
        verdict, why = "stays", "in use just now; the next run tries again" if busy else "something came in"
    return (day.isoformat(), f"{facts.rows:,}", f"{facts.bytes:,}", verdict, why)
