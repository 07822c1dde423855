"""When an agreement goes to a newer version: dates, locks, cadence, and what hinders it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from plans.terms import Document, read_terms
from subscriptions.moves import (
    Edition,
    Holdings,
    carried,
    hindrances,
    locked_beyond,
    renewal_months,
    sold_at,
)

JAN, FEB, MAR, APR = (datetime(2026, month, 1, tzinfo=UTC) for month in range(1, 5))


def edition(number: int, begins: datetime, ends: datetime | None = None, *, moves: bool = True) -> Edition:
    return Edition(number, number, begins, ends, moves)


@pytest.mark.parametrize(
    ("editions", "at", "number"),
    [
        ([edition(1, JAN)], JAN, 1),
        ([edition(1, FEB)], JAN, None),  # scheduled
        ([edition(1, JAN), edition(2, MAR)], MAR, 2),  # from its instant on
        ([edition(1, JAN), edition(2, MAR)], FEB, 1),
        ([edition(1, JAN), edition(2, FEB, FEB)], MAR, 1),  # withdrawn before its date: never sold
        ([edition(1, JAN), edition(2, FEB, MAR)], MAR, None),  # archived: the first one does not come back
        ([edition(1, JAN), edition(2, FEB, APR)], MAR, 2),
    ],
)
def test_the_edition_on_sale(editions: list[Edition], at: datetime, number: int | None) -> None:
    found = sold_at(editions, at)

    assert (found.number if found else None) == number


@pytest.mark.parametrize(("until", "locked"), [(None, False), (FEB, False), (MAR, False), (APR, True)])
def test_a_lock_that_ends_at_the_renewal_does_not_reach_past_it(until: datetime | None, locked: bool) -> None:
    assert locked_beyond(until, MAR) is locked


def document(*charges: dict[str, Any], **top: Any) -> Document:
    base = {"code": "base", "steps": [{"price": {"flat": "1"}}]}
    return read_terms({"currency": "USD", **top, "charges": [base, *charges]}).document


@pytest.mark.parametrize(
    ("every", "term", "months"),
    [
        ("month", "monthly", 1),
        ("quarter", "monthly", 3),
        ("month", "annual", 12),
        ("half_year", "monthly", 6),
    ],
)
def test_a_renewal_cuts_no_bill_in_two(every: str, term: str, months: int) -> None:
    other = {"code": "other", "every": every, "steps": [{"price": {"flat": "1"}}]}

    assert renewal_months([document(), document(other)], term) == months


HELD = Holdings("monthly", "USD", ["module.a"], 3, {"region": "cn"}, {"line": "5"})
SEATS = {"code": "seats", "of": "seats", "steps": [{"price": {"each": "1"}}]}
BY_REGION = {
    "code": "region",
    "of": "line",
    "steps": [{"price": {"pick": "region", "cases": {"us": {"each": "1"}}}}],
}


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (document(SEATS, options=["module.a"]), []),
        (document(SEATS), [("option", "module.a")]),
        (document(options=["module.a"]), [("seats", "3")]),
        (document(SEATS, options=["module.a"], currency="EUR"), [("currency", "USD")]),
        (document(SEATS, options=["module.a"], labels={"term": ["annual"]}), [("term", "monthly")]),
        (
            document(
                SEATS,
                BY_REGION,
                options=["module.a"],
                labels={"region": ["us"]},
                facts={"line": "Mbit/s"},
            ),
            [("label", "region")],
        ),
        (
            document(
                SEATS,
                {"code": "size", "of": "size", "steps": [{"price": {"each": "1"}}]},
                options=["module.a"],
                facts={"size": "GB"},
            ),
            [("fact", "size")],
        ),
    ],
)
def test_what_the_new_version_has_no_price_for_hinders(new: Document, found: list[tuple[str, str]]) -> None:
    assert hindrances(document(SEATS, options=["module.a"]), new, HELD) == found


def test_labels_that_are_not_asked_any_more_end() -> None:
    assert carried(document(), HELD) == ({}, {})
