"""Which texts the product shows: gettext calls in Python, translation tags in templates."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation.template import templatize

from config.dev.places import APPS

SKIPPED = ("config/dev/", "/migrations/", "/__pycache__/")
# How many texts a call takes, after its context if it has one.
CALLS = {"_": 1, "gettext": 1, "gettext_noop": 1, "ngettext": 2, "pgettext": 1, "npgettext": 2}
LAZY = "_lazy"
STRING = r"""u?(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TEMPLATE_CALL = re.compile(rf"\b(_|n?p?gettext)\(((?:{STRING}(?:,\s*)?)+)", re.DOTALL)
TEMPLATE_STRING = re.compile(STRING, re.DOTALL)


@dataclass(frozen=True)
class Text:
    """One text: its singular, its plural if it counts, its context if it has one."""

    singular: str
    plural: str | None = None
    context: str | None = None


def sources(root: Path) -> Iterator[Path]:
    """Yield every file that may hold a text for people, in a fixed order."""
    files = [file for app in APPS for file in (root / app).rglob("*.py")]
    files += [file for suffix in ("html", "txt") for file in (root / "templates").rglob(f"*.{suffix}")]
    files += [file for app in APPS for file in (root / app / "templates").rglob("*.html")]
    for file in sorted(files):
        if not any(part in f"{file.relative_to(root)}" for part in SKIPPED):
            yield file


def extract(root: Path) -> dict[Text, set[str]]:
    """Return every text of the product with the files that use it."""
    found: dict[Text, set[str]] = defaultdict(set)
    for file in sources(root):
        reader = python_texts if file.suffix == ".py" else template_texts
        for text in reader(file):
            found[text].add(file.relative_to(root).as_posix())
    return dict(found)


def python_texts(file: Path) -> Iterator[Text]:
    """Yield the literal texts of the gettext calls in a Python file."""
    tree = ast.parse(file.read_text(encoding="utf-8"), str(file))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            words = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
            if text := text_of(called(node.func).removesuffix(LAZY), words):
                yield text


def called(function: ast.expr) -> str:
    """Return the last name of what is called: `gettext` in `translation.gettext`."""
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def template_texts(file: Path) -> Iterator[Text]:
    """Yield the texts of a Django template; Django itself turns the tags into calls."""
    calls = templatize(file.read_text(encoding="utf-8"), origin=str(file))
    for call in TEMPLATE_CALL.finditer(calls):
        words = [ast.literal_eval(word) for word in TEMPLATE_STRING.findall(call[2])]
        if text := text_of(call[1], words):
            yield text


def text_of(name: str, words: Sequence[object]) -> Text | None:
    """Turn a call's arguments into a text; None for other calls, variables and empty texts."""
    with_context = int("pgettext" in name)
    parts = words[: CALLS.get(name, 0) + with_context]
    if not parts or len(parts) < CALLS[name] + with_context:
        return None
    texts = [part for part in parts if isinstance(part, str) and part]
    if len(texts) < len(parts):
        return None
    context = texts.pop(0) if with_context else None
    return Text(texts[0], texts[1] if len(texts) > 1 else None, context)
