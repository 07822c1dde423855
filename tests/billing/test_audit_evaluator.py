"""The customer's verifier and the rater agree to the last digit: two programs, one grammar."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.compile import compiled
from billing.oracle import read_case
from billing.rating import rate, rate_figure, rate_number
from billing.situation_run import _left, _parts, _with_lines
from billing.values import Context, Due, Observation, Pack
from plans.terms import read_terms, to_tree
from plans.timespan import Period
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
        part = _with_lines(terms, part, case.situation.ask)
        context = part.context
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


AUTUMN = Period(
    datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2026, 10, 31, 23, tzinfo=UTC)
)  # Berlin's October
WEEK = Period(datetime(2026, 10, 28, 23, tzinfo=UTC), datetime(2026, 11, 4, 23, tzinfo=UTC))
CLOCKS = st.sampled_from(["00:00", "02:30", "06:00", "08:00", "18:00", "22:00"])
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]
INSTANTS = st.datetimes(datetime(2026, 9, 15), datetime(2026, 11, 10), timezones=st.just(UTC))  # noqa: DTZ001
WINDOWS = st.fixed_dictionaries(
    {"from": CLOCKS, "to": st.one_of(CLOCKS, st.just("24:00"))},
    optional={
        "days": st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True),
        "since": st.just("2026-10-10"),
        "until": st.just("2026-10-26"),
    },
).filter(lambda window: window["from"] != window["to"])
SCHEDULES = st.builds(
    lambda night, peak: {
        "zone": "Europe/Berlin",
        "holidays": ["2026-10-03"],
        "else": "day",
        "bands": [{"code": "night", "windows": night}, {"code": "peak", "windows": peak}],
    },
    st.lists(WINDOWS, min_size=1, max_size=2),
    st.lists(WINDOWS, min_size=1, max_size=2),
)
POOLS = st.fixed_dictionaries(
    {"order": st.sampled_from(["first_expiring", "first_bought"])},
    optional={
        "covers_from": st.sampled_from(["purchase", "day", "month", "last_month"]),
        "expires": st.fixed_dictionaries(
            {"days": st.sampled_from(["3", "10", "31"]), "end": st.sampled_from(["instant", "day", "month"])}
        ),
    },
)
PACKS = st.lists(
    st.builds(
        lambda left, bought, ends: (Decimal(left), bought, bought + timedelta(days=ends) if ends else None),
        st.integers(0, 150), INSTANTS, st.sampled_from([0, 0, 5, 20]),
    ), max_size=3,
)  # fmt: skip
DRAWN = [{"draw": {"pool": "a", "weight": "2"}}, {"draw": {"pool": "p"}}]
EACH_HOUR = [{"per": ["hour"], "take": "sum"}, {"per": ["week"], "take": "max"}, {"take": "sum"}]


@settings(max_examples=120, deadline=None)
@given(
    SCHEDULES,
    POOLS,
    PACKS,
    st.lists(st.tuples(INSTANTS, st.decimals(0, 90, places=1)), max_size=10),
    st.sampled_from([AUTUMN, WEEK]),
)
def test_time_bands_packs_and_accumulation_come_out_the_same(schedule, pool, packs, used, period):
    priced = {
        "price": {
            "pick": "band",
            "cases": {"night": {"each": "1"}, "peak": {"each": "3"}},
            "else": {"each": "2"},
        }
    }
    graduated = {"mode": "graduated", "bands": [{"upto": "60", "each": "1"}, {"each": "0.5"}]}
    terms = read_terms(
        {
            "currency": "EUR",
            "schedules": {"hours": schedule},
            "labels": {"band": []},
            "pools": {"p": pool, "a": {"size": "30"}},
            "meters": {
                "m": {"unit": "minutes", "schedule": "hours"},
                "hourly": {"unit": "minutes", "reduce": EACH_HOUR},
                "n": {"unit": "minutes", "schedule": "hours", "where": {"band": ["night", "day"]}},
            },
            "charges": [
                {"code": "tou", "of": "m", "split": "band", "steps": [priced]},
                {"code": "packs", "of": "n", "steps": [*DRAWN, {"price": {"each": "1"}}]},
                {
                    "code": "rest",
                    "of": "hourly",
                    "steps": [*DRAWN, {"price": {"each": "2"}}],
                },
                {
                    "code": "month",
                    "of": "m",
                    "resets": "month",
                    "steps": [{"included": "20"}, {"price": graduated}],
                },
            ],
        }
    )
    rows = [Observation(value, at) for at, value in used]
    held = [Pack(f"pck_{n}", left, ends, bought) for n, (left, bought, ends) in enumerate(packs)]
    context = Context(zone="Europe/Berlin", packs={"p": held})
    quantities = {"m": rows, "hourly": rows, "n": rows}
    dues = [Due(charge.code, period) for charge in terms.document.charges]

    rating = rate(terms, quantities, dues, context)
    second = second_bill(terms, quantities, dues, context)

    assert second.lines == {line.key: line.amount for line in rating.lines}
    assert second.total == rating.total
