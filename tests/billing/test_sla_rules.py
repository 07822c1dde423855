"""The pure rules of promises: outages, excluded time, windows, standing of awards."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.sla import Away, Measure, Measured, parts
from billing.sla_outages import joined, length, outages_of, without
from billing.sla_states import Standing, after_judgement, claim_ends
from billing.sla_windows import Stretch, window_at, windows
from plans.sla_terms import SmallestOutage
from plans.timespan import Period
from tests.billing.test_sla_credit import SEPTEMBER

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 9, 12, 4, tzinfo=UTC)
UP = SmallestOutage(minutes="1", partial="ceil")


def outage(start: datetime, seconds: int) -> Period:
    return Period(start, start + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("seconds", "rule", "kept"),
    [
        (3628, UP, "61"),  # 60:28 counts 61
        (3600, UP, "60"),
        (59, UP, "0"),
        (60, UP, "1"),
        (61, UP, "2"),
        (61, SmallestOutage(minutes="1", partial="floor"), "1"),
        (90, SmallestOutage(minutes="1"), "1.5"),
        (299, SmallestOutage(minutes="5"), "0"),
        (90, None, "1.5"),
    ],
)
def test_small_outages_are_dropped_and_the_others_rounded(seconds, rule, kept) -> None:
    found = outages_of([outage(NOON, seconds)], [], rule)

    assert found.kept == Decimal(kept)
    assert found.count == (1 if found.kept else 0)


def test_an_outage_over_a_report_s_end_is_one_outage() -> None:
    halves = [outage(NOON, 40), outage(NOON + timedelta(seconds=40), 40)]

    assert outages_of(halves, [], UP).kept == 2
    assert outages_of([outage(NOON, 40), outage(NOON + timedelta(seconds=41), 40)], [], UP).kept == 0


def test_what_excluded_time_leaves_of_an_outage_is_one_outage() -> None:
    hole = outage(NOON + timedelta(seconds=40), 600)

    found = outages_of([outage(NOON, 680)], [hole], UP)

    assert (found.kept, found.count, found.longest) == (2, 1, 2)  # 40 s before and 40 s after


SPANS = st.lists(
    st.tuples(st.integers(0, 5000), st.integers(1, 900)).map(
        lambda pair: outage(NOON + timedelta(seconds=pair[0]), pair[1])
    ),
    max_size=8,
)


@given(SPANS, SPANS)
def test_what_is_kept_and_what_is_covered_add_up(spans, holes) -> None:
    closed = joined(holes)
    whole = joined(spans)

    kept = [part for span in whole for part in without(span, closed)]
    covered = [part for span in whole for hole in closed if (part := span.overlap(hole)) is not None]

    assert length(kept) + length(covered) == length(spans)
    assert outages_of(spans, closed, UP).kept >= outages_of(spans, closed, None).kept - len(whole)


def day_report(good: str, *failed: Period, unit: str = "minutes", total: str = "1440") -> Measured:
    day = Period(datetime(2026, 9, 11, 16, tzinfo=UTC), datetime(2026, 9, 12, 16, tzinfo=UTC))
    return Measured("a", "eu", day, unit, Decimal(good), Decimal(total), failed)


def test_excluded_minutes_leave_failed_and_total() -> None:
    """An hour of failure, half of it in maintenance: 30 of 1410 minutes remain, of September 30 of 43170."""
    half = Away(Period(NOON, NOON + timedelta(minutes=30)))
    report = day_report("1380", outage(NOON, 3600))

    (part,) = parts([report], SEPTEMBER, ["a"], Measure((half,)))

    assert (part.total, part.good) == (43170 - 30 * 0, 43140)
    assert (part.failed_minutes, part.excluded_minutes, part.longest, part.outages) == (30, 30, 30, 1)


def test_maintenance_elsewhere_does_not_count_here() -> None:
    report = day_report("1380", outage(NOON, 3600))
    span = Period(NOON, NOON + timedelta(minutes=60))

    for away in (Away(span, region="us"), Away(span, app="b")):
        (part,) = [one for one in parts([report], SEPTEMBER, ["a"], Measure((away,))) if one.app == "a"]
        assert part.failed_minutes == 60


def test_a_window_that_is_excluded_whole_was_good() -> None:
    (part,) = parts([day_report("0")], SEPTEMBER, ["a"], Measure((Away(SEPTEMBER),)))

    assert (part.total, part.availability) == (0, 100)


def test_user_minutes_shrink_with_the_outages_that_are_dropped() -> None:
    report = day_report("9000", outage(NOON, 30), outage(NOON + timedelta(hours=1), 90), unit="user_minutes",
                        total="10000")  # fmt: skip

    (part,) = parts([report], SEPTEMBER, ["a"], Measure(smallest=UP))

    lost = part.total - part.good
    assert (lost, part.failed_minutes) == (1000, 2)  # 1000 × 2 / (0.5 + 1.5)


ANCHOR = datetime(2026, 9, 9, 16, tzinfo=UTC)  # 10 September in Shanghai


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("calendar_month", (2026, 11, 1), (2026, 12, 1)),
        ("anniversary_month", (2026, 11, 10), (2026, 12, 10)),
        ("calendar_quarter", (2026, 10, 1), (2027, 1, 1)),
        ("anniversary_quarter", (2026, 9, 10), (2026, 12, 10)),
    ],
)
def test_each_kind_of_window_has_its_edges(kind, first, last) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)

    found = window_at(kind, ANCHOR, SHANGHAI, at)

    assert found == Period(datetime(*first, tzinfo=SHANGHAI), datetime(*last, tzinfo=SHANGHAI))


def local(*day: int) -> datetime:
    return datetime(*day, tzinfo=SHANGHAI).astimezone(UTC)


def days(found: list[Period]) -> list[tuple[str, str]]:
    return [
        (one.start.astimezone(SHANGHAI).date().isoformat(), one.end.astimezone(SHANGHAI).date().isoformat())
        for one in found
    ]


def test_another_kind_of_window_begins_where_the_old_one_is_cut() -> None:
    held = [
        Stretch(ANCHOR, local(2026, 11, 10), "calendar_quarter"),
        Stretch(local(2026, 11, 10), None, "anniversary_month"),
    ]

    found = list(windows(held, ANCHOR, SHANGHAI, after=None, until=local(2027, 1, 15)))

    assert days(found) == [
        ("2026-07-01", "2026-10-01"),
        ("2026-10-01", "2026-11-10"),
        ("2026-11-10", "2026-12-10"),
        ("2026-12-10", "2027-01-10"),
    ]
    later = list(windows(held, ANCHOR, SHANGHAI, after=found[1].end, until=local(2027, 1, 15)))
    assert later == found[2:]


def test_a_gap_in_the_promise_has_no_window_of_its_own() -> None:
    held = [
        Stretch(ANCHOR, local(2026, 9, 20), "calendar_month"),
        Stretch(local(2026, 12, 5), None, "calendar_month"),
    ]

    found = list(windows(held, ANCHOR, SHANGHAI, after=None, until=local(2027, 1, 15)))

    assert days(found) == [("2026-09-01", "2026-10-01"), ("2026-12-01", "2027-01-01")]


YES, UNCLAIMED, LARGE = (
    Standing(payable=True, claimed=True, approved=True),
    Standing(payable=True, claimed=False, approved=True),
    Standing(payable=True, claimed=True, approved=False),
)
NONE = Standing(payable=False, claimed=True, approved=True)


@pytest.mark.parametrize(
    ("state", "now", "then"),
    [
        ("nothing", NONE, "nothing"),
        ("nothing", YES, "granted"),
        ("nothing", UNCLAIMED, "unclaimed"),
        ("nothing", LARGE, "pending"),
        ("unclaimed", NONE, "nothing"),
        ("unclaimed", UNCLAIMED, "unclaimed"),
        ("pending", YES, "granted"),  # a correction made it small
        ("pending", NONE, "nothing"),
        ("granted", NONE, "granted"),  # what was given is taken back as far as it can be
        ("granted", UNCLAIMED, "granted"),
        ("granted", LARGE, "pending"),
        ("rejected", YES, "rejected"),
        ("lapsed", YES, "lapsed"),
    ],
)
def test_an_award_stands_where_the_table_says(state, now, then) -> None:
    assert after_judgement(state, now) == then


def test_a_claim_is_open_for_a_week_at_least() -> None:
    end = datetime(2026, 10, 1, tzinfo=UTC)

    assert claim_ends(end, 60, end) == end + timedelta(days=60)
    assert claim_ends(end, 11, end + timedelta(days=10)) == end + timedelta(days=17)
