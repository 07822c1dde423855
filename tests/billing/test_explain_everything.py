"""Every line we can get hold of speaks: the worked bills and the house catalogue, in both languages."""

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest
from django.utils.translation import override

from billing.derivation import Node
from billing.explain_headline import headline
from billing.explain_pieces import worked_out
from billing.explain_tree import sentences_of
from billing.explain_words import terms_names
from billing.oracle import read_case
from billing.rating import rate
from billing.selectors_gather import meter_names
from billing.situation_run import answer
from billing.values import Context, Due, Line
from billing.wording import label_of
from plans.money import EXPONENTS
from plans.selectors import terms_of
from plans.terms import read_terms, to_tree
from tests.billing.build import JUNE, D, usage
from tests.factories import publish_house

CASES = sorted((Path(__file__).resolve().parents[1] / "oracles").rglob("*.yaml"))
OWN = re.compile(r"“[^”]*”")  # a code of the provider's, quoted
SYMBOLS = re.compile(r"US\$|CN¥|[A-Z]{3}|\(n\)")


def check(node: Node, currency: str, names: dict, words: set[str]) -> None:
    """A tree tells its amount in one sentence that works out, and its steps, in both languages."""
    for language in ("en", "zh-hans"):
        with override(language):
            head = headline(node, currency, names)
            steps = sentences_of(node, currency, names)
        assert head.value == node.output, head.text
        assert worked_out(head.pieces) == node.output, head.text
        assert any(mark.isdigit() for mark in head.text)
        for text in [head.text, *(one.text for one in steps)]:
            assert "%(" not in text
            assert text.strip()
            if language == "zh-hans":
                assert not raw(text, words), text


def raw(text: str, words: set[str]) -> list[str]:
    """Return what is left of Latin words once names, units and currencies are taken away."""
    text = SYMBOLS.sub("", OWN.sub("", text))
    return [word for word in re.findall(r"[A-Za-z][A-Za-z/-]+", text) if word not in words]


def given_words(tree) -> set[str]:
    """Return what a document and its situation name themselves: units, regions, apps, dates."""
    if isinstance(tree, dict):
        return {part for pair in tree.items() for one in pair for part in given_words(one)}
    if isinstance(tree, list):
        return {part for one in tree for part in given_words(one)}
    return set(re.findall(r"[A-Za-z][A-Za-z/-]+", str(tree)))


def units(document) -> set[str]:
    return {word for meter in document.meters.values() for word in given_words(meter.unit)} | {"T"}


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_worked_bill_speaks(path):
    case = read_case(path.read_text(encoding="utf-8"))
    terms = read_terms(to_tree(case.terms))
    found = answer(terms, case.situation)
    names = terms_names(terms.document)
    situation = given_words(to_tree(case.situation).get("usage", {})) | given_words(
        to_tree(case.situation).get("split", {})
    )
    currency = found.unit if found.unit in EXPONENTS else (terms.currencies or ["USD"])[0]
    for node in found.derivations:
        check(node, currency, names, units(terms.document) | situation)


@pytest.mark.django_db
def test_the_house_catalogue_speaks():
    versions = publish_house(at=datetime(2026, 6, 1, tzinfo=UTC)).values()
    count = 0
    for version, currency, term in product(versions, ["USD", "CNY"], ["monthly", "annual"]):
        for line, names in lines_of(terms_of(version), currency, term):
            check(line.derivation, currency, names, units(terms_of(version).document))
            count += 1
    assert count > 100


def lines_of(terms, currency: str, term: str) -> list[tuple[Line, dict]]:
    used = usage(mau=7321, messages=71000, traffic="1234.5", requests=2500001, connections=620)
    held = dict.fromkeys(terms.document.options, D(1))
    context = Context(facts={"seats": D(12)}, labels={"currency": currency, "term": term}, options=held)
    rating = rate(terms, used, [Due(one.code, JUNE) for one in terms.document.charges], context)
    names = meter_names(terms) | terms_names(terms.document)
    names |= {line.key: label_of(line.label, line.charge) for line in rating.lines}
    return [(line, names) for line in rating.lines]
