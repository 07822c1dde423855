"""The customer's verifier and the rater agree to the last digit: two programs, one grammar."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from billing.compile import compiled
from billing.oracle import read_case
from billing.rating import rate, rate_figure, rate_number
from billing.situation_run import _left, _parts
from billing.values import Due
from plans.terms import read_terms, to_tree
from tests.billing.build import JUNE
from tests.billing.documents import documents
from tests.billing.second_opinion import second_bill, second_figure, second_number
from tests.billing.test_laws import CONTEXTS, READINGS

CASES = sorted((Path(__file__).parent.parent / "oracles").rglob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_worked_bill_comes_out_the_same(path):
    case = read_case(path.read_text(encoding="utf-8"))
    terms = read_terms(to_tree(case.terms))
    draws = []
    for part in _parts(terms, case.situation):
        context = replace(part.context, packs=_left(part.context, draws))
        dues = [replace(part.due, charge=charge.code) for charge in terms.document.charges]
        rating = rate(terms, part.quantities, dues, context)
        draws += rating.draws
        second = second_bill(terms, part.quantities, dues, context)
        assert second.lines == {line.key: line.amount for line in rating.lines}
        assert second.total == rating.total
        for code in compiled(terms).figures:
            if code == case.situation.ask:
                first = rate_figure(terms, code, part.quantities, part.due, context)
                assert second_figure(terms, code, part.quantities, part.due, context) == first.amount
        for name in compiled(terms).numbers:
            if name == case.situation.ask or name in terms.document.meters:
                node = rate_number(terms, name, part.quantities, part.due, context)
                assert second_number(terms, name, part.quantities, part.due, context) == node.output


@settings(max_examples=150, deadline=None)
@given(documents(), READINGS, READINGS, CONTEXTS)
def test_random_terms_and_usage_come_out_the_same(tree, m, peak, context):
    terms = read_terms(tree)
    dues = [Due(charge.code, JUNE) for charge in terms.document.charges]

    rating = rate(terms, {"m": m, "peak": peak}, dues, context)
    second = second_bill(terms, {"m": m, "peak": peak}, dues, context)

    assert second.lines == {line.key: line.amount for line in rating.lines}
    assert second.total == rating.total
