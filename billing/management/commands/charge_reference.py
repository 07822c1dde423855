"""charge_reference [--check]: write the reference pages in both languages, and the JSON Schemas."""

from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from billing.reference import ENDINGS, LANGUAGES, Sources, gaps, page
from billing.schemas import SCHEMAS, schema_text

PAGES = ("charges", "catalogues")


class Command(BaseCommand):
    """Makes the pages from the schema, so they cannot fall behind it."""

    help = "Write the reference of the charge grammar and its JSON Schemas into docs."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take whether to write or only to compare."""
        parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file is stale")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write what differs; a word without a text or an example that runs stops it."""
        docs = Path(settings.BASE_DIR) / "docs"
        sources = sources_of(docs)
        if missing := gaps(sources):
            self.stderr.write("\n".join(missing))
            raise SystemExit(1)
        stale = [path for path, text in made(docs, sources) if _differs(path, text)]
        for path, text in () if options["check"] else made(docs, sources):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.stdout.writelines(f"{path.relative_to(docs.parent)}\n" for path in stale)
        if stale and options["check"]:
            raise SystemExit(1)


def sources_of(docs: Path) -> Sources:
    """Return the texts that the pages are made from."""
    return Sources(
        _texts(docs / "reference"),
        _texts(docs / "examples" / "charges"),
        _texts(docs / "examples" / "situations"),
        _texts(docs.parent / "catalogues"),
    )


def made(docs: Path, sources: Sources) -> Iterator[tuple[Path, str]]:
    """Yield every file that is made, with the text it must have."""
    for name in PAGES:
        for language in LANGUAGES:
            yield docs / f"{name}{ENDINGS[language]}", page(sources, name, language)
    for name in SCHEMAS:
        yield docs / "schema" / f"{name}.schema.json", schema_text(name, sources)


def _texts(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))}


def _differs(path: Path, text: str) -> bool:
    return not path.exists() or path.read_text(encoding="utf-8") != text
