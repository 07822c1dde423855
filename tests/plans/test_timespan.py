"""Days and months of a zone over clock changes, and spans at their edges."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from plans.timespan import (
    InvalidPeriod,
    Period,
    local_date,
    local_days,
    local_midnight,
    local_months,
    month_steps,
    shift_months,
)

BERLIN, CAIRO, HAVANA, APIA = (
    ZoneInfo(z) for z in ("Europe/Berlin", "Africa/Cairo", "America/Havana", "Pacific/Apia")
)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_period_holds_its_start_and_not_its_end():
    period = Period(utc(2026, 11, 1), utc(2026, 12, 1))

    assert utc(2026, 11, 1) in period
    assert utc(2026, 12, 1) not in period
    assert period.seconds == 30 * 86400


@pytest.mark.parametrize("end", [utc(2026, 11, 1), utc(2026, 10, 1), datetime(2026, 12, 1)])  # noqa: DTZ001
def test_an_empty_or_naive_period_is_refused(end):
    with pytest.raises(InvalidPeriod):
        Period(utc(2026, 11, 1), end)


def test_touching_periods_do_not_overlap():
    first, second = Period(utc(2026, 1, 1), utc(2026, 2, 1)), Period(utc(2026, 2, 1), utc(2026, 3, 1))

    assert first.overlap(second) is None
    assert first.overlap(Period(utc(2026, 1, 31), utc(2026, 5, 1))) == Period(
        utc(2026, 1, 31), utc(2026, 2, 1)
    )


@pytest.mark.parametrize(
    ("zone", "day", "expected"),
    [
        (BERLIN, date(2026, 3, 29), utc(2026, 3, 28, 23)),
        (BERLIN, date(2026, 3, 30), utc(2026, 3, 29, 22)),
        (
            CAIRO,
            date(2026, 4, 24),
            utc(2026, 4, 23, 22),
        ),  # clocks jump 00:00 -> 01:00: the day starts at 01:00
        (HAVANA, date(2026, 11, 1), utc(2026, 11, 1, 4)),  # 00:00 happens twice: the first
        (APIA, date(2011, 12, 30), utc(2011, 12, 30, 10)),  # a day that never was
        (APIA, date(2011, 12, 31), utc(2011, 12, 30, 10)),
    ],
)
def test_a_local_day_starts_at_its_first_instant(zone, day, expected):
    assert local_midnight(day, zone) == expected


def test_days_tile_a_month_with_a_clock_change():
    march = Period(local_midnight(date(2026, 3, 1), BERLIN), local_midnight(date(2026, 4, 1), BERLIN))

    days = list(local_days(march, BERLIN))

    assert len(days) == 31
    assert sum(day.seconds for day in days) == march.seconds == 31 * 86400 - 3600
    assert all(one.end == other.start for one, other in pairwise(days))
    assert local_date(days[28].start, BERLIN) == date(2026, 3, 29)


def test_a_skipped_day_is_not_a_day():
    span = Period(local_midnight(date(2011, 12, 29), APIA), local_midnight(date(2012, 1, 1), APIA))

    assert len(list(local_days(span, APIA))) == 2


def test_months_are_calendar_months_of_the_zone():
    span = Period(utc(2026, 1, 31, 23, 30), utc(2026, 2, 28, 23))

    months = list(local_months(span, BERLIN))

    assert [local_date(month.start, BERLIN) for month in months] == [date(2026, 2, 1)]


def test_months_from_a_start_clamp_and_come_back():
    assert [shift_months(date(2026, 1, 31), k) for k in (1, 2, 13, -2)] == [
        date(2026, 2, 28), date(2026, 3, 31), date(2027, 2, 28), date(2025, 11, 30),
    ]  # fmt: skip
    year = Period(utc(2026, 1, 31), utc(2027, 1, 31))
    assert len(list(month_steps(year, ZoneInfo("UTC")))) == 12
    assert (
        len(
            list(
                month_steps(Period(utc(2026, 1, 31), utc(2026, 1, 31) + timedelta(days=29)), ZoneInfo("UTC"))
            )
        )
        == 2
    )
