"""rate --catalogue FILE [--situation FILE]: what a bill comes to, and why. Needs no database."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation
from django.utils.translation import gettext

from billing.derivation import Node
from billing.explain_headline import headline
from billing.explain_tree import Names, sentences_of
from billing.explain_words import terms_names
from billing.models.lines import in_reader_language
from billing.oracle import meets
from billing.question import FACTS, PRICES, Question, QuestionInvalid, read_question
from billing.question_places import place_of
from billing.rated_json import answer_tree
from billing.situation_run import Answer, answer
from billing.values import Line
from plans.errors import DomainError
from plans.management.reading import text_of
from plans.problems import Problem
from plans.ratio import decimal_text, shown


class Command(BaseCommand):
    """Rates one situation by the prices of a file; prints every line with the steps behind it."""

    help = "Rate a situation by a catalogue, bare terms or a worked bill. Nothing is stored or asked for."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the files, the plan, the form of the answer and the language of its sentences."""
        parser.add_argument("--catalogue", type=Path, required=True, help="a catalogue, terms or worked bill")
        parser.add_argument(
            "--situation", type=Path, help="usage, facts and period; a worked bill has its own"
        )
        parser.add_argument("--plan", help="CODE or CODE@VERSION where the catalogue has several plans")
        parser.add_argument(
            "--json", action="store_true", help="exact amounts, trees and hashes for programs"
        )
        parser.add_argument("--language", choices=["en", "zh-Hans"], default="en", help="of the sentences")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the answer; problems come with file, line and column, and exit code 1."""
        files: dict[str, Path | None] = {PRICES: options["catalogue"], FACTS: options["situation"]}
        with translation.override(options["language"].lower()):
            texts = {name: None if path is None else _read(path) for name, path in files.items()}
            question, found = self._rated(files, texts, options["plan"])
            if options["json"]:
                self.stdout.write(json.dumps(_tree(question, found), ensure_ascii=False, indent=2))
            else:
                self.stdout.write("\n".join(told(question, found)))
        expected = question.expected
        if expected is not None and not meets(expected, found):
            got = f"{decimal_text(found.amount)} {found.unit}"
            self._refuse(f"Expected {expected.amount} {expected.unit}, got {got}.")

    def _refuse(self, text: str) -> NoReturn:
        """End with these lines alone on standard error: other programs read file, line and column there."""
        self.stderr.write(text)
        raise SystemExit(1)

    def _rated(
        self, files: dict[str, Path | None], texts: dict[str, str | None], plan: str | None
    ) -> tuple[Question, Answer]:
        try:
            question = read_question(texts[PRICES] or "", texts[FACTS], plan)
        except QuestionInvalid as error:
            self._refuse("\n".join(_faults(files, error)))
        try:
            return question, answer(question.terms, question.situation)
        except DomainError as error:
            line, column, path = place_of(error, question.marks, question.prefix)
            file = files[FACTS] or files[PRICES]
            self._refuse(f"{file}:{line}:{column}: {path}: {error}")


def _read(path: Path) -> str:
    try:
        return text_of(path)
    except DomainError as error:
        raise CommandError(str(error)) from error


def _faults(files: dict[str, Path | None], error: QuestionInvalid) -> Iterator[str]:
    """Yield a line for every problem, file by file, in the order of the file."""
    order = [PRICES, FACTS]
    found = sorted(error.found, key=lambda one: (order.index(one[0]), one[1].line or 0, one[1].column or 0))
    for name, one in found:
        yield f"{files[name]}:{written(one)}"


def written(one: Problem) -> str:
    """Return a problem as line, column, path and sentence."""
    return f"{one.line}:{one.column}: {one.path or 'file'}: {one.sentence()}"


def _names(question: Question, found: Answer) -> Names:
    labels = {line.key: line.label for one in found.ratings for line in one.lines}
    return {**terms_names(question.terms.document), **question.names, **labels}


def _tree(question: Question, found: Answer) -> dict[str, Any]:
    """Return the answer for programs, with each line's sentence in the chosen language."""
    tree, names = answer_tree(question, found), _names(question, found)
    lines = [(rating.currency, line) for rating in found.ratings for line in rating.lines]
    asked = [one for one in lines if question.situation.ask in ("total", one[1].charge)]
    for row, (currency, line) in zip(tree["lines"], asked, strict=True):
        row["headline"] = headline(line.derivation, currency, names).text
    return tree


def told(question: Question, found: Answer) -> Iterator[str]:
    """Yield the bill as a person reads it: lines, the steps behind each, the total."""
    if question.plan:
        yield f"{question.plan}, version {question.version}"
    names = _names(question, found)
    for index, rating in enumerate(found.ratings):
        if len(found.ratings) > 1:
            yield f"bill {index + 1}: {shown(rating.total)} {rating.currency}"
        for line in rating.lines:
            if question.situation.ask in ("total", line.charge):
                yield from _line(line, rating.currency, names)
    for node in () if found.ratings else found.derivations:
        yield from _steps(node, found.unit, names)
    yield from _beside(question)
    yield f"{question.situation.ask}: {shown(found.amount)} {found.unit}".rstrip()


def _beside(question: Question) -> Iterator[str]:
    """Yield what is no line: usage without a price, notes."""
    if question.unpriced:
        yield f"not priced by this plan: {', '.join(question.unpriced)}"
    for one in question.notes:
        yield gettext("note: %(place)s: %(note)s") % {"place": one.path, "note": one.sentence()}


def _line(line: Line, currency: str, names: Names) -> Iterator[str]:
    name = in_reader_language(dict(line.label)) or line.charge
    _charge, *where, _band, part = line.key.split("/")  # the name says the band already
    place = ", ".join(one for one in (*where, part) if one)
    quantity = "" if line.quantity is None else f"  {shown(line.quantity)} {line.unit}".rstrip()
    yield f"{name}{f' ({place})' if place else ''}{quantity}  {shown(line.amount)} {currency}"
    yield f"  {headline(line.derivation, currency, names).text}"
    yield from _steps(line.derivation, currency, names)


def _steps(node: Node, currency: str, names: Names) -> Iterator[str]:
    for one in sentences_of(node, currency, names):
        yield f"    {'  ' * one.depth}{one.whole}"
