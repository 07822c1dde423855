# ruff: noqa: E501 — strategies read best unbroken
"""What holds for every document and every usage: random terms, random readings."""

import random
from datetime import timedelta
from decimal import Decimal, localcontext

from hypothesis import given, settings
from hypothesis import strategies as st

from billing.derivation import from_json, reevaluate, to_json
from billing.rating import amounts, rate
from billing.values import Context, Due, Observation, Pack, Provenance
from plans.money import add_up
from plans.terms import read_terms
from tests.billing.build import JUNE, D, bill, terms
from tests.billing.documents import documents, tariffs

READINGS = st.lists(
    st.builds(
        lambda value, day, app, region: Observation(
            value, JUNE.start + timedelta(days=day), {"app": app, "region": region}, D(1), Provenance("measured", "r")
        ),
        st.decimals(0, 400, places=2), st.integers(-2, 31), st.sampled_from("ab"), st.sampled_from(["cn", "eu"]),
    ), max_size=8,
)  # fmt: skip
CONTEXTS = st.builds(
    lambda seats, held, term, left: Context(
        facts={"seats": seats}, options={"opt": held}, labels={"term": term}, packs={"p": [Pack("pck_1", left)]}
    ),
    st.integers(0, 50).map(Decimal), st.integers(0, 3).map(Decimal), st.sampled_from(["monthly", "annual"]),
    st.integers(0, 200).map(Decimal),
)  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(documents(), READINGS, READINGS, CONTEXTS, st.randoms(use_true_random=False))
def test_a_rating_adds_up_explains_itself_and_does_not_depend_on_order(tree, m, peak, context, shuffle):
    document = read_terms(tree)
    due = [Due(charge.code, JUNE) for charge in document.document.charges]

    rating = rate(document, {"m": m, "peak": peak}, due, context)

    assert add_up(line.amount for line in rating.lines) == rating.total
    for line in rating.lines:
        assert reevaluate(from_json(to_json(line.derivation))) == line.amount
    assert _again(document, m, peak, due, context, shuffle) == _bytes(rating)
    assert read_terms(document.canonical).hash == document.hash
    if "total" not in str(tree["round"]):
        fast = amounts(document, {"m": m, "peak": peak}, due, context)
        assert fast == {line.key: line.amount for line in rating.lines}


def _bytes(rating):
    return [(line.key, to_json(line.derivation)) for line in rating.lines], rating.inputs_hash, rating.draws


def _again(document, m, peak, due, context, shuffle: random.Random):
    m, peak, due = ([*rows] for rows in (m, peak, due))
    for rows in (m, peak, due):
        shuffle.shuffle(rows)
    with localcontext() as hostile:
        hostile.prec = 6
        return _bytes(rate(document, {"peak": peak, "m": m}, due, context))


@settings(max_examples=60, deadline=None)
@given(tariffs(), st.decimals(0, 1000, places=2))
def test_proration_over_the_whole_period_changes_nothing(tariff, quantity):
    prorated = terms(
        {"code": "c", "of": "seats", "steps": [{"price": tariff}, {"prorate": {"by": "second"}}]}
    )
    plain = terms({"code": "c", "of": "seats", "steps": [{"price": tariff}]})

    assert bill(prorated, facts={"seats": quantity}).total == bill(plain, facts={"seats": quantity}).total


@settings(max_examples=80, deadline=None)
@given(st.integers(1, 29), st.integers(0, 86399), st.sampled_from(["day", "second", "month"]))
def test_used_and_left_add_up_to_the_whole(day, second, by):
    at = JUNE.start + timedelta(days=day, seconds=second)
    parts = []
    for span in ("used", "left"):
        document = terms(
            {"code": "c", "steps": [{"price": {"flat": "720"}}, {"prorate": {"by": by, "span": span}}]}
        )
        parts.append(rate(document, {}, [Due("c", JUNE, at=at)], Context()).total)

    assert abs(sum(parts) - 720) < D("1e-40")


@settings(max_examples=80, deadline=None)
@given(
    st.decimals(0, 500, places=2),
    st.decimals(0, 500, places=2),
    st.lists(st.integers(1, 300), min_size=1, max_size=4, unique=True),
)
def test_a_graduated_price_with_no_falling_step_never_falls_with_more_usage(one, other, edges):
    bands = [{"upto": str(edge), "each": "0.5", "flat": "1"} for edge in sorted(edges)]
    document = terms(
        {
            "code": "c",
            "of": "seats",
            "steps": [{"price": {"mode": "graduated", "bands": [*bands, {"each": "0.1"}]}}],
        }
    )
    less, more = sorted([one, other])

    assert bill(document, facts={"seats": less}).total <= bill(document, facts={"seats": more}).total
