"""Stories: a price rises; the old cohort keeps, new ones pay; who is moved, moves at a renewal."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Invoice
from billing.selectors_moves import coming_moves
from billing.services.invoicing import issue_cycle
from billing.services.runs import run_jobs, tick
from billing.services.subscribing import subscribe
from billing.verifying import faults_of
from plans.actor import NIGHT
from plans.catalogue import read_catalogue
from plans.errors import DomainError
from plans.models import Plan, PlanVersion
from plans.services import apply_catalogue, new_draft, publish_version, save_source
from subscriptions.models import Subscription
from subscriptions.selectors import phase_at
from subscriptions.services import add_option, cancel_at_period_end, lock_price, renew
from subscriptions.services.holdings import change_seats
from tests.factories import TESTER, load_text, make_customer

pytestmark = pytest.mark.django_db
JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
MARCH, APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in range(3, 7))
GRACE = timedelta(hours=26)

FILE = """\
modules:
  - code: chat
    names: {en: Chat, zh-Hans: 聊天}
    charges:
      - {code: chat_fee, name: {en: Chat, zh-Hans: 聊天}, tags: [module], steps: [{price: {flat: 20}}]}
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: 1
        effective_at: 2025-01-01T00:00:00+00:00
        modules: [chat]
        terms: %s
