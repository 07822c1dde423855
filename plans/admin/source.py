"""JSON columns edited as catalogue text: strict YAML, with every fault at its line."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, get_origin

from django import forms
from django.utils.translation import gettext

from config.admin_base import SourceWidget, UnchangedRowForm
from plans.catalogue import CreditFigure, Version
from plans.catalogue_yaml import dump_yaml, located, parse_yaml
from plans.models import PlanVersion
from plans.problems import TEXTS, Problem
from plans.selectors_catalogue import SOURCE_FIELDS, problems_of
from plans.shape import Strict, Tree, build
from plans.terms import Charge, Fact, Figure, Formula, Pool, to_tree


class PartDocument(Strict):
    """The small charge document of a module or a tier."""

    charges: list[Charge] = []
    figures: list[Figure] = []
    numbers: "dict[str, str | Formula]" = {}
    labels: dict[str, list[str]] = {}
    facts: "dict[str, str | Fact]" = {}
    wording: dict[str, dict[str, str]] = {}
    pools: dict[str, Pool] = {}
    tags: list[str] = []


class SlaDocument(PartDocument, kw_only=True):
    """The same with the formula of the credit and its cap."""

    figure: CreditFigure
    cap: "str | Formula | None" = None


def sentence(problem: Problem) -> str:
    """Return a fault in the reader's language: the path, then what to do about it."""
    said = gettext(TEXTS[problem.code]) % problem.params
    return f"{problem.path}: {said}" if problem.path else said


def with_line(problem: Problem) -> str:
    """Return the same, led by the line."""
    if problem.line is None:
        return sentence(problem)
    return gettext("Line %(line)s: %(fault)s") % {"line": problem.line, "fault": sentence(problem)}


def mark_lines(widget: forms.Widget, lines: Sequence[int | None]) -> None:
    """Name the faulty lines to the script that numbers them."""
    named = sorted({line for line in lines if line is not None})
    widget.attrs["data-bad-lines"] = ",".join(str(line) for line in named)


def refuse(widget: forms.Widget, problems: list[Problem]) -> forms.ValidationError:
    """Mark the faulty lines beside the text and return all faults as one error."""
    mark_lines(widget, [problem.line for problem in problems])
    return forms.ValidationError([forms.ValidationError(with_line(problem)) for problem in problems])


class CatalogueText(forms.CharField):
    """Strict YAML whose shape is `kind`; the value is the plain tree that a JSON column keeps."""

    widget = SourceWidget

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)
        self.kind = kind

    @property
    def shown_widget(self) -> forms.Widget:
        """The widget of this form's copy of the field (before a form exists it is a class)."""
        widget: forms.Widget = self.widget  # type: ignore[assignment]
        return widget

    def prepare_value(self, value: Any) -> str:
        """Write a stored tree as text; text that was posted stays as it was typed."""
        if isinstance(value, str):
            return value
        typed = build(value, self.kind, "", []) if value else None
        return dump_yaml(value if typed is None else to_tree(typed)) if value else ""

    def clean(self, value: Any) -> Any:
        """Return the tree, or every fault with its line."""
        tree, marks, problems = parse_yaml(value or "")
        if not problems:
            tree = self.typed(tree or ([] if get_origin(self.kind) is list else {}), problems)
            problems = [located(problem, marks) for problem in problems]
        if problems:
            raise refuse(self.shown_widget, problems)
        return tree

    def typed(self, tree: Tree, problems: list[Problem]) -> Tree:
        """Return the tree as its shape writes it; faults are added to `problems`."""
        return to_tree(build(tree, self.kind, "", problems))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the text, not the tree with the text."""
        return self.prepare_value(initial) != (data or "")


class PartForm(UnchangedRowForm):
    """A form whose JSON columns are catalogue text; `texts` names the shape of each."""

    texts: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in self.texts.items():
            if name in self.fields:
                old = self.fields[name]
                self.fields[name] = CatalogueText(kind, label=old.label, help_text=old.help_text)
                self.fields[name].widget.attrs["rows"] = 4


class VersionText(CatalogueText):
    """The source of a plan version. Number and dates are not part of it: they are set elsewhere."""

    def prepare_value(self, value: Any) -> str:
        """Write it as `source_text` does, so that the lines of its faults are right."""
        return value if isinstance(value, str) else written(value or {})

    def typed(self, tree: Tree, problems: list[Problem]) -> Tree:
        """Check the shape of a version without its number."""
        if isinstance(tree, dict):
            known = ", ".join(SOURCE_FIELDS)
            foreign = [key for key in tree if key not in SOURCE_FIELDS]
            problems += [Problem(key, "unknown_field", {"field": key, "known": known}) for key in foreign]
            tree = {"number": "1", **{key: part for key, part in tree.items() if key in SOURCE_FIELDS}}
        whole = to_tree(build(tree, Version, "", problems)) or {}
        return {key: whole[key] for key in SOURCE_FIELDS if key in whole}


class VersionForm(UnchangedRowForm):
    """The draft's text and a comment. A fault of shape is refused; a fault of meaning waits for publish."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "source" not in self.fields:  # a published version has no form
            return
        help_text = gettext(
            "Saved in a standard order; remarks (#) are not kept. Faults of meaning may be saved and "
            "mended later, but not published."
        )
        self.fields["source"] = text = VersionText(Version, label=gettext("Source"), help_text=help_text)
        if not self.is_bound:
            mark_lines(text.shown_widget, [line for line, _said in problems_with_lines(self.instance)])


def source_text(version: PlanVersion) -> str:
    """Return what staff edit."""
    return written(version.source)


def written(source: Tree) -> str:
    """Write a source as text, its words in the order of the grammar (a JSON column keeps none)."""
    typed = build({"number": "1", "terms": {}, **source}, Version, "", [])
    tree = source if typed is None else to_tree(typed)
    return dump_yaml({key: tree[key] for key in SOURCE_FIELDS if key in tree})


def problems_with_lines(version: PlanVersion) -> list[tuple[int | None, str]]:
    """Return what keeps a stored draft from being published, with the line of the text it shows as.

    A fault of a module or tier has no line here; its sentence names the part.
    """
    _tree, marks, _none = parse_yaml(source_text(version))
    found = []
    for problem in problems_of(version):
        inside = problem.path.split(".")[0].split("[")[0] in SOURCE_FIELDS
        placed = located(problem, marks) if inside else replace(problem, line=None)
        found.append((placed.line, sentence(problem)))
    return sorted(found, key=lambda pair: (pair[0] is None, pair[0] or 0))
