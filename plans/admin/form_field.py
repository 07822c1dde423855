"""A document in a form: fields made from its schema by the script, catalogue text for experts.

The text area is the field; it works alone where no script runs. The script hides it, draws the form, and
posts the tree as JSON beside it (`<name>-document`), which wins when it is there.
"""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.html import json_script
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from config.admin_base import SourceWidget
from plans.admin.form_view import form_schema, known_names
from plans.problems import TEXTS, Problem, join
from plans.shape import Tree

POSTED = "-document"
DEEPEST = 60  # levels, as in catalogue text
NO_TEXT = re.compile("[\x00\ud800-\udfff]")  # no column holds NUL or half a surrogate pair


@dataclass(frozen=True, slots=True)
class Posted:
    """What the drawn form sent: the tree, or the fault that kept it from being read."""

    tree: Tree
    problem: Problem | None = None


def read_posted(text: str) -> Posted:
    """Return the tree of a JSON text; numbers stay Decimals. What no column or page could hold is refused."""
    try:
        tree = json.loads(text, parse_float=Decimal, parse_int=Decimal, parse_constant=str)
    except (ValueError, RecursionError) as error:
        return Posted({}, Problem("", "not_json", {"reason": str(error).splitlines()[0]}))
    problem = unstorable(tree)
    return Posted({} if problem else tree, problem)


def unstorable(tree: Tree) -> Problem | None:
    """Return why a tree could be neither stored nor shown: nested too deep, or text that is no text."""
    level, depth = [tree], 0
    while level:
        if depth > DEEPEST:
            return Problem("", "too_deep", {"most": str(DEEPEST)})
        texts = [one for one in level if isinstance(one, str)]
        texts += [key for one in level if isinstance(one, dict) for key in one]
        if any(NO_TEXT.search(text) for text in texts):
            return Problem("", "not_json", {"reason": gettext("a character that no text may hold")})
        inner = [list(one.values()) if isinstance(one, dict) else one for one in level]
        level = [part for parts in inner if isinstance(parts, list) for part in parts]
        depth += 1
    return None


def placed(problems: list[Problem]) -> list[dict[str, str]]:
    """Return problems for the script: where, and the sentence in the reader's language."""
    return [{"path": _place(one), "text": gettext(TEXTS[one.code]) % one.params} for one in problems]


def _place(problem: Problem) -> str:
    """Return the path of the field to fill: what is missing stands in its own field, though that is empty."""
    missing = problem.code == "missing_field"
    return join(problem.path, problem.params["field"]) if missing else problem.path


class DocumentWidget(SourceWidget):
    """The text area, and what the script draws the form from."""

    kind: Any = None  # the schema's root
    refers = ""  # what the keys of a mapping are completed with
    name = ""  # by which the text is converted
    preview = ""  # address of the live preview
    tree: Tree = None
    problems: list[Problem]
    refused: list[tuple[int | None, str]]  # faults of a posted text, with their lines
    as_text = False  # the text has faults, or is what was posted: open there

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs)
        self.problems = []
        self.refused = []

    class Media:
        js = [forms.Script("ratecard/editor/main.js", type="module")]
        css = {"all": ["ratecard/editor.css"]}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Return what the drawn form posted, or the text."""
        document = data.get(f"{name}{POSTED}")
        return read_posted(document) if document else super().value_from_datadict(data, files, name)

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Either of the two will do."""
        return name not in data and f"{name}{POSTED}" not in data

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Draw the text area inside the editor's frame."""
        area = super().render(name, value, attrs, renderer)
        schema = {
            **form_schema(self.kind, refers=self.refers),
            "known": known_names(),
            "problems": placed(self.problems),
            "tree": self.tree,
        }
        context = {
            "name": name,
            "area": area,
            "schema": json_script(schema, f"editor-{name}"),
            "as_text": self.as_text,
            "refused": self.refused,
            "area_id": (attrs or {}).get("id", ""),
            "convert": self.name,
            "preview": self.preview,
        }
        return SafeString(render_to_string("admin/terms_editor.html", context))
