"""Worked bills from published pages, each as data; no code knows a provider."""

from decimal import Decimal
from pathlib import Path

import pytest

from billing.derivation import reevaluate
from billing.oracle import read_case, run_case

CASES = sorted((Path(__file__).parent.parent / "oracles").glob("*.yaml"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_worked_bill_comes_out_exactly(path):
    case = read_case(path.read_text(encoding="utf-8"))

    outcome = run_case(case)

    assert case.id == path.stem
    assert (outcome.got.amount, outcome.got.unit) == (Decimal(case.expected.amount), case.expected.unit)
    assert outcome.passed
    assert all(reevaluate(node) == node.output for node in outcome.got.derivations)


def test_all_of_them_are_here():
    assert len(CASES) == 66


EXTRA = sorted((Path(__file__).parent.parent / "oracles" / "extra").glob("*.yaml"))


@pytest.mark.parametrize("path", EXTRA, ids=lambda path: path.stem)
def test_a_bill_written_by_the_docs_alone_comes_out_exactly(path):
    text = path.read_text(encoding="utf-8")

    outcome = run_case(read_case(text))

    assert outcome.case.id == path.stem
    assert outcome.passed, f"got {outcome.got.amount} {outcome.got.unit}"
    assert all(reevaluate(node) == node.output for node in outcome.got.derivations)
    assert len(text.splitlines()) <= 40
