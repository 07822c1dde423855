"""Time bands by the wall clock of a zone: edges, midnight, holidays, clock changes."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plans.shape import build
from plans.terms_schedule import Schedule
from plans.timespan import MICROSECOND, Period
from plans.tou import band_codes, band_of, edges, wall_seconds

OFFICE = {
    "zone": "Europe/Berlin",
    "holidays": ["2026-12-25"],
    "bands": [
        {
            "code": "peak",
            "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "21:00"}],
        },
        {"code": "feast", "windows": [{"days": ["holiday"], "from": "00:00", "to": "24:00"}]},
        {"code": "night", "windows": [{"from": "22:30", "to": "06:00"}]},
    ],
    "else": "normal",
}


def schedule(tree=None, **change):
    problems = []
    made = build({**(tree or OFFICE), **change}, Schedule, "", problems)
    assert not problems
    return made


@pytest.mark.parametrize(
    ("instant", "band"),
    [
        ("2026-11-23T08:59:59.999999+01:00", "normal"),  # a Monday
        ("2026-11-23T09:00:00+01:00", "peak"),
        ("2026-11-23T20:59:59+01:00", "peak"),
        ("2026-11-23T21:00:00+01:00", "normal"),
        ("2026-11-23T22:29:59+01:00", "normal"),
        ("2026-11-23T22:30:00+01:00", "night"),
        ("2026-11-24T00:00:00+01:00", "night"),
        ("2026-11-24T05:59:59+01:00", "night"),
        ("2026-11-24T06:00:00+01:00", "normal"),
        ("2026-11-28T10:00:00+01:00", "normal"),  # a Saturday
        ("2026-12-25T10:00:00+01:00", "feast"),  # a Friday, but a holiday
        ("2026-12-25T23:00:00+01:00", "feast"),  # the first band that holds it wins
        ("2026-12-26T03:00:00+01:00", "night"),
        ("2026-11-23T08:00:00Z", "peak"),  # the zone's clock counts, not the sender's
    ],
)
def test_an_instant_lies_in_the_first_band_around_it(instant, band):
    assert band_of(schedule(), datetime.fromisoformat(instant)) == band


def test_a_window_over_midnight_belongs_to_the_day_it_begins_on():
    weekend = schedule(
        bands=[{"code": "party", "windows": [{"days": ["sat"], "from": "20:00", "to": "04:00"}]}], holidays=[]
    )

    assert band_of(weekend, datetime.fromisoformat("2026-11-29T03:59:00+01:00")) == "party"  # Sunday morning
    assert band_of(weekend, datetime.fromisoformat("2026-11-28T03:59:00+01:00")) == "normal"  # Saturday
    assert band_of(weekend, datetime.fromisoformat("2026-11-29T20:00:00+01:00")) == "normal"


def test_a_holiday_is_no_weekday_also_for_the_window_that_began_on_it():
    nights = schedule(
        bands=[{"code": "night", "windows": [{"days": ["fri"], "from": "22:00", "to": "06:00"}]}],
        holidays=["2026-12-25"],
    )

    assert band_of(nights, datetime.fromisoformat("2026-12-26T01:00:00+01:00")) == "normal"
    assert band_of(nights, datetime.fromisoformat("2026-12-19T01:00:00+01:00")) == "night"


def test_windows_have_a_first_day_and_a_day_after_the_last():
    summer = schedule(
        bands=[
            {
                "code": "hot",
                "windows": [{"from": "12:00", "to": "16:00", "since": "2026-06-01", "until": "2026-09-01"}],
            }
        ]
    )

    assert band_of(summer, datetime.fromisoformat("2026-05-31T13:00:00+02:00")) == "normal"
    assert band_of(summer, datetime.fromisoformat("2026-06-01T13:00:00+02:00")) == "hot"
    assert band_of(summer, datetime.fromisoformat("2026-08-31T13:00:00+02:00")) == "hot"
    assert band_of(summer, datetime.fromisoformat("2026-09-01T13:00:00+02:00")) == "normal"


def test_equal_edges_are_a_whole_day():
    always = schedule(bands=[{"code": "all", "windows": [{"from": "08:00", "to": "08:00"}]}])

    assert {band_of(always, datetime(2026, 11, 23, hour, tzinfo=UTC)) for hour in range(24)} == {"all"}


@pytest.mark.parametrize(
    ("text", "seconds"), [("00:00", 0), ("00:01", 60), ("09:30", 34200), ("23:59", 86340), ("24:00", 86400)]
)
def test_a_clock_is_read(text, seconds):
    assert wall_seconds(text) == seconds


@pytest.mark.parametrize(
    "text", ["9:00", "24:01", "12:60", "12", "", "ab:cd", "１２:００", "12:00:00", "-1:00", "012:0"]
)
def test_what_is_no_clock_is_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 — the text is all it says
        wall_seconds(text)


def test_band_codes_name_each_once():
    repeated = schedule(bands=[{"code": "normal", "windows": [{"from": "01:00", "to": "02:00"}]}])

    assert band_codes(schedule()) == ["peak", "feast", "night", "normal"]
    assert band_codes(repeated) == ["normal"]


def hours(period, table):
    """Return band -> real hours inside a period, from its edges."""
    found = {}
    cuts = [period.start, *edges(table, period), period.end]
    for start, end in pairwise(cuts):
        band = band_of(table, start)
        found[band] = found.get(band, timedelta()) + (end - start)
    return {band: length / timedelta(hours=1) for band, length in found.items()}


NIGHTS = {
    "zone": "Europe/Berlin",
    "bands": [{"code": "night", "windows": [{"from": "01:30", "to": "05:00"}]}],
    "else": "day",
}


@pytest.mark.parametrize(
    ("period", "night"),
    [
        (Period(datetime(2026, 3, 27, 23, tzinfo=UTC), datetime(2026, 3, 28, 23, tzinfo=UTC)), 3.5),
        # 02:00 becomes 03:00: the night is an hour shorter
        (Period(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)), 2.5),
        # 03:00 becomes 02:00: the night is an hour longer
        (Period(datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC)), 4.5),
    ],
)
def test_the_night_of_a_clock_change_has_its_real_length(period, night):
    found = hours(period, schedule(NIGHTS))

    assert found["night"] == night
    assert sum(found.values()) == period.microseconds / 3.6e9


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        # an edge in the hour that is skipped: the band begins where the clock jumps
        ("2026-03-28T23:00Z", "2026-03-29T22:00Z", ["2026-03-29T01:00Z", "2026-03-29T03:00Z"]),
        # an edge in the hour that happens twice: the band is there twice
        (
            "2026-10-24T22:00Z",
            "2026-10-25T23:00Z",
            ["2026-10-25T00:30Z", "2026-10-25T01:00Z", "2026-10-25T01:30Z", "2026-10-25T04:00Z"],
        ),
    ],
)
def test_edges_at_a_clock_change(start, end, expected):
    table = schedule(
        {
            "zone": "Europe/Berlin",
            "bands": [{"code": "late", "windows": [{"from": "02:30", "to": "05:00"}]}],
            "else": "day",
        }
    )
    period = Period(datetime.fromisoformat(start), datetime.fromisoformat(end))

    assert edges(table, period) == [datetime.fromisoformat(one) for one in expected]


ZONES = [
    "Europe/Berlin",
    "Asia/Shanghai",
    "Asia/Kolkata",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Cairo",
]
CLOCKS = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
DAYS = st.lists(
    st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]), unique=True, max_size=4
)
WINDOWS = st.fixed_dictionaries({"from": CLOCKS, "to": CLOCKS, "days": DAYS})
SCHEDULES = st.fixed_dictionaries(
    {
        "zone": st.sampled_from(ZONES),
        "bands": st.lists(
            st.fixed_dictionaries(
                {"code": st.sampled_from("abc"), "windows": st.lists(WINDOWS, min_size=1, max_size=3)}
            ),
            min_size=1,
            max_size=3,
            unique_by=lambda band: band["code"],
        ),
        "else": st.just("rest"),
        "holidays": st.lists(
            st.sampled_from(["2026-03-29", "2026-10-25", "2026-04-05", "2026-10-01"]), unique=True
        ),
    }
)


@given(
    tree=SCHEDULES,
    minutes=st.integers(0, 260 * 24 * 60),
    length=st.integers(1, 72),
    inside=st.lists(st.integers(0, 999), min_size=1, max_size=20),
)
def test_between_two_edges_the_band_is_one(tree, minutes, length, inside):
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    table, period = schedule(tree), Period(start, start + timedelta(hours=length))
    cuts = [period.start, *edges(table, period), period.end]

    for low, high in pairwise(cuts):
        instants = [low, high - MICROSECOND, *(low + (high - low) * part // 1000 for part in inside)]
        assert len({band_of(table, one) for one in instants}) == 1
    for edge in cuts[1:-1]:
        assert band_of(table, edge) != band_of(table, edge - MICROSECOND)
