"""Prices by the hour of the day: a line for every time band, over clock changes, on any bill."""

from datetime import datetime, timedelta

import pytest

from billing.derivation import reevaluate
from billing.rating import rate
from billing.situation import Part, Situation, Span
from billing.situation_run import answer
from billing.values import Context, Due, Observation
from plans.problems import TermsInvalid
from plans.terms import read_terms
from plans.timespan import Period
from tests.billing.build import D, bill, terms

SCHEDULES = {
    "calls": {
        "zone": "Europe/Berlin",
        "bands": [
            {
                "code": "peak",
                "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "18:00"}],
            },
            {"code": "night", "windows": [{"from": "22:00", "to": "06:00"}]},
        ],
        "else": "normal",
    }
}
METERS = {"minutes": {"unit": "minutes", "schedule": "calls"}}
BY_BAND = {
    "code": "calls",
    "of": "minutes",
    "split": "band",
    "steps": [
        {
            "price": {
                "pick": "band",
                "cases": {"peak": {"each": "3"}, "normal": {"each": "2"}, "night": {"each": "1"}},
            }
        }
    ],
}


def document(*charges, **top):
    return terms(*(charges or (BY_BAND,)), schedules=SCHEDULES, meters=METERS, **top)


def seen(value, text, **attributes):
    return Observation(D(value), datetime.fromisoformat(text), attributes)


def test_every_time_band_with_usage_has_a_line_of_its_own():
    rows = [
        seen(10, "2026-06-01T08:59+02:00"),  # a Monday
        seen(10, "2026-06-01T09:00+02:00"),
        seen(10, "2026-06-02T03:00+02:00"),
        seen(5, "2026-06-06T12:00+02:00"),
    ]

    rating = bill(document(), {"minutes": rows})

    assert [(line.key, line.quantity, line.amount) for line in rating.lines] == [
        ("calls///night/", 10, 10),
        ("calls///normal/", 15, 30),
        ("calls///peak/", 10, 30),
    ]
    assert all(reevaluate(line.derivation) == line.amount for line in rating.lines)


def test_a_line_says_the_name_of_its_band_in_both_languages():
    night = {**SCHEDULES["calls"]["bands"][1], "name": {"en": "Night", "zh-Hans": "夜间"}}
    rest = {"code": "normal", "name": {"en": "Other times", "zh-Hans": "其他时段"}}
    schedules = {"calls": {**SCHEDULES["calls"], "bands": [night, rest]}}
    cases = {"night": {"each": "1"}, "normal": {"each": "2"}}
    charge = {
        **BY_BAND,
        "name": {"en": "Calls", "zh-Hans": "通话"},
        "steps": [{"price": {"pick": "band", "cases": cases}}],
    }
    whole = terms(charge, schedules=schedules, meters=METERS)

    rating = bill(whole, {"minutes": [seen(1, "2026-06-01T23:00+02:00"), seen(1, "2026-06-01T12:00+02:00")]})

    assert [dict(line.label) for line in rating.lines] == [
        {"en": "Calls · Night", "zh-Hans": "通话 · 夜间"},
        {"en": "Calls · Other times", "zh-Hans": "通话 · 其他时段"},
    ]


def test_a_flat_fee_is_untouched_by_the_hour():
    flat = {"code": "base", "steps": [{"price": {"flat": "7"}}]}

    rating = bill(document(flat, BY_BAND), {"minutes": [seen(1, "2026-06-01T10:00+02:00")]})

    assert [line.amount for line in rating.lines] == [7, 3]


