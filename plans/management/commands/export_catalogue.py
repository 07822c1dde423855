"""export_catalogue [FILE]: write the stored catalogue as the file that load_catalogue reads."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from plans.catalogue_yaml import dump_yaml
from plans.problems import TermsInvalid
from plans.selectors import stored_catalogue


class Command(BaseCommand):
    """Prints the catalogue, or writes it to a file."""

    help = "Write the stored catalogue as YAML, drafts and published versions included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file, if any."""
        parser.add_argument("file", type=Path, nargs="?", help="where to write; standard output by default")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it; a row that was left malformed is named."""
        try:
            text = dump_yaml(stored_catalogue())
        except TermsInvalid as error:
            lines = [f"{one.path}: {one.sentence()}" for one in error.problems]
            raise CommandError("\n".join(lines)) from error
        if options["file"] is None:
            self.stdout.write(text, ending="")
        else:
            options["file"].write_text(text, encoding="utf-8")
