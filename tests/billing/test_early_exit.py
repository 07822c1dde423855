# ruff: noqa: E501 — a catalogue and one case a row read best unbroken
"""Stories: a year is left early; the used months at the monthly price are kept, the rest goes back."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.books import offences
from billing.dues import Calendar
from billing.early_exit import bounded, gross_share, used_of
from billing.models import EarlyExit, Invoice
from billing.selectors import credit_balance
from billing.selectors_gather import billable
from billing.services.invoicing import issue_cycle
from billing.services.leaving import leave_early, settlement
from billing.services.payments import record_offline
from billing.services.subscribing import subscribe
from plans.actor import NIGHT
from plans.catalogue import read_catalogue
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.services import apply_catalogue
from subscriptions.models import Subscription
from subscriptions.services import undo_cancel
from tests.factories import TESTER, make_customer

JANUARY, MARCH = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)
MID_JUNE, JULY = datetime(2026, 6, 15, 9, tzinfo=UTC), datetime(2026, 7, 1, tzinfo=UTC)

FILE = """\
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: 1
        effective_at: 2025-01-01T00:00:00+00:00
        early_exit: POLICY
        terms:
          currency: USD
          FIGURES
          charges:
            - {code: base, name: {en: Base, zh-Hans: 基础}, tags: [plan], steps: [{price: {flat: 100}}]}
        closing:
          - {code: annual, name: {en: Annual discount 20 %, zh-Hans: 年付八折}, credit: true, of: {spend: [plan]}, steps: [{times: {pick: term, cases: {monthly: 0, annual: 0.2}}}]}
          - {code: vat, name: {en: VAT 10 %, zh-Hans: 增值税 10%}, tags: [tax], of: {spend: [plan, annual]}, steps: [{times: 0.1}, {round: 0.01}]}
