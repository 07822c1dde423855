"""Periods are counted from the stored anchor, in the billing zone, across short months and clock changes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.timespan import MICROSECOND, local_date, local_midnight, shift_months
from subscriptions.anchors import current_period, index_at, period_at, start_anchor

NEW_YORK = ZoneInfo("America/New_York")
SHANGHAI = ZoneInfo("Asia/Shanghai")
KOLKATA = ZoneInfo("Asia/Kolkata")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")  # its clocks change by half an hour
BEIRUT = ZoneInfo("Asia/Beirut")  # its clocks skip midnight itself
ZONES = [ZoneInfo("UTC"), NEW_YORK, SHANGHAI, KOLKATA, LORD_HOWE, BEIRUT, ZoneInfo("Pacific/Apia")]


def starts(day: date, zone: ZoneInfo, count: int, months: int = 1) -> list[str]:
    anchor = local_midnight(day, zone)
    return [local_date(period_at(anchor, zone, k, months).start, zone).isoformat() for k in range(count)]


def test_c01_the_31st_is_clamped_and_restored() -> None:
    assert starts(date(2026, 1, 31), SHANGHAI, 6) == [
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
        "2026-04-30",
        "2026-05-31",
        "2026-06-30",
    ]


def test_c02_a_leap_day_counts_years_to_the_28th_and_back() -> None:
    years = starts(date(2096, 2, 29), ZoneInfo("UTC"), 9, months=12)

    assert years[:5] == ["2096-02-29", "2097-02-28", "2098-02-28", "2099-02-28", "2100-02-28"]
    assert years[8] == "2104-02-29"


@pytest.mark.parametrize(
    ("zone", "month", "hours"),
    [
        (NEW_YORK, date(2026, 3, 1), "743"),
        (NEW_YORK, date(2026, 11, 1), "721"),
        (SHANGHAI, date(2026, 3, 1), "744"),
        (KOLKATA, date(2026, 2, 1), "672"),
        (LORD_HOWE, date(2026, 4, 1), "720.5"),
        (LORD_HOWE, date(2026, 10, 1), "743.5"),
        (BEIRUT, date(2026, 3, 1), "743"),
    ],
)
def test_c04_a_clock_change_makes_the_period_longer_or_shorter(
    zone: ZoneInfo, month: date, hours: str
) -> None:
    period = period_at(local_midnight(month, zone), zone, 0)

    assert period.seconds / 3600 == pytest.approx(float(hours), abs=0)


@pytest.mark.parametrize(
    ("zone", "at", "anchor"),
    [
        (SHANGHAI, datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 19, 16, tzinfo=UTC)),
        (SHANGHAI, datetime(2026, 11, 20, 16, tzinfo=UTC), datetime(2026, 11, 20, 16, tzinfo=UTC)),
        (KOLKATA, datetime(2026, 11, 20, 18, 30, tzinfo=UTC), datetime(2026, 11, 20, 18, 30, tzinfo=UTC)),
        # 2026-03-08 02:30 does not exist in New York, 2026-11-01 01:30 exists twice: the day is clear.
        (NEW_YORK, datetime(2026, 3, 8, 7, 30, tzinfo=UTC), datetime(2026, 3, 8, 5, tzinfo=UTC)),
        (NEW_YORK, datetime(2026, 11, 1, 6, 30, tzinfo=UTC), datetime(2026, 11, 1, 4, tzinfo=UTC)),
        # Beirut's 29 March 2026 begins at 01:00: midnight is skipped.
        (BEIRUT, datetime(2026, 3, 29, 12, tzinfo=UTC), datetime(2026, 3, 28, 22, tzinfo=UTC)),
    ],
)
def test_c05_the_anchor_is_the_first_instant_of_the_local_day(
    zone: ZoneInfo, at: datetime, anchor: datetime
) -> None:
    assert start_anchor(at, zone) == anchor
    assert start_anchor(anchor, zone) == anchor


def test_the_edge_belongs_to_the_next_period() -> None:
    anchor = local_midnight(date(2026, 1, 31), SHANGHAI)
    edge = period_at(anchor, SHANGHAI, 1).start

    assert index_at(anchor, SHANGHAI, edge - MICROSECOND) == 0
    assert index_at(anchor, SHANGHAI, edge) == 1
    assert index_at(anchor, SHANGHAI, anchor - MICROSECOND) == -1


ANCHORS = st.datetimes(
    datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("2200-01-01"), timezones=st.just(UTC)
)


@given(at=ANCHORS, zone=st.sampled_from(ZONES), months=st.sampled_from([1, 3, 12]))
def test_c01_periods_rise_and_tile_for_a_century(at: datetime, zone: ZoneInfo, months: int) -> None:
    anchor = start_anchor(at, zone)
    day = local_date(anchor, zone)

    previous = period_at(anchor, zone, 0, months)
    assert previous.start == anchor
    for k in range(1, 1200 // months):
        period = period_at(anchor, zone, k, months)
        assert period.start == previous.end
        expected = shift_months(day, k * months)
        assert expected.day == day.day or expected.day == last_day(expected) < day.day
        assert local_date(period.start, zone) == expected or zone.key == "Pacific/Apia"
        previous = period


def last_day(day: date) -> int:
    return (shift_months(day.replace(day=1), 1) - timedelta(days=1)).day


@given(
    at=ANCHORS,
    zone=st.sampled_from(ZONES),
    months=st.sampled_from([1, 3, 12]),
    later=st.timedeltas(timedelta(days=-4000), timedelta(days=40000)),
)
def test_the_index_names_the_period_that_holds_the_instant(
    at: datetime, zone: ZoneInfo, months: int, later: timedelta
) -> None:
    anchor = start_anchor(at, zone)
    instant = at + later

    k = index_at(anchor, zone, instant, months)

    assert instant in period_at(anchor, zone, k, months)
    assert instant in current_period(anchor, zone, instant, months)
