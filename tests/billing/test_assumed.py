"""One figure for a month, and the readings that stand for it."""

from typing import Any

import pytest

from billing.assumed import attributes_of
from billing.situation import Situation
from billing.situation_run import answer
from plans.terms import read_terms

PEAK = {"per": ["app", "day"], "take": "max"}


@pytest.mark.parametrize(
    ("reduce", "found"),
    [
        ([PEAK, {"take": "nth_highest", "n": "3"}], [{"day": "1"}, {"day": "2"}, {"day": "3"}]),
        ([PEAK, {"take": "nth_highest", "n": "1"}], [{}]),
        ([{"take": "nth_highest", "n": "2"}], [{}, {}]),
        ([PEAK, {"take": "sum"}], [{}]),
        ([{"per": ["app"], "take": "time_average", "n": "720"}, {"take": "sum"}], [{"for": "720"}]),
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


def test_the_same_figure_is_priced_alike_in_a_file() -> None:
    """One figure in a situation means every day, or the whole time; several values are taken as they are."""
    third = [PEAK, {"take": "nth_highest", "n": "3"}]
    average = [{"per": ["app"], "take": "time_average", "n": "720"}, {"take": "sum"}]
    for reduce, given, expected in (
        (third, "500", 500),
        (third, [{"value": "500", "day": "1"}], 0),
        (average, "500", 500),
        (average, {"value": "500", "for": "360"}, 250),
    ):
        tree = {
            "currency": "CNY",
            "meters": {"dau": {"unit": "users", "reduce": reduce}},
            "charges": [{"code": "one", "of": "dau", "steps": [{"price": {"each": "1"}}]}],
        }
        assert answer(read_terms(tree), Situation(usage={"dau": given})).amount == expected