"""
TERMS = (
    "{currency: USD, charges: [{code: base, name: {en: Base, zh-Hans: 基础}, tags: [plan], "
    "steps: [{price: {flat: 100}}]}, {code: seats, name: {en: Seats, zh-Hans: 席位}, tags: [plan], "
    "of: seats, steps: [{price: {each: 10}}]}]}"
)


@pytest.fixture
def first() -> PlanVersion:
    load_text(FILE % TERMS, at=JANUARY)
    return PlanVersion.objects.get()


def dearer(first: PlanVersion, begins: datetime, *, moves: str = "at_renewal", **changes: Any) -> PlanVersion:
    """Publish the next version with a base of 110."""
    made = new_draft(first.plan, clone=first, by=TESTER)
    terms = {**first.source["terms"]}
    base, seats = terms["charges"]
    terms["charges"] = [
        {**base, "steps": [{"price": {"flat": "110"}}]},
        *([] if "less" in changes else [seats]),
    ]
    source = {**first.source, "terms": terms, **changes.get("source", {})}
    save_source(made, source=source, by=TESTER)
    return publish_version(
        made, effective_at=begins, moves_existing=moves, at=begins - timedelta(days=40), by=TESTER
    )


def bought(version: PlanVersion, at: datetime, **more: Any) -> tuple[Subscription, Invoice]:
    return subscribe(
        customer=more.pop("customer", None) or make_customer(), version=version,
        term=more.pop("term", "monthly"), options=more.pop("options", {}), collection="offline",
        at=at, by=TESTER, **more,
    )  # fmt: skip


def billed(subscription: Subscription, edge: datetime) -> dict[str, int]:
    invoice = issue_cycle(subscription, edge, at=edge + GRACE, by=NIGHT)
    assert faults_of(invoice) == []
    return {line.charge: line.amount for line in invoice.lines.order_by("position") if line.amount}


def test_the_old_cohort_keeps_and_new_subscribers_pay_the_new_price(first: PlanVersion) -> None:
    old, start = bought(first, MARCH)
    second = dearer(first, APRIL, moves="nobody")
    _new, new_start = bought(second, APRIL)

    assert (start.total, new_start.total) == (10000, 11000)
    assert [billed(old, edge) for edge in (APRIL, MAY, JUNE)] == [{"base": 10000}] * 3
    with pytest.raises(DomainError):
        bought(first, APRIL)  # the first version is not sold any more


def test_a_month_renews_on_the_new_version(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH, seats=2)
    second = dearer(first, APRIL)

    assert billed(subscription, APRIL) == {"base": 11000, "seats": 2000}
    spans = [(p.plan_version, p.span.lower, p.span.upper) for p in subscription.phases.order_by("span")]
    assert spans == [(first, MARCH, APRIL), (second, APRIL, None)]


def test_a_second_call_and_a_second_invoice_change_nothing(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    dearer(first, APRIL)
    billed(subscription, APRIL)

    assert renew([(subscription, APRIL)], by=NIGHT) == []
    assert billed(subscription, APRIL) == {"base": 11000}
    assert subscription.phases.count() == 2


def test_the_past_month_is_rated_by_the_old_terms_and_the_next_base_by_the_new(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    dearer(first, MAY)

    assert [billed(subscription, edge) for edge in (APRIL, MAY)] == [{"base": 10000}, {"base": 11000}]


def test_missed_nights_move_at_the_right_edge(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    dearer(first, datetime(2026, 4, 20, tzinfo=UTC))  # published while no night ran

    late = JUNE + timedelta(days=10)
    tick(late)
    while run_jobs(late):
        pass

    starts = Invoice.objects.filter(kind="cycle").order_by("period_start")
    assert [(one.period_start, one.total) for one in starts] == [(APRIL, 10000), (MAY, 11000), (JUNE, 11000)]
    assert [p.span.lower for p in subscription.phases.order_by("span")] == [MARCH, MAY]


def test_a_year_moves_at_its_anniversary_only(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH, term="annual")
    second = dearer(first, APRIL)
    anniversary = datetime(2027, 3, 1, tzinfo=UTC)

    assert [billed(subscription, edge) for edge in (APRIL, MAY)] == [{}, {}]
    assert billed(subscription, anniversary) == {"base": 12 * 11000}
    assert phase_at(subscription, anniversary).plan_version == second


def test_a_lock_holds_to_the_first_renewal_on_or_after_its_end(first: PlanVersion) -> None:
    inside, _start = bought(first, MARCH, lock_until=MAY)
    beyond, _start = bought(first, MARCH, lock_until=MAY + timedelta(seconds=1))
    dearer(first, APRIL)

    assert [billed(inside, edge) for edge in (APRIL, MAY)] == [{"base": 10000}, {"base": 11000}]
    assert [billed(beyond, edge) for edge in (APRIL, MAY, JUNE)] == [
        {"base": 10000},
        {"base": 10000},
        {"base": 11000},
    ]


def test_staff_lock_and_lift(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    dearer(first, APRIL)
    lock_price(subscription, until=JUNE, at=MARCH, by=TESTER)
    lock_price(subscription, until=JUNE, at=MARCH, by=TESTER)

    assert billed(subscription, APRIL) == {"base": 10000}
    lock_price(subscription, until=None, at=APRIL + GRACE, by=TESTER)
    assert billed(subscription, MAY) == {"base": 11000}
    with pytest.raises(DomainError, match="later date"):
        lock_price(subscription, until=MARCH, at=MAY, by=TESTER)


def test_an_annual_price_is_locked_for_its_term(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH, term="annual")

    assert subscription.phases.get().price_lock_until == datetime(2027, 3, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"source": {"modules": []}}, ("option", "module.chat")), ({"less": True}, ("seats", "2"))],
)
def test_what_the_new_version_cannot_price_stays_where_it_is(
    first: PlanVersion, changes: Any, reason: tuple[str, str]
) -> None:
    subscription, _start = bought(first, MARCH, options={"module.chat": Decimal(1)}, seats=2)
    dearer(first, APRIL, **changes)

    assert billed(subscription, APRIL) == {"base": 10000, "seats": 2000, "chat_fee": 2000}
    notice = coming_moves([subscription], APRIL)[subscription.pk]
    assert (notice.move.hindered_by, notice.fees) == ([reason], None)


def test_an_option_that_ends_before_the_renewal_hinders_nothing(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    add_option(subscription, option="module.chat", at=MARCH, by=TESTER)
    subscription.add_ons.update(span=(MARCH, APRIL))
    dearer(first, APRIL, source={"modules": []})

    assert billed(subscription, APRIL) == {"base": 11000}


def test_a_cancelled_agreement_does_not_move(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    dearer(first, APRIL)
    cancel_at_period_end(subscription, at=MARCH, by=TESTER)

    assert billed(subscription, APRIL) == {}
    assert subscription.phases.count() == 1


def test_the_coming_move_is_announced_with_its_prices(first: PlanVersion) -> None:
    subscription, _start = bought(first, MARCH)
    change_seats(subscription, delta=3, at=MARCH, by=TESTER)
    second = dearer(first, MAY)

    notice = coming_moves([subscription], MARCH + timedelta(days=3))[subscription.pk]

    assert (notice.move.edge, notice.move.version) == (MAY, second)
    assert [(fee.label, fee.before, fee.after) for fee in notice.fees or []] == [("Base", 10000, 11000)]
    assert (notice.before, notice.after, notice.usage_changes) == (13000, 14000, False)


def test_moves_of_many_agreements_take_as_many_queries_as_of_two(first: PlanVersion) -> None:
    rows = [bought(first, MARCH)[0] for _each in range(2)]
    dearer(first, MAY)
    counts = []
    for wanted in (2, 12):
        rows += [bought(first, MARCH)[0] for _each in range(wanted - len(rows))]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert len(coming_moves(rows, MARCH + timedelta(days=1))) == wanted
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_published_promises_cannot_change(first: PlanVersion) -> None:
    with pytest.raises(Exception, match="Cannot update"):
        PlanVersion.objects.filter(pk=first.pk).update(moves_existing="at_renewal")


def test_a_file_says_who_moves_and_comes_back_the_same() -> None:
    text = FILE % TERMS + "        moves_existing: at_renewal\n        early_exit: claw_back\n"
    apply_catalogue(read_catalogue(text), at=JANUARY, by=TESTER)

    version = PlanVersion.objects.get(plan=Plan.objects.get())
    again = apply_catalogue(read_catalogue(text), at=JANUARY, by=TESTER)

    assert version.moves_existing == "at_renewal"
    assert {change.kind for change in again} == {"unchanged"}
