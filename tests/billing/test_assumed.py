"""One figure for a month, and the readings that stand for it."""

from typing import Any

import pytest

from billing.assumed import attributes_of, one_figure
from plans.terms import read_terms

PEAK = {"per": ["app", "day"], "take": "max"}


@pytest.mark.parametrize(
    ("reduce", "found"),
    [
        ([PEAK, {"take": "nth_highest", "n": "3"}], [{"day": "1"}, {"day": "2"}, {"day": "3"}]),
        ([PEAK, {"take": "nth_highest", "n": "1"}], [{}]),
        ([{"take": "nth_highest", "n": "2"}], [{}, {}]),
        ([PEAK, {"take": "sum"}], [{}]),
        ([PEAK, {"per": ["app"], "take": "nth_highest", "n": "3"}, {"take": "sum"}], [{}]),
    ],
)
def test_a_rank_gets_as_many_readings_as_it_counts_down(reduce: Any, found: list[dict[str, str]]) -> None:
    terms = read_terms(
        {
            "currency": "CNY",
            "meters": {"dau": {"unit": "users", "reduce": reduce}},
            "charges": [{"code": "one", "of": "dau", "steps": [{"price": {"each": "1"}}]}],
        }
    )

    assert attributes_of(terms.document, "dau") == found
    assert attributes_of(terms.document, "other") == [{}]


@pytest.mark.parametrize(
    ("given", "figure"),
    [
        ("5", "5"),
        ([{"value": "5", "day": "1"}, {"value": "5", "day": "2"}], "5"),
        ([{"value": "5", "day": "1"}, {"value": "6", "day": "2"}], None),
        ([{"value": "5", "band": "night"}, {"value": "5", "band": "day"}], None),
        ([{"value": "5", "at": "2026-11-01T00:00:00Z"}], None),
        ([], None),
    ],
)
def test_the_figure_is_found_again_in_its_readings(given: Any, figure: str | None) -> None:
    assert one_figure(given) == figure
