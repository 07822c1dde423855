"""`dev.py messages`: bring the .po files up to date and compile them; `--check` says what is stale.

Babel does it all: a fresh machine has no gettext binaries.
"""

import argparse
import io
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from config.dev.extraction import Text, extract
from config.dev.places import ROOT

LOCALES = ("en", "zh_Hans")
TRANSLATED = ("zh_Hans",)  # English is the text itself
KEPT = "kept:"  # a comment `# kept: unfold` keeps a text of somebody else's package
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w*\}|%[sd]")
FIXED = datetime(2026, 1, 1, tzinfo=UTC)  # a date that moves would make every compilation differ


def po_path(locale: str, root: Path = ROOT) -> Path:
    """Return a locale's source file."""
    return root / "locale" / locale / "LC_MESSAGES" / "django.po"


def browser_path(locale: str, root: Path = ROOT) -> Path:
    """Return the texts of Django's own scripts that its catalogue lacks; kept by hand, it may be missing."""
    return po_path(locale, root).with_name("djangojs.po")


def read(path: Path, locale: str | None = None) -> Catalog:
    """Read a .po file; a missing one is an empty catalogue."""
    if not path.exists():
        return Catalog(locale=locale)
    with path.open("rb") as file:
        return read_po(file, locale=locale, domain="django")


def text_of(message: Message) -> Text:
    """Return a catalogue entry as what the code asks for."""
    if isinstance(message.id, str):
        return Text(message.id, None, message.context)
    singular, plural = message.id[:2]
    return Text(singular, plural, message.context)


def is_kept(message: Message) -> bool:
    """Tell whether an entry stays although our code does not use it."""
    return any(comment.startswith(KEPT) for comment in message.user_comments)


def renewed(old: Catalog, texts: dict[Text, set[str]], locale: str, more: Iterable[Catalog] = ()) -> Catalog:
    """Return a catalogue of the texts in use, with every translation known so far; never a guess."""
    new = Catalog(
        locale=locale, project="Ratecard", domain="django", creation_date=FIXED, revision_date=FIXED
    )
    new.header_comment = f"# Texts of Ratecard, {locale}. Update: python3 dev.py messages"
    new.fuzzy = False
    known = {
        text_of(entry): entry for catalog in (old, *more) for entry in catalog if entry.id and entry.string
    }
    for text, files in texts.items():
        entry = known.get(text)
        new.add(
            text.singular if text.plural is None else (text.singular, text.plural),
            entry.string if entry else None,
            [(file, None) for file in sorted(files)],  # type: ignore[misc]  # no line: they only churn
            flags=(entry.flags if entry else set()) - {"python-format", "python-brace-format"},
            context=text.context,
        )
    for entry in (entry for catalog in (old, *more) for entry in catalog):
        if entry.id and is_kept(entry) and text_of(entry) not in texts:
            new[entry.id] = entry
    return new


def written(catalog: Catalog) -> bytes:
    """Return the .po file's bytes, sorted, so that two branches merge."""
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=110, sort_output=True, include_lineno=False)
    return buffer.getvalue()


def compiled(catalog: Catalog) -> bytes:
    """Return the .mo file's bytes."""
    buffer = io.BytesIO()
    write_mo(buffer, catalog)
    return buffer.getvalue()


def update(root: Path = ROOT, additions: Sequence[Path] = ()) -> None:
    """Write both files of every locale; `additions` are .po files with more Chinese."""
    texts = extract(root)
    for locale in LOCALES:
        path = po_path(locale, root)
        path.parent.mkdir(parents=True, exist_ok=True)
        more = [read(file, locale) for file in additions] if locale in TRANSLATED else []
        path.write_bytes(written(renewed(read(path, locale), texts, locale, more)))
        for file in (path, browser_path(locale, root)):
            if file.exists():
                file.with_suffix(".mo").write_bytes(compiled(read(file, locale)))


def check(root: Path = ROOT) -> list[str]:
    """Return one sentence for each thing that is stale, missing or wrong; empty when all is fresh."""
    texts = extract(root)
    found = [fault for locale in LOCALES for fault in faults_of(locale, texts, root)]
    return found + [fault for locale in TRANSLATED for fault in browser_faults(locale, root)]


def browser_faults(locale: str, root: Path) -> list[str]:
    """Return what is wrong with the texts of scripts."""
    path = browser_path(locale, root)
    if not path.exists():
        return []
    catalog, name = read(path, locale), path.relative_to(root)
    faults = [f"{name}: {entry.id!r} {fault}" for entry in catalog if entry.id for fault in faults_in(entry)]
    return faults + not_compiled(path, catalog, root)


def faults_of(locale: str, texts: dict[Text, set[str]], root: Path) -> list[str]:
    """Return what is wrong with one locale."""
    path = po_path(locale, root)
    catalog = read(path, locale)
    entries = {text_of(entry): entry for entry in catalog if entry.id}
    name = path.relative_to(root)
    faults = [f"{name} lacks {text.singular!r}" for text in texts if text not in entries]
    for text, entry in entries.items():
        if text not in texts and not is_kept(entry):
            faults.append(f"{name} has {text.singular!r}, which nothing uses")
        elif locale in TRANSLATED:
            faults += [f"{name}: {text.singular!r} {fault}" for fault in faults_in(entry)]
    return faults + not_compiled(path, catalog, root)


def not_compiled(path: Path, catalog: Catalog, root: Path) -> list[str]:
    """Return a sentence if the compiled file is not what its source says."""
    made = path.with_suffix(".mo")
    if made.exists() and made.read_bytes() == compiled(catalog):
        return []
    return [f"{made.relative_to(root)} is not compiled from its source"]


def faults_in(entry: Message) -> list[str]:
    """Return what is wrong with one translation."""
    strings = [entry.string] if isinstance(entry.string, str) else list(entry.string or ())
    if not strings or not all(strings):
        return ["is not translated"]
    faults = ["is marked fuzzy"] if entry.fuzzy else []
    original = entry.id if isinstance(entry.id, str) else entry.id[-1]
    wanted = sorted(set(PLACEHOLDER.findall(original)))
    if any(sorted(set(PLACEHOLDER.findall(string))) != wanted for string in strings):
        faults.append(f"must use the placeholders {', '.join(wanted) or '(none)'}")
    return faults


def main(arguments: Sequence[str]) -> int:
    """Update the files, or with --check print what is stale and answer 1."""
    parser = argparse.ArgumentParser(prog="dev.py messages", description="Bring translations up to date.")
    parser.add_argument("--check", action="store_true", help="change nothing; say what is stale")
    parser.add_argument("--from", dest="additions", nargs="*", type=Path, default=[], metavar="FILE.po")
    options = parser.parse_args(arguments)
    if not options.check:
        update(ROOT, options.additions)
    faults = check(ROOT)
    for fault in faults:
        print(fault)
    if faults and options.check:
        print("Mend it with: python3 dev.py messages — then translate what is empty in locale/zh_Hans.")
    return 1 if faults and options.check else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