"""
OWN = (
    "facts: {paid: {unit: money}, days_used: {unit: days}, days_paid: {unit: days}}\n          figures:\n"
    "            - {code: early_exit, of: paid, steps: [{included: {of: paid, steps: "
    "[{times: days_used}, {over: days_paid}]}}, {round: minor}]}"
)


def year(
    policy: str, *, own: str = "", paid: bool = True, term: str = "annual"
) -> tuple[Subscription, Invoice]:
    text = FILE.replace("POLICY", policy).replace("FIGURES", own or "round: {line: minor}")
    apply_catalogue(read_catalogue(text), at=JANUARY, by=TESTER)
    subscription, invoice = subscribe(
        customer=make_customer(), version=PlanVersion.objects.get(), term=term, options={},
        collection="offline", at=MARCH, by=TESTER,
    )  # fmt: skip
    if paid:
        record_offline(invoice, reference="bank-1", amount=invoice.total, paid_at=MARCH, by=TESTER)
    return subscription, invoice


def read(subscription: Subscription) -> Subscription:
    return billable(Subscription.objects.filter(pk=subscription.pk)).get()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("policy", "own", "refund"),
    [
        # a year is 12 × 100 − 20 % + 10 % tax = 1,056; a month on the monthly term 110; four are started
        ("claw_back", "", 105600 - 4 * 11000),
        ("refund_unused", "", 70400),  # 8 of 12 months
        ("keep", "", 0),
        ("keep", OWN, 70304),  # 1,056 − 1,056 × 122 ÷ 365
    ],
)
def test_what_goes_back(policy: str, own: str, refund: int) -> None:
    subscription, start = year(policy, own=own)
    assert start.total == 105600

    shown = settlement(read(subscription), at=MID_JUNE)
    done = leave_early(subscription, expected=shown.refund, at=MID_JUNE, by=TESTER)

    assert (shown.refund, done.refund) == (refund, refund)
    assert (shown.paid, shown.months_used, shown.ends_at) == (105600, 4, JULY)
    assert credit_balance(subscription.customer, "USD") == refund
    assert offences() == []


@pytest.mark.django_db
def test_the_amount_is_told_in_sentences() -> None:
    subscription, _start = year("claw_back")

    told = [one.whole for one in settlement(read(subscription), at=MID_JUNE).sentences]

    assert told[0] == "Paid for the term = $1,056.00"
    assert "$1,056.00 − $440.00 = $616.00" in told


@pytest.mark.django_db
def test_the_last_months_usage_is_billed_and_nothing_is_renewed() -> None:
    subscription, _start = year("claw_back")
    leave_early(subscription, at=MID_JUNE, by=TESTER)
    subscription.refresh_from_db()

    invoice = issue_cycle(subscription, JULY, at=JULY + timedelta(hours=26), by=NIGHT)

    assert (subscription.span.upper, invoice.total) == (JULY, 0)
    assert subscription.phases.get().span.upper == JULY


@pytest.mark.django_db
def test_a_repeat_settles_once_and_it_cannot_be_taken_back() -> None:
    subscription, _start = year("claw_back")
    first = leave_early(subscription, at=MID_JUNE, by=TESTER)

    assert leave_early(subscription, expected=1, at=MID_JUNE + timedelta(hours=1), by=TESTER) == first
    assert EarlyExit.objects.count() == 1
    with pytest.raises(DomainError) as refused:
        undo_cancel(subscription, at=MID_JUNE, by=TESTER)
    assert refused.value.code == "exit_settled"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("made", "at", "code"),
    [
        ({"paid": False}, MID_JUNE, "exit_unpaid"),
        ({"term": "monthly"}, MARCH + timedelta(days=3), "exit_not_possible"),
        ({}, datetime(2027, 2, 3, tzinfo=UTC), "exit_not_possible"),  # the last month
        ({}, datetime(2027, 1, 31, tzinfo=UTC), None),
    ],
)
def test_when_there_is_nothing_to_leave(made: Any, at: datetime, code: str | None) -> None:
    subscription, _start = year("claw_back", **made)

    if code is None:
        assert (
            leave_early(subscription, at=at, by=TESTER).refund == 0
        )  # eleven months cost more than was paid
        return
    with pytest.raises(DomainError) as refused:
        leave_early(subscription, at=at, by=TESTER)
    assert refused.value.code == code
    assert not EarlyExit.objects.exists()


@pytest.mark.django_db
def test_another_amount_than_the_one_shown_is_refused() -> None:
    subscription, _start = year("claw_back")

    with pytest.raises(DomainError) as refused:
        leave_early(subscription, expected=1, at=MID_JUNE, by=TESTER)

    assert refused.value.code == "exit_changed"
    subscription.refresh_from_db()
    assert subscription.span.upper is None


@pytest.mark.parametrize(
    ("refund", "paid", "found"),
    [
        ("0", "0", "0"),
        ("-5", "10", "0"),
        ("5", "10", "5"),
        ("10", "10", "10"),
        ("11", "10", "10"),
        ("1", "-3", "0"),
    ],
)
def test_bounds(refund: str, paid: str, found: str) -> None:
    assert bounded(Decimal(refund), Decimal(paid)) == Decimal(found)


@pytest.mark.parametrize(
    ("net", "net_all", "tax", "found"),
    [
        (96000, 96000, 9600, 105600),
        (100, 300, 100, 133),
        (200, 300, 100, 267),
        (100, 0, 5, 100),
        (7, 7, 0, 7),
    ],
)
def test_the_tax_is_shared_in_proportion(net: int, net_all: int, tax: int, found: int) -> None:
    assert gross_share(net, net_all=net_all, tax=tax) == found


@given(st.integers(0, 11), st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001
def test_used_months_and_days_never_exceed_what_is_paid(last: int, anchor: datetime) -> None:
    calendar = Calendar(anchor.replace(tzinfo=UTC), ZoneInfo("Asia/Shanghai"), "annual")

    used = used_of(calendar, 0, last)

    assert 1 <= used.months_used <= used.months_paid == 12
    assert 28 <= used.days_used <= used.days_paid
    assert used.days_paid in (365, 366)
    assert (used.days_used == used.days_paid) == (last == 11)
