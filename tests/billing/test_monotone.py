# ruff: noqa: E501 — a row of a table reads best unbroken
"""What the form of a charge promises: more usage never costs less. And what it cannot promise."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.monotone import falling_edges, monotone_charges
from billing.rating import rate
from billing.values import Context, Due, Observation
from plans.terms import read_terms
from tests.billing.build import JUNE, D, terms
from tests.billing.documents import documents

METERS = {"m": {"unit": "u"}, "k": {"unit": "u"}, "mean": {"unit": "u", "reduce": [{"take": "mean"}]}}


def banded(mode, *bands, **more):
    return {"price": {"mode": mode, "bands": list(bands), **more}}


def is_monotone(*steps, of="m", **charge):
    document = terms(
        {"code": "below", "of": "k", "tags": ["usage"], "steps": [{"price": {"each": "1"}}]},
        {"code": "credit", "of": "k", "credit": True, "tags": ["given"], "steps": [{"price": {"each": "1"}}]},
        {"code": "x", "of": of, "steps": list(steps), **charge},
        meters=METERS,
        facts={"free": "u"},
        numbers={
            "twice": {"times": ["m", "2"]},
            "less": {"minus": ["9", "m"]},
            "spent": {"spend": ["usage"]},
        },
        pools={"p": {"size": "10"}},
        labels={"region": ["cn", "eu"]},
    )
    return "x" in monotone_charges(document.document)


EACH = {"price": {"each": "1"}}
RISING = [{"upto": "10", "each": "1"}, {"each": "2"}]
FALLING = [{"upto": "10", "each": "2"}, {"each": "1"}]


@pytest.mark.parametrize(
    ("charge", "expected"),
    [
        ({"steps": [EACH]}, True),
        ({"steps": [{"included": "5"}, EACH]}, True),
        ({"steps": [{"included": "free"}, EACH]}, True),
        ({"steps": [{"included": "k"}, EACH]}, False),
        ({"steps": [{"included": "twice"}, EACH]}, False),
        ({"steps": [{"minus": "5"}, EACH]}, False),
        ({"steps": [{"plus": "k"}, {"times": "twice"}, EACH]}, True),
        ({"steps": [{"plus": "less"}, EACH]}, False),
        ({"steps": [{"over": "2"}, EACH]}, True),
        ({"steps": [{"over": "k"}, EACH]}, False),
        ({"steps": [{"at_least": "k"}, {"at_most": "100"}, EACH]}, True),
        ({"steps": [{"draw": {"pool": "p"}}, EACH]}, True),
        ({"steps": [{"round": {"to": "1", "mode": "floor"}}, EACH, {"prorate": {"by": "day"}}]}, True),
        ({"steps": [banded("graduated", *FALLING)]}, True),
        ({"steps": [banded("volume", *FALLING)]}, False),
        ({"steps": [banded("volume", *RISING)]}, True),
        ({"steps": [banded("volume", {"upto": "10", "each": "2", "flat": "1"}, {"each": "1", "flat": "11"})]}, True),
        ({"steps": [banded("volume", {"upto": "10", "each": "2", "flat": "1"}, {"each": "1", "flat": "10.9"})]}, False),
        ({"steps": [banded("volume", *RISING, by="k")]}, False),
        ({"steps": [banded("volume", {"upto": "10", "each": "1"}, {"ask": True})]}, True),
        ({"steps": [banded("volume", {"upto": "free", "each": "1"}, {"each": "2"})]}, False),
        ({"steps": [banded("bracket", {"upto": "10", "each": "1"}, {"flat": "10"})]}, True),
        ({"steps": [banded("bracket", {"upto": "10", "each": "1"}, {"flat": "9.9"})]}, False),
        ({"steps": [banded("bracket", {"upto": "10", "each": "1"}, {"upto": "20", "each": "1", "flat": "10"}, {"flat": "20"})]}, True),
        ({"steps": [banded("bracket", {"upto": "10", "each": "1"}, {"upto": "20", "each": "1", "flat": "10"}, {"flat": "19.9"})]}, False),
        ({"steps": [{"price": {"each": "twice"}}]}, False),
        ({"steps": [{"price": {"pick": "region", "cases": {"cn": {"each": "1"}, "eu": {"mode": "volume", "bands": FALLING}}}}]}, False),
        ({"of": "mean", "steps": [EACH]}, False),
        ({"of": {"pick": "region", "cases": {"cn": "m", "eu": "less"}}, "steps": [EACH]}, False),
        ({"of": {"of": "m", "steps": [{"included": "3"}]}, "steps": [EACH]}, True),
        ({"of": {"minus": ["m", "3"]}, "steps": [EACH]}, False),
        ({"of": {"over": ["m", "3"]}, "steps": [EACH]}, True),
        ({"of": {"over": ["3", "m"]}, "steps": [EACH]}, False),
        ({"steps": [EACH], "credit": True}, False),
        ({"steps": [EACH], "resets": "month"}, False),
        ({"of": {"spend": ["usage"]}, "steps": [{"times": "0.1"}]}, True),
        ({"of": {"spend": ["usage", "given"]}, "steps": [{"times": "0.1"}]}, False),
        ({"of": "500", "steps": [EACH, {"included": {"spend": ["usage"]}}]}, False),
        ({"of": "500", "steps": [EACH, {"included": "spent"}]}, False),
    ],
)  # fmt: skip
def test_what_a_charge_promises_by_its_form(charge, expected):
    own = dict(charge)

    assert is_monotone(*own.pop("steps"), **own) is expected


def test_where_one_unit_more_costs_less_is_named_with_both_amounts():
    prices = {"USD": banded("volume", *FALLING)["price"], "CNY": banded("graduated", *FALLING)["price"]}
    by_currency = {"price": {"pick": "currency", "cases": prices}}
    charge = {"code": "x", "of": "m", "steps": [by_currency]}
    document = terms(charge, meters=METERS, currency=["USD", "CNY"])

    (fall,) = falling_edges(document.document)

    assert (fall.charge, fall.edge, fall.at_edge, fall.above) == ("x", 10, 20, 10)
    assert fall.path == "charges[0].steps[0].price.cases.USD"


def test_formulas_and_rising_bands_name_no_fall():
    formula = banded("volume", {"upto": "free", "each": "2"}, {"each": "1"})
    document = terms(
        {"code": "x", "of": "m", "steps": [formula]},
        {"code": "y", "of": "m", "steps": [banded("volume", *RISING)]},
        meters=METERS,
        facts={"free": "u"},
    )

    assert falling_edges(document.document) == []


VALUES = st.decimals(0, 400, places=2)
ROWS = st.lists(
    st.builds(
        lambda value, day, app: Observation(
            value, JUNE.start + timedelta(days=day), {"app": app, "region": "cn"}, D(1)
        ),
        VALUES,
        st.integers(0, 29),
        st.sampled_from("ab"),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=150, deadline=None)
@given(documents(), ROWS, ROWS, ROWS, st.decimals(0, 100, places=1))
def test_what_promises_to_rise_never_falls_with_more_usage(tree, m, peak, more, added):
    """More is: a value grows, or values are added."""
    document = read_terms({**tree, "round": "none"})
    promised = monotone_charges(document.document)
    grown = [Observation(m[0].value + added, m[0].at, m[0].attributes, m[0].lasting), *m[1:], *more]

    before, after = (costs(document, {"m": rows, "peak": peak}) for rows in (m, grown))

    for code in promised:
        assert after.get(code, 0) >= before.get(code, 0)


def costs(document, usage):
    due = [Due(charge.code, JUNE) for charge in document.document.charges]
    context = Context(facts={"seats": Decimal(7)}, options={"opt": Decimal(1)}, labels={"term": "monthly"})
    found = {}
    for line in rate(document, usage, due, context).lines:
        found[line.charge] = found.get(line.charge, 0) + line.amount
    return found


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 60), min_size=1, max_size=4, unique=True),
    st.lists(st.decimals(0, 9, places=3), min_size=5, max_size=5),
    st.lists(st.decimals(0, 5, places=2), min_size=5, max_size=5),
    st.integers(0, 80),
)
def test_graduated_is_every_unit_at_the_price_of_its_own_band(edges, prices, flats, quantity):
    edges = sorted(edges)
    rows = [{"upto": str(edge)} for edge in edges] + [{}]
    bands = [
        {**row, "each": format(price, "f"), "flat": format(flat, "f")}
        for row, price, flat in zip(rows, prices, flats, strict=False)
    ]
    document = terms({"code": "c", "of": "seats", "steps": [banded("graduated", *bands)]})
    due = [Due("c", JUNE)]

    rated = rate(document, {}, due, Context(facts={"seats": D(quantity)})).total

    by_unit, reached = D(0), set()
    for unit in range(1, quantity + 1):
        band = next((i for i, edge in enumerate(edges) if unit <= edge), len(edges))
        by_unit += prices[band] + (flats[band] if band not in reached else 0)
        reached.add(band)
    assert rated == by_unit


@settings(max_examples=60, deadline=None)
@given(ROWS)
def test_the_parts_of_a_split_add_up_where_the_price_is_the_same_for_every_unit(rows):
    step = {"price": {"each": "0.07"}}
    whole = terms({"code": "c", "of": "m", "steps": [step]}, meters=METERS)
    parted = terms({"code": "c", "of": "m", "split": "app", "steps": [step]}, meters=METERS)

    parts = rate(parted, {"m": rows}, [Due("c", JUNE)], Context())

    assert parts.total == rate(whole, {"m": rows}, [Due("c", JUNE)], Context()).total
    assert len(parts.lines) == len({one.attributes["app"] for one in rows})
