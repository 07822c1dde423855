"""JSON columns edited as catalogue text: strict YAML, with every fault at its line."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, get_origin

from django import forms
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from config.admin_base import UnchangedRowForm
from plans.admin.form_field import DocumentWidget, Posted, unstorable
from plans.catalogue import CreditFigure, Version
from plans.catalogue_yaml import Marks, dump_yaml, located, parse_yaml
from plans.models import PlanVersion
from plans.problems import TEXTS, Problem
from plans.selectors_catalogue import PARTS, SOURCE_FIELDS, problems_of
from plans.shape import Strict, Tree, build
from plans.terms import Charge, Fact, Figure, Formula, Pool, to_tree

# What begins the path of a fault that stands in another row than the one edited.
BESIDE = (*(f"{part}." for part in (*PARTS.values(), "plan")), "meters[", "features[", "plans[")


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


def lined(problem: Problem, marks: Marks) -> Problem:
    """Return a fault with its line; one of a module or tier beside the text has none."""
    if problem.line is not None or problem.path.startswith(BESIDE):
        return problem
    return located(problem, marks)


def mark_lines(widget: forms.Widget, lines: Sequence[int | None]) -> None:
    """Name the faulty lines to the script that numbers them."""
    named = sorted({line for line in lines if line is not None})
    widget.attrs["data-bad-lines"] = ",".join(str(line) for line in named)


def refuse(widget: DocumentWidget, problems: list[Problem]) -> forms.ValidationError:
    """List the faults above the text, mark their lines beside it, and return one error that says so."""
    mark_lines(widget, [problem.line for problem in problems])
    widget.refused = [(problem.line, sentence(problem)) for problem in problems]
    said = ngettext(
        "Not saved: %(count)s fault is listed above the text.",
        "Not saved: %(count)s faults are listed above the text.",
        len(problems),
    )
    return forms.ValidationError(said % {"count": len(problems)})


class CatalogueText(forms.CharField):
    """A document whose shape is `kind`, as a form or as strict YAML; the value is its plain tree."""

    widget = DocumentWidget

    def __init__(self, kind: Any, *, name: str = "", refers: str = "", **kwargs: Any) -> None:
        super().__init__(required=False, strip=False, **kwargs)
        self.kind = kind
        self.shown_widget.kind, self.shown_widget.name, self.shown_widget.refers = kind, name, refers

    @property
    def shown_widget(self) -> DocumentWidget:
        """The widget of this form's copy of the field (before a form exists it is a class)."""
        widget: DocumentWidget = self.widget  # type: ignore[assignment]
        return widget

    def prepare_value(self, value: Any) -> str:
        """Write a stored or drawn tree as text; text that was posted stays as it was typed."""
        widget = self.shown_widget
        widget.as_text = isinstance(value, str)
        if isinstance(value, str):
            widget.tree = self.tree_of(value)
            return value
        tree = value.tree if isinstance(value, Posted) else self.shaped(value or self.nothing)
        widget.tree = tree
        return self.written(tree) if tree else ""

    def written(self, tree: Tree) -> str:
        """Write a tree as text."""
        return dump_yaml(tree)

    def shaped(self, tree: Tree) -> Tree:
        """Return a tree in the order of its shape (a JSON column keeps none), or as it is."""
        typed = build(tree, self.kind, "", [])
        return tree if typed is None else to_tree(typed)

    @property
    def nothing(self) -> Tree:
        """The empty document."""
        return [] if get_origin(self.kind) is list else {}

    def tree_of(self, text: str) -> Tree:
        """Return the tree of a text, or nothing where it cannot be read."""
        tree, _marks, problems = parse_yaml(text)
        return self.nothing if problems or not tree else self.shaped(tree)

    def clean(self, value: Any) -> Any:
        """Return the tree, or every fault with its place."""
        if isinstance(value, Posted):
            return self.clean_drawn(value)
        tree, marks, problems = parse_yaml(value or "")
        if tree is not None and (problem := unstorable(tree)):
            tree, problems = None, [*problems, problem]
        if tree is not None:
            told = {problem.path for problem in problems}
            given, found = tree or self.nothing, list[Problem]()
            tree = self.typed(given, found)
            problems += [problem for problem in found if problem.path not in told]
            problems = [lined(problem, marks) for problem in self.with_meaning(given, problems)]
        if problems:
            raise refuse(self.shown_widget, problems)
        return tree

    def clean_drawn(self, posted: Posted) -> Tree:
        """Return the tree of a drawn form; its faults stand beside their fields."""
        problems = [posted.problem] if posted.problem else []
        tree = None if problems else self.typed(posted.tree, problems)
        if problems and not posted.problem:
            problems = self.with_meaning(posted.tree, problems)
        if problems:
            self.shown_widget.problems = problems
            said = ngettext(
                "Not saved: %(count)s fault is listed above the form and stands beside its field.",
                "Not saved: %(count)s faults are listed above the form and stand beside their fields.",
                len(problems),
            )
            raise forms.ValidationError(said % {"count": len(problems)})
        return tree

    def typed(self, tree: Tree, problems: list[Problem]) -> Tree:
        """Return the tree as its shape writes it; faults are added to `problems`."""
        return to_tree(build(tree, self.kind, "", problems))

    def with_meaning(self, tree: Tree, problems: list[Problem]) -> list[Problem]:
        """Return the faults with those of meaning that a refused tree has besides."""
        return problems

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare like with like: trees of a drawn form, else texts."""
        if isinstance(data, Posted):
            return bool(self.shaped(initial or self.nothing) != data.tree)
        return self.text_of(initial) != (data or "")

    def text_of(self, tree: Tree) -> str:
        """Return a stored tree as its text."""
        return self.written(self.shaped(tree)) if tree else ""


class PartForm(UnchangedRowForm):
    """A form whose JSON columns are catalogue text; `texts` names the shape of each."""

    texts: ClassVar[Mapping[str, Any]] = {}
    refers: ClassVar[Mapping[str, str]] = {}  # what the keys or entries are completed with

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, kind in self.texts.items():
            if name in self.fields:
                old = self.fields[name]
                made = CatalogueText(
                    kind,
                    name=f"{self._meta.model._meta.model_name}.{name}",
                    refers=self.refers.get(name, ""),
                    label=old.label,
                    help_text=old.help_text,
                )
                self.fields[name] = made
                self.fields[name].widget.attrs["rows"] = 4


class VersionText(CatalogueText):
    """The source of a plan version. Number and dates are not part of it: they are set elsewhere."""

    version: PlanVersion | None = None  # the draft that is edited

    def with_meaning(self, tree: Tree, problems: list[Problem]) -> list[Problem]:
        """Add what keeps the draft from being published: all that is wrong is told at once."""
        if self.version is None or not problems or not isinstance(tree, dict):
            return problems
        told = {(one.path, one.code) for one in problems}
        return [
            *problems,
            *(one for one in problems_of(self.version, tree) if (one.path, one.code) not in told),
        ]

    def written(self, tree: Tree) -> str:
        """Write it as `source_text` does, so that the lines of its faults are right."""
        return written(tree)

    def shaped(self, tree: Tree) -> Tree:
        """Return a version's source in the order of the grammar."""
        return in_order(tree)

    @property
    def nothing(self) -> Tree:
        """An empty version has terms, if empty ones."""
        return {"terms": {}}

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
            "Saved in a standard order; remarks (#) in the text are not kept. A text that cannot be read is "
            "not saved. A draft whose prices still have problems is: it cannot be published until they are "
            "mended."
        )
        text = VersionText(Version, name="version", label=gettext("Terms"), help_text=help_text)
        self.fields["source"] = text
        text.version = self.instance
        widget = text.shown_widget
        widget.preview = reverse("admin:billing_version_live", args=[self.instance.pk])
        if not self.is_bound:
            widget.problems = problems_of(self.instance)
            mark_lines(widget, [line for line, _said in problems_with_lines(self.instance)])


