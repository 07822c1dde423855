"""When a charge is due and for which time: any cadence, from the anchor or by the calendar, in any zone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.cadence import Cadence, Calendar
from billing.dues import (
    accumulated,
    advance_dues,
    arrears_dues,
    companions,
    due_edges,
    earlier_windows,
    meters_of,
    rhythm_of,
    span_of,
    unfinished,
)
from plans.terms import Document
from plans.timespan import Period, local_date, local_midnight
from subscriptions.phases import Stretch
from tests.billing.build import terms

BERLIN = ZoneInfo("Europe/Berlin")
SHANGHAI = ZoneInfo("Asia/Shanghai")
KOLKATA = ZoneInfo("Asia/Kolkata")
BEIRUT = ZoneInfo("Asia/Beirut")  # its clocks skip midnight itself
APIA = ZoneInfo("Pacific/Apia")  # it skipped 30 December 2011
ST_JOHNS = ZoneInfo("America/St_Johns")  # until 2011 its clocks went back one minute after midnight
ZONES = [ZoneInfo("UTC"), BERLIN, SHANGHAI, KOLKATA, BEIRUT, APIA, ST_JOHNS]
EVERY = ["day", "week", "month", "quarter", "half_year", "year"]


def calendar(
    day: date, zone: ZoneInfo = BERLIN, *, end: date | None = None, term: str = "monthly"
) -> Calendar:
    last = None if end is None else local_midnight(end, zone)
    return Calendar(local_midnight(day, zone), zone, term, last)


def document(*charges: dict[str, Any], **top: Any) -> Document:
    meters = {"m": {"unit": "messages"}}
    return terms(*charges, meters=meters, **top).document


def charge(every: str, anchor: str, when: str, **more: Any) -> dict[str, Any]:
    price = [{"price": {"each": "1"}}]
    return {"code": "c", "of": "m", "every": every, "anchor": anchor, "when": when, "steps": price, **more}


def days(period: Period, zone: ZoneInfo) -> str:
    return f"{local_date(period.start, zone)}…{local_date(period.end, zone)}"


def billed(one: dict[str, Any], of: Calendar, until: date) -> list[str]:
    """Return the covered days of every due, start invoice included, by edge."""
    return [days(due.covered, of.zone) for _edge, due in dues(document(one), of, until)]


def edges(doc: Document, of: Calendar, until: datetime) -> list[datetime]:
    phase = Stretch(of.anchor, of.end, 1)
    rhythm = rhythm_of(doc, of.term)
    found = due_edges(rhythm, of, phase, after=of.anchor, until=until, held=lambda _at: ())
    return sorted({edge for edge in found if edge > of.anchor})


def dues(doc: Document, of: Calendar, until: date) -> list[tuple[datetime, Any]]:
    found = [(of.anchor, due) for due in advance_dues(doc, of, of.anchor)]
    for edge in edges(doc, of, local_midnight(until, of.zone)):
        both = [*arrears_dues(doc, of, edge), *advance_dues(doc, of, edge)]
        assert both, "an edge with nothing due"
        found += [(edge, due) for due in both]
    return found


@pytest.mark.parametrize(
    ("every", "anchor", "start", "until", "expected"),
    [
        ("week", "anniversary", "2026-06-03", "2026-06-24",
         ["2026-06-03…2026-06-10", "2026-06-10…2026-06-17", "2026-06-17…2026-06-24"]),
        ("week", "calendar", "2026-06-03", "2026-06-16", ["2026-06-03…2026-06-08", "2026-06-08…2026-06-15"]),
        ("week", "calendar", "2026-06-01", "2026-06-15", ["2026-06-01…2026-06-08", "2026-06-08…2026-06-15"]),
        ("month", "anniversary", "2026-01-31", "2026-04-30",
         ["2026-01-31…2026-02-28", "2026-02-28…2026-03-31", "2026-03-31…2026-04-30"]),
        ("month", "calendar", "2026-01-31", "2026-03-31", ["2026-01-31…2026-02-01", "2026-02-01…2026-03-01"]),
        ("quarter", "anniversary", "2026-01-31", "2026-10-31",
         ["2026-01-31…2026-04-30", "2026-04-30…2026-07-31", "2026-07-31…2026-10-31"]),
        ("quarter", "calendar", "2026-02-10", "2026-09-30",
         ["2026-02-10…2026-04-01", "2026-04-01…2026-07-01"]),
        ("half_year", "calendar", "2026-02-10", "2027-06-30",
         ["2026-02-10…2026-07-01", "2026-07-01…2027-01-01"]),
        ("year", "calendar", "2026-02-10", "2028-01-31", ["2026-02-10…2027-01-01", "2027-01-01…2028-01-01"]),
        ("year", "anniversary", "2028-02-29", "2030-02-28",
         ["2028-02-29…2029-02-28", "2029-02-28…2030-02-28"]),
        ("day", "calendar", "2026-03-28", "2026-03-30", ["2026-03-28…2026-03-29", "2026-03-29…2026-03-30"]),
    ],
)  # fmt: skip
def test_what_is_in_arrears_is_due_where_its_period_ends(
    every: str, anchor: str, start: str, until: str, expected: list[str]
) -> None:
    of = calendar(date.fromisoformat(start))

    assert billed(charge(every, anchor, "arrears"), of, date.fromisoformat(until)) == expected


@pytest.mark.parametrize(
    ("every", "anchor", "expected"),
    [
        ("month", "anniversary", ["2026-11-10…2026-12-10", "2026-12-10…2027-01-10"]),
        ("month", "calendar", ["2026-11-10…2026-12-01", "2026-12-01…2027-01-01", "2027-01-01…2027-02-01"]),
        ("quarter", "calendar", ["2026-11-10…2027-01-01", "2027-01-01…2027-04-01"]),
        ("quarter", "anniversary", ["2026-11-10…2027-02-10"]),
    ],
)
def test_what_is_in_advance_is_due_where_its_period_begins(
    every: str, anchor: str, expected: list[str]
) -> None:
    of = calendar(date(2026, 11, 10))

    assert billed(charge(every, anchor, "advance", of="1"), of, date(2027, 1, 9)) == expected


def test_a_cut_period_stays_whole_and_says_what_is_covered() -> None:
    of = calendar(date(2026, 11, 10), end=date(2026, 12, 10))
    doc = document(charge("month", "calendar", "arrears"))

    first, last = (due for _edge, due in dues(doc, of, date(2027, 1, 31)))

    assert days(first.period, BERLIN) == "2026-11-01…2026-12-01"
    assert [days(one, BERLIN) for one in first.spans] == ["2026-11-10…2026-12-01"]
    assert days(last.period, BERLIN) == "2026-12-01…2027-01-01"
    assert [days(one, BERLIN) for one in last.spans] == ["2026-12-01…2026-12-10"]


def test_a_whole_period_has_no_spans() -> None:
    of = calendar(date(2026, 11, 10))

    (_edge, due), *_more = dues(document(charge("month", "anniversary", "arrears")), of, date(2026, 12, 31))

    assert due.spans == ()
    assert due.covered == due.period


def test_nothing_is_paid_in_advance_at_the_end() -> None:
    of = calendar(date(2026, 11, 10), end=date(2026, 12, 10))

    assert billed(charge("month", "anniversary", "advance", of="1"), of, date(2027, 3, 1)) == [
        "2026-11-10…2026-12-10"
    ]


def test_what_is_under_way_at_an_edge_is_named() -> None:
    of = calendar(date(2026, 11, 10))
    doc = document(charge("month", "calendar", "arrears"))

    assert unfinished(doc, of, local_midnight(date(2026, 12, 10), BERLIN)) == ["c"]
    assert unfinished(doc, of, local_midnight(date(2026, 12, 1), BERLIN)) == []


def test_an_option_that_is_not_held_makes_no_edge() -> None:
    of = calendar(date(2026, 11, 10))
    doc = document(charge("day", "anniversary", "arrears", held=["extra"]), options=["extra"])
    phase, until = Stretch(of.anchor, None, 1), of.edge(1)
    rhythm = rhythm_of(doc, "monthly")

    def found(held: set[str]) -> int:
        return len(list(due_edges(rhythm, of, phase, after=of.anchor, until=until, held=lambda _at: held)))

    assert (found(set()), found({"extra"})) == (0, 30)


def test_edges_of_a_phase_are_those_of_its_terms() -> None:
    """At the edge between two phases the past is the first's to settle, the future the second's."""
    of = calendar(date(2026, 11, 10))
    doc = document(
        charge("month", "anniversary", "arrears"), charge("month", "anniversary", "advance", of="1", code="b")
    )
    rhythm = rhythm_of(doc, "monthly")
    edge = of.edge(1)

    first = due_edges(
        rhythm, of, Stretch(of.anchor, edge, 1), after=of.anchor, until=of.edge(3), held=lambda _a: ()
    )
    second = due_edges(
        rhythm, of, Stretch(edge, None, 2), after=of.anchor, until=of.edge(2), held=lambda _a: ()
    )

    assert sorted(set(first)) == [edge]
    assert sorted(set(second)) == [edge, of.edge(2)]


def test_charges_on_charges_cover_what_they_stand_on() -> None:
    tax = {"code": "vat", "of": {"spend": ["c", "b"]}, "steps": [{"times": "0.2"}]}
    doc = document(
        charge("month", "calendar", "arrears"),
        charge("month", "anniversary", "advance", of="1", code="b"),
        tax,
    )
    of = calendar(date(2026, 11, 1))
    edge = of.edge(1)

    found = companions(doc, [*arrears_dues(doc, of, edge), *advance_dues(doc, of, edge)])

    assert [(one.charge, days(one.period, BERLIN)) for one in found] == [("vat", "2026-11-01…2027-01-01")]
    assert span_of(found) == found[0].period


def test_an_accumulating_bill_counts_so_far_and_before() -> None:
    of = calendar(date(2026, 11, 10))
    doc = document(charge("day", "anniversary", "arrears", resets="month"))
    due = arrears_dues(doc, of, local_midnight(date(2026, 11, 13), BERLIN))

    assert [days(one, BERLIN) for one in meters_of(doc, due, BERLIN)] == [
        "2026-11-01…2026-11-13",
        "2026-11-01…2026-11-12",
    ]
    assert [days(one, BERLIN) for one in earlier_windows(doc, due, BERLIN)] == ["2026-11-01…2026-11-12"]


def test_a_week_over_a_months_edge_accumulates_in_both() -> None:
    week = Period(local_midnight(date(2026, 11, 30), BERLIN), local_midnight(date(2026, 12, 7), BERLIN))

    pairs = [[days(one, BERLIN) for one in pair] for pair in accumulated(week, "month", BERLIN)]

    assert pairs == [["2026-11-01…2026-12-01", "2026-11-01…2026-11-30"], ["2026-12-01…2026-12-07"]]


@given(
    every=st.sampled_from(EVERY),
    anchor=st.sampled_from(["calendar", "anniversary"]),
    when=st.sampled_from(["advance", "arrears"]),
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2008, 1, 1), date(2030, 12, 31)),
    length=st.integers(1, 400),
)
def test_law_the_periods_of_a_charge_tile_the_agreement(
    every: str, anchor: str, when: str, zone: ZoneInfo, day: date, length: int
) -> None:
    """No gap, no overlap, nothing before the start or after the end, and each period once."""
    of = calendar(day, zone, end=day + timedelta(days=length))
    if of.end is None or of.end <= of.anchor:  # the zone skipped that day
        return
    one = charge(every, anchor, when, of="m" if when == "arrears" else "1")

    found = [due.covered for _edge, due in dues(document(one), of, day + timedelta(days=length + 400))]

    assert found[0].start == of.anchor
    assert [one.end for one in found[:-1]] == [one.start for one in found[1:]]
    assert found[-1].end == of.end


@given(
    every=st.sampled_from(EVERY),
    anchor=st.sampled_from(["calendar", "anniversary"]),
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2008, 1, 1), date(2030, 12, 31)),
    seconds=st.integers(0, 900 * 86400),
)
def test_law_an_instant_lies_in_one_period_and_edges_follow_each_other(
    every: str, anchor: str, zone: ZoneInfo, day: date, seconds: int
) -> None:
    of, cadence = calendar(day, zone), Cadence(every, anchor)
    at = of.anchor + timedelta(seconds=seconds)

    period = cadence.period(of, at)

    assert at in period
    assert cadence.before(of, period.end) == period
    assert cadence.edges(of, period.start, period.end) == [period.end]


def test_weeks_of_the_calendar_start_on_mondays_whatever_the_anchor() -> None:
    of = calendar(date(2026, 6, 3), KOLKATA)

    found = Cadence("week", "calendar").edges(of, of.anchor, of.anchor + timedelta(days=30))

    assert [local_date(edge, KOLKATA).strftime("%a %d") for edge in found] == [
        "Mon 08",
        "Mon 15",
        "Mon 22",
        "Mon 29",
    ]


def test_a_day_is_as_long_as_the_clock_makes_it() -> None:
    of = calendar(date(2026, 3, 29), BERLIN)

    hours = [one.seconds // 3600 for one in (Cadence("day", "anniversary").period(of, of.anchor),)]

    assert hours == [23]
    assert Cadence("week", "anniversary").period(of, of.anchor).seconds == 7 * 86400 - 3600


def test_the_day_a_zone_skipped_has_no_bill() -> None:
    of = calendar(date(2011, 12, 29), APIA)

    found = Cadence("day", "calendar").edges(of, of.anchor, of.anchor + timedelta(hours=60))

    assert [local_date(edge, APIA).isoformat() for edge in found] == ["2011-12-31", "2012-01-01"]
    assert found[0] == datetime(2011, 12, 30, 10, tzinfo=UTC)
