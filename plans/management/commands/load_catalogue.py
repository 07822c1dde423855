"""load_catalogue FILE [--dry-run]: bring the stored catalogue in line with a file."""

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from plans import clock
from plans.actor import Actor
from plans.catalogue import read_catalogue
from plans.catalogue_yaml import located, parse_yaml
from plans.diff_words import Naming
from plans.errors import DomainError
from plans.management.reading import text_of
from plans.problems import Problem, TermsInvalid
from plans.selectors_words import naming
from plans.services import Change, apply_catalogue
from plans.services_import import told_of

LOADER = Actor("system:load_catalogue")
MARKS = {"create": "+", "change": "~", "unchanged": "=", "publish": "^"}
WORDS = {
    "meters": "meter",
    "features": "feature",
    "modules": "module",
    "sla_tiers": "SLA tier",
    "support_tiers": "support tier",
    "coupons": "coupon",
    "plans": "plan",
    "versions": "version",
}
TOTALS = {"create": "created", "change": "changed", "publish": "published", "unchanged": "unchanged"}


class Command(BaseCommand):
    """Reads, checks and applies one catalogue file; prints what it does to each object."""

    help = "Load a catalogue file: all of it, or nothing when it has an error. Loading twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and whether to save."""
        parser.add_argument("file", type=Path, help="a catalogue in YAML, such as catalogues/house.yaml")
        parser.add_argument("--dry-run", action="store_true", help="say what would change and save nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Load the file; errors come with file, line and column, and exit code 1."""
        path: Path = options["file"]
        text = _read(path)
        try:
            catalogue = read_catalogue(text)
            made = apply_catalogue(
                catalogue, dry_run=options["dry_run"], reason=path.name, at=clock.now(), by=LOADER
            )
        except TermsInvalid as error:
            raise CommandError(_faults(path, text, error.problems)) from error
        except DomainError as error:
            raise CommandError(f"{path}: {error}\nNothing was saved.") from error
        if options["verbosity"] > 0:
            self._tell(made, naming("en", catalogue))
            self.stdout.write(_summary(made, dry_run=options["dry_run"]))

    def _tell(self, made: Sequence[Change], names: Naming) -> None:
        for change in made:
            self.stdout.write(_line(change))
            if change.against:
                self.stdout.write(f"      against {change.against}:")
            for one in told_of(change, names):
                self.stdout.write(f"      {one.text}")


def _read(path: Path) -> str:
    try:
        return text_of(path, most=None)
    except DomainError as error:
        raise CommandError(str(error)) from error


def _faults(path: Path, text: str, found: Sequence[Problem]) -> str:
    """Return a line per problem, in the order of the file; services know paths, the text knows places."""
    _tree, marks, _problems = parse_yaml(text)
    placed = [one if one.line is not None else located(one, marks) for one in found]
    placed.sort(key=lambda one: (one.line or 0, one.column or 0))
    lines = [f"{path}:{one.line}:{one.column}: {one.path or 'file'}: {one.sentence()}" for one in placed]
    count = "1 problem" if len(lines) == 1 else f"{len(lines)} problems"
    return "\n".join([*lines, f"{count}. Nothing was saved."])


def _line(change: Change) -> str:
    text = f"  {MARKS[change.kind]} {change.kind:<9} {WORDS[change.section]} {change.code}"
    if change.effective_at is not None:
        text += f", on sale from {change.effective_at.isoformat(sep=' ', timespec='minutes')}"
    if change.keeps_terms:
        text += " (published: it keeps its terms; the changed parts reach new versions only)"
    return text


def _summary(made: Sequence[Change], *, dry_run: bool) -> str:
    counts = Counter(change.kind for change in made)
    parts = [f"{counts[kind]} {word}" for kind, word in TOTALS.items() if counts[kind]]  # type: ignore[index]
    ending = " Nothing was saved: this was a dry run." if dry_run else ""
    return f"{', '.join(parts) or 'The file is empty'}.{ending}"
