# ruff: noqa: E501 — a row of a table reads best unbroken
"""What compiling keeps and what a step leaves behind: cases, defaults, the words of a derivation node."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing import compile as compiling
from billing.rating import rate, rate_number
from billing.values import Context, Due, Observation, Pack
from plans.tariff import Band, Tariff, UnpriceableQuantity
from plans.terms import read_terms
from plans.timespan import Period
from tests.billing.build import JUNE, D, bill, terms, usage

METERS = {"m": {"unit": "u"}, "k": {"unit": "u"}}
EACH = {"price": {"each": "1"}}


def nodes(document, used=None, **context):
    """Return the nodes of the first line's chain by word."""
    (line,) = rate(document, used or {}, [Due("x", JUNE)], Context(**context)).lines
    return {node.word: node for node in line.derivation.children}


@pytest.mark.parametrize(
    ("mode", "used", "expected"),
    [
        ("graduated", 15, [{"band": "1", "above": "0", "upto": "10", "each": "2"}, {"band": "2", "above": "10", "each": "1", "flat": "3"}]),
        ("volume", 15, [{"band": "2", "above": "10", "each": "1", "flat": "3"}]),
        ("volume", 5, [{"band": "1", "above": "0", "upto": "10", "each": "2"}]),
    ],
)  # fmt: skip
def test_a_band_node_says_which_band_and_its_prices(mode, used, expected):
    bands = [{"upto": "10", "each": "2"}, {"each": "1", "flat": "3"}]
    document = terms(
        {"code": "x", "of": "m", "steps": [{"price": {"mode": mode, "bands": bands}}]}, meters=METERS
    )

    price = nodes(document, usage(m=used))["price"]

    assert [dict(child.argument) for child in price.children] == expected
    assert dict(price.argument) == {"mode": mode}


def test_an_edge_that_does_not_belong_is_below_and_blocks_and_factors_are_said():
    bands = [{"below": "10", "each": "2"}, {"each": "1", "per": "4", "partial": "ceil", "times": "0.5"}]
    tariff = {"mode": "volume", "by": "k", "bands": bands}
    document = terms({"code": "x", "of": "m", "steps": [{"price": tariff}]}, meters=METERS)

    low, high = (nodes(document, usage(m=8, k=k))["price"] for k in (9, 10))

    assert dict(low.children[0].argument) == {"band": "1", "above": "0", "below": "10", "each": "2"}
    said = {"band": "2", "above": "10", "each": "1", "per": "4", "times": "0.5", "partial": "ceil"}
    assert dict(high.children[0].argument) == said
    assert dict(high.argument) == {"mode": "volume", "by": "10"}


def test_a_share_of_the_period_says_its_rule():
    step = {"prorate": {"by": "day", "span": "left", "round": {"to": "0.001", "mode": "floor"}}}
    document = terms({"code": "x", "steps": [{"price": {"flat": "30"}}, step]})
    due = Due("x", JUNE, at=datetime(2026, 6, 21, tzinfo=UTC))

    (line,) = rate(document, {}, [due], Context()).lines

    said = {"by": "day", "span": "left", "fractions": "10/30", "to": "0.001", "mode": "floor"}
    assert dict(line.derivation.children[-1].argument) == said


def test_days_of_a_share_are_days_of_the_customers_zone():
    """Shanghai's 16th begins at 16:00 UTC on the 15th."""
    spans = (Period(datetime(2026, 6, 15, 16, tzinfo=UTC), datetime(2026, 6, 30, 16, tzinfo=UTC)),)
    june = Period(datetime(2026, 5, 31, 16, tzinfo=UTC), datetime(2026, 6, 30, 16, tzinfo=UTC))
    document = terms({"code": "x", "steps": [{"price": {"flat": "30"}}, {"prorate": {"by": "day"}}]})

    assert rate(document, {}, [Due("x", june, spans)], Context(zone="Asia/Shanghai")).total == 15


def test_a_draw_says_pool_weight_and_what_was_taken():
    draw = {"draw": {"pool": "p", "weight": "heavy"}}
    document = terms(
        {"code": "x", "of": "m", "steps": [draw, EACH]}, meters=METERS, facts={"heavy": "u"}, pools={"p": {"size": "room"}},
        numbers={"room": {"times": ["heavy", "4"]}},
    )  # fmt: skip

    node = nodes(document, usage(m=9), facts={"heavy": D(3)})["draw"]

    assert {key: node.argument[key] for key in ("pool", "weight", "taken")} == {
        "pool": "p",
        "weight": "3",
        "taken": "12",
    }
    assert (node.input, node.output) == (9, 5)


