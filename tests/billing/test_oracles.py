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
