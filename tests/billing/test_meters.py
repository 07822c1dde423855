"""Every way to reduce readings, at its edges; one derivation leaf for each reading."""

from datetime import UTC, datetime

import pytest

from billing.derivation import reevaluate
from billing.rating import rate_number
from billing.values import Context, Due, Observation
from tests.billing.build import JUNE, D, terms


def reduced(rows, *stages, zone="UTC", steps=(), where=None):
    meter = {"unit": "u", "reduce": list(stages), "steps": list(steps), "where": where or {}}
    document = terms(meters={"m": meter})
    observations = [row if isinstance(row, Observation) else Observation(D(row)) for row in rows]
    node = rate_number(document, "m", {"m": observations}, Due("", JUNE), Context(zone=zone))
    assert reevaluate(node) == node.output
    return node.output


def seen(value, day=1, hour=0, lasting=None, **attributes):
    at = datetime(2026, 6, day, hour, tzinfo=UTC)
    return Observation(D(value), at, attributes, None if lasting is None else D(lasting))


TEN = [str(n) for n in range(1, 11)]


@pytest.mark.parametrize(
    ("rows", "stage", "expected"),
    [
        ([], {"take": "sum"}, 0),
        (["1", "2.5"], {"take": "sum"}, "3.5"),
        (["1", "2.5"], {"take": "count"}, 2),
        (["3", "1", "2"], {"take": "min"}, 1),
        (["3", "1", "2"], {"take": "max"}, 3),
        ([], {"take": "max"}, 0),
        (["1", "2"], {"take": "mean"}, "1.5"),
        ([], {"take": "mean"}, 0),
        (TEN, {"take": "nth_highest", "n": "1"}, 10),
        (TEN, {"take": "nth_highest", "n": "3"}, 8),
        (TEN, {"take": "nth_highest", "n": "10"}, 1),
        (TEN, {"take": "nth_highest", "n": "11"}, 0),
        (["5", "5", "1"], {"take": "nth_highest", "n": "2"}, 5),
        (TEN, {"take": "mean_of_highest", "n": "4"}, "8.5"),
        (["4", "2"], {"take": "mean_of_highest", "n": "5"}, 3),
        (TEN, {"take": "percentile", "n": "95"}, 10),
        (TEN, {"take": "percentile", "n": "90"}, 9),
        (TEN, {"take": "percentile", "n": "90.1"}, 10),
        (TEN, {"take": "percentile", "n": "50"}, 5),
        (TEN, {"take": "percentile", "n": "0.1"}, 1),
        (TEN, {"take": "percentile", "n": "100"}, 10),
        (["7"], {"take": "percentile", "n": "1"}, 7),
        ([], {"take": "percentile", "n": "95"}, 0),
    ],
)
def test_one_stage_at_its_edges(rows, stage, expected):
    assert reduced(rows, stage) == D(expected)


def test_latest_is_by_instant_not_by_order_of_arrival():
    assert reduced([seen(5, day=3), seen(9, day=2)], {"take": "latest"}) == 5
    assert reduced([], {"take": "latest"}) == 0


def test_distinct_counts_an_attribute_once():
    rows = [seen(1, user="a"), seen(1, user="b"), seen(1, day=2, user="a")]

    assert reduced(rows, {"take": "distinct"}) == 2
    assert reduced(rows, {"take": "distinct", "of": "device"}) == 1  # without the attribute the value counts
    per_app = [seen(1, user="a", app="x"), seen(1, user="a", app="y")]
    assert reduced(per_app, {"take": "distinct", "per": ["app"]}, {"take": "sum"}) == 2


def test_a_time_average_weighs_by_how_long_a_value_held():
    rows = [seen(5, lasting=240), seen(10, day=11, lasting=480)]

    assert reduced(rows, {"take": "time_average", "n": "720"}) * 720 == 5 * 240 + 10 * 480


def test_stages_go_from_fine_to_coarse():
    rows = [seen(400, app="a"), seen(600, day=2, app="a"), seen(20, app="b")]
    days = [seen(9, day=1), seen(8, day=1, hour=5), seen(7, day=2), seen(1, day=3)]

    assert reduced(rows, {"per": ["app"], "take": "max"}, {"take": "sum"}) == 620
    assert reduced(days, {"per": ["day"], "take": "max"}, {"take": "nth_highest", "n": "2"}) == 7


def test_a_day_is_a_day_of_the_customers_zone():
    rows = [seen(1, day=1, hour=20), seen(1, day=2, hour=3)]
    stages = ({"per": ["day"], "take": "sum"}, {"take": "max"})

    assert reduced(rows, *stages) == 1
    assert reduced(rows, *stages, zone="Asia/Shanghai") == 2


def test_steps_inside_a_stage_round_each_group():
    rows = [seen(61, **{"class": "hd"}), seen(61, **{"class": "sd"})]
    up = [{"over": "60"}, {"round": {"to": "1", "mode": "ceil"}}]

    assert reduced(rows, {"per": ["class"], "take": "sum", "steps": up}, {"take": "sum"}) == 4
    assert reduced(rows, {"take": "sum", "steps": up}) == 3
    assert reduced(rows, steps=up) == 3


def test_only_what_the_filter_names_counts():
    rows = [seen(1, licence="none"), seen(2, licence="teams"), seen(4)]

    assert reduced(rows, where={"licence": "none"}) == 1
    assert reduced(rows, where={"licence": ["none", "teams"]}) == 3
