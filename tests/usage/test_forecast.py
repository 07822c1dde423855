"""The outlook of a meter: laws, and cases that can be worked out by hand."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from usage.forecast import Outlook, adding, joining, peaking

MONDAY = date(2026, 11, 2)
DAY = timedelta(days=1)
D = Decimal


def days(*values: int, start: date = MONDAY) -> dict[date, Decimal]:
    return {start + n * DAY: D(value) for n, value in enumerate(values)}


def figures(one: Outlook) -> tuple[Decimal, Decimal, Decimal]:
    return one.floor, one.expected, one.high


def test_steady_days_go_on_as_they_were() -> None:
    known = days(*[10] * 14)

    assert figures(adding(D(140), known, MONDAY + 14 * DAY, MONDAY + 19 * DAY)) == (140, 200, 200)


def test_a_weekday_is_taken_to_be_as_its_weekday_was() -> None:
    known = days(*[10, 10, 10, 10, 10, 0, 0] * 4)  # nobody works at weekends
    saturday = MONDAY + 33 * DAY
    known |= days(*[10] * 5, start=MONDAY + 28 * DAY)

    assert figures(adding(D(50), known, saturday, saturday + DAY)) == (50, 50, 50)
    assert figures(adding(D(50), known, saturday, saturday + 2 * DAY)) == (50, 60, 60)


def test_todays_part_is_not_expected_twice() -> None:
    known = days(*[10] * 7) | {MONDAY + 7 * DAY: D(4)}

    assert adding(D(74), known, MONDAY + 7 * DAY, MONDAY + 8 * DAY).expected == 90
    known[MONDAY + 7 * DAY] = D(25)  # more than usual already: nothing is taken back
    assert adding(D(95), known, MONDAY + 7 * DAY, MONDAY + 8 * DAY).expected == 105


def test_the_high_figure_adds_the_ninetieth_percentile_of_surprises_times_the_root_of_days() -> None:
    # Mondays 10 and 20, their mean 15: surprises -5 and +5, all other days 0. Nearest rank 13 of 14 is +0 …
    known = days(10, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0)
    assert adding(D(0), known, MONDAY + 15 * DAY, MONDAY + 18 * DAY).high == 0
    # … and with every day uncertain by 5 it is 5: four days left add 5 x 2.
    known = days(*[10] * 7, *[20] * 7)
    assert figures(adding(D(0), known, MONDAY + 14 * DAY, MONDAY + 17 * DAY)) == (0, 60, 70)


def test_without_a_whole_day_nothing_is_expected() -> None:
    outlook = adding(D(7), {MONDAY: D(7)}, MONDAY, MONDAY + 20 * DAY)

    assert (figures(outlook), outlook.known) == ((7, 7, 7), 0)


def test_of_peaks_the_highest_day_counts() -> None:
    known = days(*[10, 10, 10, 10, 10, 40, 10] * 2)
    monday = MONDAY + 14 * DAY

    assert figures(peaking(D(25), known, monday, monday + 2 * DAY)) == (25, 25, 25)
    assert figures(peaking(D(25), known, monday, monday + 6 * DAY)) == (25, 40, 40)


def test_users_come_as_new_as_on_the_same_day_of_the_period_before() -> None:
    before = [D(n) for n in (100, 50, 25, 12, 6, 3)]
    known = days(100, 50, 25)

    assert figures(joining(D(175), known, before, MONDAY, MONDAY + 3 * DAY, MONDAY + 5 * DAY)) == (
        175,
        196,
        196,
    )


def test_users_without_a_period_before_come_as_in_the_last_days() -> None:
    known = days(10, 10, 10, 10, 10)

    assert joining(D(50), known, [], MONDAY, MONDAY + 5 * DAY, MONDAY + 9 * DAY).expected == 100


SERIES = st.lists(st.integers(0, 10**6), min_size=1, max_size=40)


@given(SERIES, st.integers(0, 40), st.integers(0, 10**6))
def test_the_three_figures_never_cross(values: list[int], left: int, floor: int) -> None:
    known, today = days(*values), MONDAY + (len(values) - 1) * DAY
    for judge in (adding, peaking):
        one = judge(D(floor), known, today, today + left * DAY)
        assert one.floor <= one.expected <= one.high
        assert judge(D(floor), known, today, today + left * DAY) == one


@given(SERIES, st.integers(0, 5))
def test_the_days_to_come_make_up_the_figures(values: list[int], left: int) -> None:
    known, today = days(*values), MONDAY + len(values) * DAY
    one = adding(D(0), known, today, today + left * DAY)

    assert abs(sum(one.days.values()) - one.expected) < D("0.001")
    assert abs(sum(one.high_days.values()) - one.high) < D("0.001")


GAPS = [  # days of two steady weeks that are not reported; what was said of them while they ran
    ((3,), 0),
    ((3,), 4),
    ((3, 10), 0),  # every day of that weekday: then the mean of all
    ((12, 13), 0),
]


@pytest.mark.parametrize(("gaps", "said"), GAPS)
def test_days_that_are_not_reported_teach_nothing(gaps: tuple[int, ...], said: int) -> None:
    known = days(*[said if n in gaps else 10 for n in range(14)])
    missing = {MONDAY + n * DAY for n in gaps}
    today, last = MONDAY + 14 * DAY, MONDAY + 20 * DAY

    summed = adding(D(100), known, today, last, missing)
    peaks = peaking(D(10), known, today, last, missing)

    assert figures(summed) == (100, 170, 170)
    assert figures(peaks) == (10, 10, 10)
    assert (summed.known, summed.unknown) == (peaks.known, peaks.unknown) == (14 - len(gaps), len(gaps))


def test_before_the_weeks_learnt_from_nothing_is_left_out() -> None:
    known = days(*[10] * 14)
    assert adding(D(0), known, MONDAY + 14 * DAY, MONDAY + 14 * DAY, {MONDAY - 30 * DAY}).unknown == 0