def source_text(version: PlanVersion) -> str:
    """Return what staff edit."""
    return written(version.source)


def written(source: Tree) -> str:
    """Write a source as text, its words in the order of the grammar (a JSON column keeps none)."""
    return dump_yaml(in_order(source))


def in_order(source: Tree) -> Tree:
    """Return a source with its words in the order of the grammar, or as it is if its shape is wrong."""
    if not isinstance(source, dict):
        return source
    typed = build({"number": "1", "terms": {}, **source}, Version, "", [])
    tree = source if typed is None else to_tree(typed)
    return {key: tree[key] for key in SOURCE_FIELDS if key in tree}


def problems_with_lines(version: PlanVersion) -> list[tuple[int | None, str]]:
    """Return what keeps a stored draft from being published, with the line of the text it shows as.

    A fault of a module or tier has no line here; its sentence names the part.
    """
    _tree, marks, _none = parse_yaml(source_text(version))
    found = [(lined(problem, marks).line, sentence(problem)) for problem in problems_of(version)]
    return sorted(found, key=lambda pair: (pair[0] is None, pair[0] or 0))


def read_only(version: PlanVersion) -> SafeString:
    """Return the drawn form of a version that is only looked at; whoever places it disables it."""
    widget = VersionText(Version, name="version").shown_widget
    widget.tree = in_order(version.source)
    return widget.render("read", source_text(version), {"id": "id_read"})
