"""Stretches: which holds at an instant, which share a period, and whether they tile."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from plans.timespan import Period
from subscriptions.phases import Stretch, stretch_at, stretches_over, tiles

START = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OLD = Stretch(START, START + 10 * DAY, version=1)
NEW = Stretch(START + 10 * DAY, None, version=2)


def test_the_edge_belongs_to_the_later_stretch() -> None:
    assert stretch_at([OLD, NEW], START + 10 * DAY) is NEW
    assert stretch_at([OLD, NEW], START + 10 * DAY - timedelta(microseconds=1)) is OLD
    assert stretch_at([OLD, NEW], START - DAY) is None


def test_a_period_is_shared_without_loss() -> None:
    period = Period(START + 5 * DAY, START + 20 * DAY)

    parts = stretches_over([NEW, OLD], period)

    assert [(part.start, part.end, one.version) for part, one in parts] == [
        (START + 5 * DAY, START + 10 * DAY, 1),
        (START + 10 * DAY, START + 20 * DAY, 2),
    ]


def test_a_gap_an_overlap_and_a_missing_end_do_not_tile() -> None:
    assert tiles([OLD, NEW], START, None)
    assert not tiles([OLD], START, None)
    assert not tiles([], START, None)
    assert not tiles([OLD, Stretch(START + 11 * DAY, None, 2)], START, None)
    assert not tiles([OLD, Stretch(START + 9 * DAY, None, 2)], START, None)
    assert not tiles([NEW, Stretch(START + 12 * DAY, None, 3), OLD], START, None)


@given(st.lists(st.integers(1, 90), min_size=1, max_size=6), st.integers(0, 200), st.integers(1, 200))
def test_parts_of_a_tiled_period_add_up(lengths: list[int], first: int, long: int) -> None:
    edges = [START]
    for length in lengths:
        edges.append(edges[-1] + length * DAY)
    stretches = [Stretch(a, b, k) for k, (a, b) in enumerate(zip(edges, [*edges[1:-1], None], strict=False))]
    period = Period(START + first * DAY, START + (first + long) * DAY)

    parts = [part for part, _ in stretches_over(stretches, period)]

    assert tiles(stretches, START, None)
    assert sum(part.microseconds for part in parts) == period.microseconds
