"""When a first answer is due: business hours of a zone, nights, holidays, clock changes, refusals."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.shape import build
from plans.support_terms import (
    HoursNotStated,
    PriorityNotPromised,
    SupportPromise,
    due_by,
    open_spans,
    support_problems,
)

SHANGHAI, BERLIN, NEW_YORK = (
    ZoneInfo(name) for name in ("Asia/Shanghai", "Europe/Berlin", "America/New_York")
)
WEEK = ["mon", "tue", "wed", "thu", "fri"]


def tier(zone: str = "Asia/Shanghai", windows: list[dict] | None = None, **more) -> SupportPromise:
    office = {"days": WEEK, "from": "09:00", "to": "18:00"}
    tree = {
        "response_minutes": {"P1": "60", "P2": "480", "P3": "2880"},
        "business_hours": {"zone": zone, "windows": windows or [office], "holidays": ["2026-10-01"]},
        "around_the_clock": [],
        **more,
    }
    found: list = []
    promise = build(tree, SupportPromise, "", found)
    assert not found, found
    return promise


def local(zone: ZoneInfo, *when: int) -> datetime:
    return datetime(*when, tzinfo=zone).astimezone(UTC)


# 24 September 2026 is a Thursday; the first of October, also a Thursday, is a holiday.
TABLE = [
    # opened, priority, due (all in Shanghai)
    ((2026, 9, 24, 10, 0), "P1", (2026, 9, 24, 11, 0)),
    ((2026, 9, 24, 8, 0), "P1", (2026, 9, 24, 10, 0)),  # before the doors open
    ((2026, 9, 24, 17, 30), "P1", (2026, 9, 25, 9, 30)),  # half today, half tomorrow
    ((2026, 9, 24, 17, 0), "P1", (2026, 9, 24, 18, 0)),  # to the last minute of the day
    ((2026, 9, 24, 18, 0), "P1", (2026, 9, 25, 10, 0)),  # the doors close at 18:00, not after
    ((2026, 9, 25, 17, 30), "P1", (2026, 9, 28, 9, 30)),  # over a weekend
    ((2026, 9, 26, 12, 0), "P1", (2026, 9, 28, 10, 0)),  # on a Saturday
    ((2026, 9, 30, 17, 30), "P1", (2026, 10, 2, 9, 30)),  # over a holiday
    ((2026, 9, 24, 10, 0), "P2", (2026, 9, 24, 18, 0)),  # eight hours of nine
    ((2026, 9, 24, 11, 0), "P2", (2026, 9, 25, 10, 0)),
    ((2026, 9, 24, 10, 0), "P3", (2026, 10, 2, 13, 0)),  # 48 hours: 8 + 9 + 9 + 9 + 9, then 4
]


@pytest.mark.parametrize(("opened", "priority", "due"), TABLE)
def test_minutes_run_while_somebody_answers(opened, priority, due) -> None:
    assert due_by(tier(), priority, local(SHANGHAI, *opened)) == local(SHANGHAI, *due)


def test_around_the_clock_counts_every_minute() -> None:
    opened = local(SHANGHAI, 2026, 9, 25, 23, 30)

    always = tier(hours="24x7")
    only_p1 = tier(around_the_clock=["P1"])

    assert due_by(always, "P1", opened) == local(SHANGHAI, 2026, 9, 26, 0, 30)
    assert due_by(only_p1, "P1", opened) == local(SHANGHAI, 2026, 9, 26, 0, 30)
    assert due_by(only_p1, "P2", opened) == local(SHANGHAI, 2026, 9, 28, 17, 0)


NIGHT = [{"from": "22:00", "to": "06:00"}]


@pytest.mark.parametrize(
    ("opened", "due", "hours"),
    [
        ((2026, 3, 28, 22, 0), (2026, 3, 29, 6, 0), 7),  # the night the clocks go forward
        ((2026, 10, 24, 22, 0), (2026, 10, 25, 6, 0), 9),  # the night they go back
        ((2026, 6, 1, 22, 0), (2026, 6, 2, 6, 0), 8),
    ],
)
def test_a_night_is_as_long_as_it_is(opened, due, hours) -> None:
    promise = tier("Europe/Berlin", NIGHT, response_minutes={"P1": str(hours * 60)})

    assert due_by(promise, "P1", local(BERLIN, *opened)) == local(BERLIN, *due)


def test_a_window_that_starts_inside_the_gap_starts_after_it() -> None:
    promise = tier("Europe/Berlin", [{"from": "02:30", "to": "04:00"}])

    assert due_by(promise, "P1", local(BERLIN, 2026, 3, 28, 12, 0)) == local(BERLIN, 2026, 3, 29, 4, 0)


def test_windows_that_meet_are_one_and_lunch_is_closed() -> None:
    met = [
        {"from": "09:00", "to": "12:00"},
        {"from": "12:00", "to": "24:00"},
        {"from": "00:00", "to": "09:00"},
    ]
    lunch = [{"days": WEEK, "from": "09:00", "to": "12:00"}, {"days": WEEK, "from": "13:00", "to": "17:00"}]

    assert due_by(tier(windows=met), "P2", local(SHANGHAI, 2026, 9, 24, 11, 0)) == local(
        SHANGHAI, 2026, 9, 24, 19, 0
    )
    assert due_by(tier(windows=lunch), "P1", local(SHANGHAI, 2026, 9, 24, 11, 30)) == local(
        SHANGHAI, 2026, 9, 24, 13, 30
    )


def test_a_holiday_may_have_hours_of_its_own_and_windows_have_dates() -> None:
    windows = [
        {"days": WEEK, "from": "09:00", "to": "18:00", "until": "2026-10-02"},
        {"days": ["holiday"], "from": "10:00", "to": "12:00"},
        {"days": WEEK, "from": "08:00", "to": "18:00", "since": "2026-10-02"},
    ]

    assert due_by(tier(windows=windows), "P1", local(SHANGHAI, 2026, 9, 30, 20, 0)) == local(
        SHANGHAI, 2026, 10, 1, 11, 0
    )
    assert due_by(tier(windows=windows), "P1", local(SHANGHAI, 2026, 10, 1, 11, 30)) == local(
        SHANGHAI, 2026, 10, 2, 8, 30
    )


def test_what_no_instant_follows_from_is_said() -> None:
    with pytest.raises(PriorityNotPromised):
        due_by(tier(), "P9", local(SHANGHAI, 2026, 9, 24, 10, 0))
    with pytest.raises(HoursNotStated):
        due_by(SupportPromise(response_minutes={"P1": 60}), "P1", local(SHANGHAI, 2026, 9, 24, 10, 0))


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)),  # noqa: DTZ001
    st.integers(0, 3000),
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/New_York"]),
)
def test_the_open_minutes_between_are_those_promised(opened, minutes, zone) -> None:
    promise = tier(zone, response_minutes={"P1": str(max(minutes, 1))})
    start = opened.replace(microsecond=0, tzinfo=UTC)

    due = due_by(promise, "P1", start)

    open_seconds = 0
    for span in open_spans(promise.business_hours, start):
        if span.start >= due:
            break
        open_seconds += (min(span.end, due) - max(span.start, start)).total_seconds()
    assert open_seconds == max(minutes, 1) * 60


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"response_minutes": {"P1": "0"}}, "response_minutes.P1", "out_of_range"),
        ({"around_the_clock": ["P7"]}, "around_the_clock[0]", "unknown_reference"),
        ({"business_hours": {"zone": "Mars/Base", "windows": []}}, "business_hours.zone", "hours_zone"),
        ({"business_hours": {"zone": "UTC", "windows": []}}, "business_hours", "missing_field"),
        (
            {"business_hours": {"zone": "UTC", "windows": [{"from": "9:00", "to": "18:00"}]}},
            "business_hours.windows[0].from",
            "hours_clock",
        ),
        (
            {"business_hours": {"zone": "UTC", "windows": [{"from": "09:00", "to": "24:01"}]}},
            "business_hours.windows[0].to",
            "hours_clock",
        ),
        (
            {
                "business_hours": {
                    "zone": "UTC",
                    "windows": [{"from": "09:00", "to": "18:00"}],
                    "holidays": ["2026-02-30"],
                }
            },
            "business_hours.holidays[0]",
            "hours_date",
        ),
    ],
)
def test_a_promise_that_cannot_be_kept_is_refused(fields, path, code) -> None:
    found = list(support_problems(tier(**fields), ""))

    assert (path, code) in [(one.path.lstrip("."), one.code) for one in found]
