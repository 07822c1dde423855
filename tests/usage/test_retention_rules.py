"""Which days of raw events may go: the rule alone."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import kept_days
from usage.retention import DayFacts, Need, blocks, oldest_kept

AT = datetime(2026, 11, 24, 3, tzinfo=UTC)
DAY = date(2026, 8, 1)
END = datetime(2026, 8, 2, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


def facts(**changed: Any) -> DayFacts:
    given: dict[str, Any] = {
        "rows": 5, "bytes": 8192, "pending": 0, "dirty": 0, "received_at": END, "apps": frozenset({1, 2}),
    }  # fmt: skip
    return DayFacts(DAY, **(given | changed))


def codes(known: DayFacts, needs: dict[int, Need] | None = None) -> list[str]:
    return [one.code for one in blocks(known, needs or {}, at=AT)]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"received_at": None, "apps": frozenset()}, []),
        ({"pending": 1}, ["pending"]),
        ({"dirty": 2}, ["dirty"]),
        ({"received_at": AT - timedelta(days=35)}, []),
        ({"received_at": AT - timedelta(days=35) + INSTANT}, ["received"]),
        ({"pending": 1, "dirty": 1, "received_at": AT}, ["pending", "dirty", "received"]),
    ],
)
def test_what_usage_itself_needs_keeps_a_day(changed: dict[str, Any], said: list[str]) -> None:
    assert codes(facts(**changed)) == said


@pytest.mark.parametrize(
    ("needs", "said"),
    [
        ({1: Need(END, "open", "sub_a")}, []),  # what begins at the day's end does not need it
        ({1: Need(END - INSTANT, "open", "sub_a")}, ["open"]),
        ({3: Need(END - INSTANT, "open", "sub_c")}, []),  # an app without events that day
        ({1: Need(AT - timedelta(days=400), "frozen", "sub_a")}, ["frozen"]),
        (
            {1: Need(END - INSTANT, "unbilled", "sub_a"), 2: Need(END - INSTANT, "open", "sub_b")},
            ["open", "unbilled"],
        ),
    ],
)
def test_what_a_bill_may_still_need_keeps_a_day(needs: dict[int, Need], said: list[str]) -> None:
    assert codes(facts(), needs) == said


def test_a_block_names_the_agreement_that_reaches_back_furthest_and_how_many_apps_wait() -> None:
    needs = {1: Need(END - 2 * INSTANT, "open", "sub_a"), 2: Need(END - timedelta(days=40), "open", "sub_b")}

    (block,) = blocks(facts(), needs, at=AT)

    assert str(block) == "not billed to the end yet: agreement sub_b from 2026-06-23 on (apps: 2)"


def test_the_last_days_are_kept_whatever_is_billed() -> None:
    assert oldest_kept(AT, 100) == date(2026, 8, 16)


@pytest.mark.parametrize("given", ["35", "0", "-1", "100.5", "many", ""])
def test_fewer_days_than_events_may_come_late_are_refused_with_what_to_write(given: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="write a whole number of days above 35"):
        kept_days(given, above=35)


def test_one_day_more_than_events_may_come_late_will_do() -> None:
    assert kept_days("36", above=35) == 36