@pytest.mark.parametrize(
    ("period", "night"),
    [
        (("2026-03-28T00:00+01:00", "2026-03-29T00:00+01:00"), 8),
        (
            ("2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
            7,
        ),  # the clock jumps over an hour of the night
        (("2026-10-25T00:00+02:00", "2026-10-26T00:00+01:00"), 9),  # an hour of the night happens twice
    ],
)
def test_one_minute_in_every_real_hour_of_a_clock_change(period, night):
    start, end = map(datetime.fromisoformat, period)
    day = Period(start, end)
    rows = [Observation(D(1), day.start + timedelta(hours=n)) for n in range(day.seconds // 3600)]

    rating = rate(document(), {"minutes": rows}, [Due("calls", day)], Context(zone="Europe/Berlin"))

    assert {line.key.split("/")[3]: line.quantity for line in rating.lines} == {
        "night": night,
        "normal": 16,  # a weekend
    }


def test_a_band_given_by_the_sender_stands_and_undated_usage_is_in_the_else_band():
    rows = [Observation(D(4), attributes={"band": "peak"}), Observation(D(6))]

    rating = bill(document(), {"minutes": rows})

    assert {line.key: line.amount for line in rating.lines} == {"calls///normal/": 12, "calls///peak/": 12}


def test_a_filter_and_a_stage_may_ask_for_the_band():
    meters = {
        "peak_minutes": {"unit": "minutes", "schedule": "calls", "where": {"band": "peak"}},
        "busiest": {
            "unit": "minutes",
            "schedule": "calls",
            "reduce": [{"per": ["band"], "take": "sum"}, {"take": "max"}],
        },
    }
    charges = [{"code": code, "of": code, "steps": [{"price": {"each": "1"}}]} for code in meters]
    rows = [
        seen(5, "2026-06-01T10:00+02:00"),
        seen(4, "2026-06-01T23:00+02:00"),
        seen(3, "2026-06-02T23:00+02:00"),
    ]
    whole = terms(*charges, schedules=SCHEDULES, meters=meters)

    rating = bill(whole, {"peak_minutes": rows, "busiest": rows})

    assert [line.amount for line in rating.lines] == [5, 7]


def test_the_peak_of_each_clock_hour_is_taken_by_the_local_hour_and_a_repeated_one_is_two():
    meter = {"m": {"unit": "u", "reduce": [{"per": ["hour"], "take": "max"}, {"take": "sum"}]}}
    whole = terms({"code": "m", "of": "m", "steps": [{"price": {"each": "1"}}]}, meters=meter)
    twice = [
        seen(2, "2026-10-25T02:10+02:00"),
        seen(3, "2026-10-25T02:50+02:00"),
        seen(4, "2026-10-25T02:10+01:00"),
    ]
    halves = [
        seen(2, "2026-06-01T10:40+05:30"),
        seen(3, "2026-06-01T11:10+05:30"),
    ]  # one hour of UTC, two of Kolkata

    berlin = rate(
        whole,
        {"m": twice},
        [Due("m", Period(twice[0].at, twice[2].at + timedelta(hours=1)))],
        Context(zone="Europe/Berlin"),
    )
    kolkata = bill(whole, {"m": halves}, zone="Asia/Kolkata")

    assert (berlin.total, kolkata.total) == (3 + 4, 2 + 3)


def test_a_weekly_bill_over_a_month_edge_prices_each_month_by_its_own_bands():
    """100 a month are free. 80 in January before the week, then 30 and 50 on both sides of its edge."""
    charge = {
        "code": "m", "of": "m", "every": "week", "resets": "month",
        "steps": [{"included": "100"}, {"price": {"each": "1"}}],
    }  # fmt: skip
    whole = terms(charge, meters={"m": {"unit": "u"}})
    rows = [seen(80, "2026-01-10T00:00Z"), seen(30, "2026-01-30T00:00Z"), seen(150, "2026-02-02T00:00Z")]
    week = Period(datetime.fromisoformat("2026-01-29T00:00Z"), datetime.fromisoformat("2026-02-05T00:00Z"))

    rating = rate(whole, {"m": rows}, [Due("m", week)], Context())

    assert rating.total == 10 + 50
    assert rating.lines[0].quantity == 10 + 50
    assert reevaluate(rating.lines[0].derivation) == 60


def test_weeks_of_a_month_add_up_to_the_month_rated_at_once():
    bands = {
        "mode": "graduated",
        "bands": [{"upto": "100", "each": "3"}, {"upto": "200", "each": "2"}, {"each": "1"}],
    }
    charge = {"code": "m", "of": "m", "every": "week", "resets": "month", "steps": [{"price": bands}]}
    whole = terms(charge, meters={"m": {"unit": "u"}})
    weeks = [
        ("2026-06-01", "2026-06-08", "90"),
        ("2026-06-08", "2026-06-15", "60"),
        ("2026-06-15", "2026-06-22", "80"),
        ("2026-06-22", "2026-07-01", "20"),
    ]
    bills = [Part(period=Span(start=start, end=end), usage={"m": used}) for start, end, used in weeks]

    found = answer(whole, Situation(bills=bills))

    assert found.amount == answer(whole, Situation(usage={"m": "250"})).amount == 300 + 200 + 50
    assert [rating.total for rating in found.ratings] == [270, 30 + 100, 50 * 2 + 30, 20]


def plan_of(**change):
    return {"schedules": {"s": {"zone": "UTC", "bands": [], "else": "x", **change}}}


def window(**change):
    shown = {"from": "09:00", "to": "10:00"}
    return plan_of(bands=[{"code": "a", "windows": [{**shown, **change}]}])


WINDOW = "schedules.s.bands[0].windows[0]"
FAULTS = [
    (plan_of(zone="Mars/Base"), "schedules.s.zone", "unknown_zone"),
    (plan_of(zone="../etc"), "schedules.s.zone", "unknown_zone"),
    (plan_of(bands=[{"code": "a", "windows": []}]), "schedules.s.bands[0].windows", "windows_empty"),
    (plan_of(holidays=["20261001"]), "schedules.s.holidays[0]", "not_a_day"),
    (window(**{"from": "9:00"}), f"{WINDOW}.from", "not_a_clock"),
    (window(**{"from": "24:00"}), f"{WINDOW}.from", "not_a_clock"),
    (window(to="25:00"), f"{WINDOW}.to", "not_a_clock"),
    (window(since="2026-02-30"), f"{WINDOW}.since", "not_a_day"),
    (window(since="2026-03-01", until="2026-03-01"), f"{WINDOW}.until", "days_not_rising"),
    ({"meters": {"m": {"unit": "u", "schedule": "nights"}}}, "meters.m.schedule", "unknown_schedule"),
    ({"pools": {"p": {"expires": {}}}}, "pools.p.expires", "expires_at_once"),
    ({"pools": {"p": {"expires": {"months": "1201"}}}}, "pools.p.expires.months", "out_of_range"),
]


@pytest.mark.parametrize(("part", "path", "code"), FAULTS)
def test_a_fault_of_time_is_named_at_its_place(part, path, code):
    with pytest.raises(TermsInvalid) as caught:
        read_terms({"currency": "EUR", **part})

    assert (path, code) in [(one.path, one.code) for one in caught.value.problems]


def test_the_band_is_asked_for_only_where_a_charge_is_split_by_it():
    with pytest.raises(TermsInvalid) as caught:
        document({**{k: v for k, v in BY_BAND.items() if k != "split"}})

    assert [one.code for one in caught.value.problems] == ["band_not_split"]


def test_every_band_of_the_schedule_needs_its_case():
    short = {**BY_BAND, "steps": [{"price": {"pick": "band", "cases": {"peak": {"each": "3"}}}}]}

    with pytest.raises(TermsInvalid) as caught:
        document(short)

    assert [(one.code, one.params["missing"]) for one in caught.value.problems] == [
        ("missing_case", "night, normal")
    ]
