"""What is excluded, what is payable, and what a promise must not say."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from plans.shape import build
from plans.sla_terms import Excluded, Exclusion, SlaPromise, is_excluded, is_payable, promise_problems

START = datetime(2026, 9, 12, 2, tzinfo=UTC)
RULES = [
    Exclusion(kind="maintenance", notice_hours=48),
    Exclusion(kind="force_majeure"),
    Exclusion(kind="surge", above="150"),
]


@pytest.mark.parametrize(
    ("given", "excluded"),
    [
        (Excluded("maintenance", START, START - timedelta(hours=48)), True),
        (Excluded("maintenance", START, START - timedelta(hours=48) + timedelta(seconds=1)), False),
        (Excluded("maintenance", START, None), False),
        (Excluded("force_majeure", START), True),
        (Excluded("third_party", START), False),  # the promise does not name it
        (Excluded("surge", START, peak_share=Decimal(150)), False),
        (Excluded("surge", START, peak_share=Decimal("150.01")), True),
        (Excluded("surge", START), False),
    ],
)
def test_what_is_let_out_of_the_count(given, excluded) -> None:
    assert is_excluded(RULES, given) is excluded


@pytest.mark.parametrize(
    ("amount", "smallest", "exceeds", "payable"),
    [
        ("0", None, False, False),
        ("0.01", None, False, True),
        ("1", "1", False, True),
        ("1", "1", True, False),
        ("1.01", "1", True, True),
        ("0.99", "1", False, False),
        ("0", "0", False, False),
    ],
)
def test_at_least_is_not_exceeds(amount, smallest, exceeds, payable) -> None:
    least = None if smallest is None else Decimal(smallest)
    assert is_payable(Decimal(amount), least, exceeds=exceeds) is payable


def problems(**fields) -> list[tuple[str, str]]:
    found: list = []
    promise = build({"target": "99.9", **fields}, SlaPromise, "", found)
    if promise is not None:
        found += promise_problems(promise, "")
    return [(one.path.lstrip("."), one.code) for one in found]


@pytest.mark.parametrize(
    ("fields", "path", "code"),
    [
        ({"target": "0"}, "target", "out_of_range"),
        ({"target": "100.1"}, "target", "out_of_range"),
        ({"window": "week"}, "window", "not_a_choice"),
        ({"smallest_outage": {"minutes": "-1"}}, "smallest_outage.minutes", "out_of_range"),
        ({"exclusions": [{"kind": "weather"}]}, "exclusions[0].kind", "not_a_choice"),
        ({"exclusions": [{"kind": "surge"}, {"kind": "surge"}]}, "exclusions[1]", "duplicate_code"),
        ({"exclusions": [{"kind": "customer", "above": "3"}]}, "exclusions[0].above", "exclusion_word"),
        ({"smallest_payable": {}}, "smallest_payable", "one_word_only"),
        ({"smallest_payable": {"at_least": "1", "exceeds": "1"}}, "smallest_payable", "one_word_only"),
        ({"claim": "sometimes"}, "claim", "not_a_choice"),
        ({"claim": {"within_days": "0"}}, "claim.within_days", "out_of_range"),
        ({"claim": {"within_days": "10"}}, "claim.within_days", "claim_before_judgement"),
        ({"wait_days": "9999"}, "wait_days", "out_of_range"),
        ({"form": {}}, "form", "one_word_only"),
        ({"form": {"voucher": {"valid_days": "90"}, "extra_days": {}}}, "form", "one_word_only"),
        ({"form": {"voucher": {"valid_days": "0"}}}, "form.voucher.valid_days", "out_of_range"),
        ({"form": {"cash": {}}}, "form.cash", "unknown_field"),
    ],
)
def test_each_fault_has_its_place(fields, path, code) -> None:
    assert (path, code) in problems(**fields)


def test_a_whole_promise_has_no_fault() -> None:
    assert (
        problems(
            window="anniversary_quarter",
            smallest_outage={"minutes": "1", "partial": "ceil"},
            exclusions=[{"kind": "maintenance", "notice_hours": "48"}, {"kind": "third_party"}],
            smallest_payable={"exceeds": {"pick": "currency", "cases": {"USD": "1"}}},
            claim={"within_days": "60"},
            form={"voucher": {"valid_days": "180", "tags": ["plan"]}},
        )
        == []
    )