@pytest.mark.parametrize(("used", "weight"), [(0, 2), (9, 0)])
def test_nothing_is_drawn_for_nothing(used, weight):
    document = terms(
        {"code": "x", "of": "m", "steps": [{"draw": {"pool": "p", "weight": "heavy"}}, EACH]},
        meters=METERS, facts={"heavy": "u"}, pools={"p": {"size": "5"}},
    )  # fmt: skip

    rating = bill(document, usage(m=used), facts={"heavy": D(weight)})

    assert (rating.total, rating.draws) == (used, ())


def test_a_draw_inside_a_formula_is_cut_at_its_packs_end_too():
    inner = {"of": "m", "steps": [{"included": "1"}, {"draw": {"pool": "p"}}]}
    document = terms({"code": "x", "of": inner, "steps": [EACH]}, meters=METERS, pools={"p": {}})
    rows = {
        "m": [
            Observation(D(4), datetime(2026, 6, 5, tzinfo=UTC)),
            Observation(D(8), datetime(2026, 6, 20, tzinfo=UTC)),
        ]
    }
    packs = {"p": [Pack("a", D(100), datetime(2026, 6, 10, tzinfo=UTC))]}

    rating = bill(document, rows, packs=packs)

    assert [draw.quantity for draw in rating.draws] == [3]
    assert rating.total == 8


@pytest.mark.parametrize(("region", "amount"), [("cn", 2), ("mars", 5)])
def test_a_number_chosen_by_label_has_its_else(region, amount):
    chosen = {"pick": "region", "cases": {"cn": "2"}, "else": "5"}
    document = terms({"code": "x", "of": chosen, "steps": [EACH]}, labels={"region": ["cn", "mars"]})

    assert bill(document, labels={"region": region}).total == amount


def test_a_formula_keeps_its_name():
    document = terms(
        {"code": "x", "of": "double", "steps": [EACH]},
        meters=METERS,
        numbers={"double": {"times": ["m", "2"]}},
    )

    (line,) = bill(document, usage(m=3)).lines
    first = line.derivation.children[0]

    assert (first.word, dict(first.argument), first.output) == ("number", {"name": "double"}, 6)
    assert rate_number(document, "double", usage(m=3), Due("", JUNE), Context()).argument == {
        "name": "double"
    }


def test_a_year_accumulates_from_january():
    charge = {"code": "x", "of": "m", "resets": "year", "steps": [{"included": "100"}, EACH]}
    document = terms(charge, meters=METERS)
    rows = {
        "m": [
            Observation(D(90), datetime(2026, 2, 3, tzinfo=UTC)),
            Observation(D(30), datetime(2026, 6, 3, tzinfo=UTC)),
        ]
    }

    assert bill(document, rows).total == 20
    assert nodes_of_since(document, rows) == {"resets": "year"}


def nodes_of_since(document, rows):
    (line,) = bill(document, rows).lines
    return dict(line.derivation.argument)


def test_a_document_is_compiled_once_and_the_oldest_is_forgotten(monkeypatch):
    monkeypatch.setattr(compiling, "_COMPILED", {})
    monkeypatch.setattr(compiling, "_KEPT", 2)
    documents = [read_terms({"currency": "EUR", "name": f"n{n}"}) for n in range(3)]

    first = compiling.compiled(documents[0])
    assert compiling.compiled(documents[0]) is first
    compiling.compiled(documents[1])
    assert list(compiling._COMPILED) == [documents[0].hash, documents[1].hash]
    compiling.compiled(documents[2])

    assert list(compiling._COMPILED) == [documents[1].hash, documents[2].hash]
    assert compiling.compiled(documents[0]) is not first


def test_a_charge_keeps_its_code():
    document = terms({"code": "x", "steps": [{"price": {"flat": "1"}}]})

    assert compiling.compiled(document).charges["x"].code == "x"


def test_what_has_no_price_is_named_and_the_last_band_is_not_passed():
    closed = Tariff([Band(Decimal(10), each=Decimal(1)), Band(ask=True)], "volume")
    single = Tariff([Band(each=Decimal(1))])

    with pytest.raises(UnpriceableQuantity, match="11"):
        closed.amount(Decimal(11))
    assert (single.mode, single.reached(Decimal(5))) == ("flat", 0)
    with pytest.raises(UnpriceableQuantity, match="12"):
        Tariff([Band(Decimal(10), each=Decimal(1))], "volume").amount(Decimal(12))


def test_zero_reaches_the_first_band_only_where_it_costs():
    bands = [Band(Decimal(10), flat=Decimal(5)), Band(each=Decimal(1))]

    assert Tariff(bands, "graduated").parts(Decimal(0)) == []
    assert [part.index for part in Tariff(bands, "graduated").parts(Decimal(12))] == [0, 1]
    assert [part.index for part in Tariff(bands, "volume").parts(Decimal(0))] == [0]
    none_free = Tariff([Band(Decimal(0), each=Decimal(9)), Band(flat=Decimal(2))], "graduated")
    assert [part.part for part in none_free.parts(Decimal(3))] == [0, 3]
