"""The amount alone and the amount with its reasons are two ways through one document: always equal."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from billing.oracle import read_case
from billing.rating import amounts, rate
from billing.situation import context_of, instant, period_of, quantities_of, span_of, zone_of
from billing.steps import FallingEdges
from billing.values import Context, Due, Observation, Pack
from plans.terms import read_terms, to_tree
from tests.billing.build import JUNE, D, terms, usage


def one_bill():
    """Return the worked bills of one bill whose total is not shared back to the lines."""
    files = sorted((Path(__file__).parent.parent / "oracles").glob("*.yaml"))
    cases = [read_case(path.read_text(encoding="utf-8")) for path in files]
    return [one for one in cases if not one.situation.bills and "total" not in to_tree(one.terms.round)]


CASES = one_bill()
METERS = {"m": {"unit": "u"}, "k": {"unit": "u"}}


def both(document, used=None, due=None, **context):
    """Return the amounts of the fast path, after they were found equal to the explained ones."""
    due = due or [Due(charge.code, JUNE) for charge in document.document.charges]
    given = Context(**context)
    explained = {line.key: line.amount for line in rate(document, used or {}, due, given).lines}

    fast = amounts(document, used or {}, due, given)

    assert fast == explained
    return fast


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_worked_bills_cost_the_same_with_and_without_reasons(case):
    document, situation = read_terms(to_tree(case.terms)), case.situation
    zone = zone_of(situation.zone)
    spans = tuple(span_of(span, zone, "spans") for span in situation.spans)
    context = context_of(document, situation, zone)
    at = instant(situation.at, zone, "at") if situation.at else None
    due = [Due(c.code, period_of(situation, zone), spans, at) for c in document.document.charges]

    explained = rate(document, quantities_of(document, situation, zone), due, context)

    fast = amounts(document, quantities_of(document, situation, zone), due, context)
    assert fast == {line.key: line.amount for line in explained.lines}


EDGE = {"upto": "free", "each": "1"}


@pytest.mark.parametrize(
    ("mode", "amount"), [("graduated", 10 + 2 * 20), ("volume", 2 * 30), ("bracket", 2 * 20)]
)
def test_bands_whose_edges_are_numbers(mode, amount):
    tariff = {"mode": mode, "bands": [EDGE, {"each": "2"}]}
    document = terms(
        {"code": "x", "of": "m", "steps": [{"price": tariff}]}, meters=METERS, facts={"free": "u"}
    )

    assert both(document, usage(m=30), facts={"free": D(10)}) == {"x////": amount}


def test_edges_that_come_out_falling_are_named():
    tariff = {"mode": "volume", "bands": [EDGE, {"upto": "5", "each": "2"}, {"each": "3"}]}
    document = terms(
        {"code": "x", "of": "m", "steps": [{"price": tariff}]}, meters=METERS, facts={"free": "u"}
    )

    with pytest.raises(FallingEdges, match="10, 5"):
        both(document, usage(m=30), facts={"free": D(10)})


@pytest.mark.parametrize(("by", "amount"), [(9, 60), (10, 60), (11, 90)])
def test_another_number_may_select_the_band(by, amount):
    for bands in (
        [{"upto": "10", "each": "2"}, {"each": "3"}],
        [{"upto": "free", "each": "2"}, {"each": "3"}],
    ):
        tariff = {"mode": "volume", "by": "k", "bands": bands}
        document = terms(
            {"code": "x", "of": "m", "steps": [{"price": tariff}]}, meters=METERS, facts={"free": "u"}
        )

        assert both(document, usage(m=30, k=by), facts={"free": D(10)}) == {"x////": amount}


@pytest.mark.parametrize(("region", "amount"), [("cn", 30), ("mars", 60)])
def test_a_tariff_chosen_by_label_or_else(region, amount):
    tariff = {"pick": "region", "cases": {"cn": {"each": "1"}}, "else": {"each": "2"}}
    document = terms(
        {"code": "x", "of": "m", "steps": [{"price": tariff}]},
        meters=METERS,
        labels={"region": ["cn", "mars"]},
    )

    assert both(document, usage(m=30), labels={"region": region}) == {"x////": amount}


def test_a_chosen_tariff_keeps_its_default_beside_the_cases_in_its_reason():
    tariff = {
        "pick": "region",
        "cases": {"cn": {"each": "1"}},
        "else": {"pick": "term", "cases": {"monthly": {"each": "3"}, "annual": {"each": "2"}}},
    }
    document = terms(
        {"code": "x", "of": "m", "steps": [{"price": tariff}]}, meters=METERS, labels={"region": ["cn", "eu"]}
    )

    (line,) = rate(document, usage(m=1), [Due("x", JUNE)], Context(labels={"region": "eu"})).lines

    step = line.derivation.children[-1]
    assert (step.word, dict(step.argument)) == ("price", {"mode": "flat", "region": "eu", "term": "monthly"})


def test_a_fraction_of_the_month_is_rounded_to_the_currency_without_reasons_too():
    step = {"prorate": {"by": "day", "of": "month", "round": "minor"}}
    document = terms({"code": "x", "steps": [{"price": {"flat": "300"}}, step]})
    spans = (type(JUNE)(datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC)),)

    assert both(document, due=[Due("x", JUNE, spans)]) == {"x////": D("69.00")}  # 7/30 = 0.23


def test_a_weighted_draw_is_cut_at_the_packs_end():
    """Two minutes of a pack for each unit: before its end 3 units were used, 6 minutes."""
    draw = {"draw": {"pool": "p", "weight": "2"}}
    document = terms(
        {"code": "x", "of": "m", "steps": [draw, {"price": {"each": "1"}}]}, meters=METERS, pools={"p": {}}
    )
    rows = {
        "m": [
            Observation(D(3), datetime(2026, 6, 5, tzinfo=UTC)),
            Observation(D(5), datetime(2026, 6, 20, tzinfo=UTC)),
        ]
    }
    packs = {"p": [Pack("a", D(100), datetime(2026, 6, 10, tzinfo=UTC))]}

    assert both(document, rows, packs=packs) == {"x////": 5}
    assert [one.quantity for one in rate(document, rows, [Due("x", JUNE)], Context(packs=packs)).draws] == [6]
