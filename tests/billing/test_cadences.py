"""Dated stories of bills that are not months of the anchor: weeks, quarters, calendar months, days."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span
from django.test.utils import CaptureQueriesContext

from billing.books import offences
from billing.models import BillingJob, Invoice, ParkedCustomer, SlaAssessment
from billing.selectors import upcoming_bill
from billing.services.nightly import run_night
from billing.services.quoting import preview_terms
from billing.services.runs import tick
from plans.models import PlanVersion
from plans.selectors import terms_of
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.services import cancel_at_period_end
from tests.billing.audit_world import proved
from tests.billing.world import ANCHOR, EDGE, START, TERMS, begin, make_plan, report_availability
from tests.factories import TESTER
from tests.usage.world import event, send
from usage.models import Reading

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
DAY = timedelta(days=1)
BASE = TERMS["charges"][0]
OCTOBER = datetime(2026, 9, 30, 16, tzinfo=UTC)  # midnight of 1 October in Shanghai
NOVEMBER = datetime(2026, 10, 31, 16, tzinfo=UTC)
LATE = datetime(2026, 9, 29, 3, tzinfo=UTC)  # where each day has a bill, two days before October are enough


def usage_charge(**more: Any) -> dict[str, Any]:
    """Messages at 1 per 1,000 unless told otherwise."""
    price = [{"price": {"each": "1", "per": "1000"}}]
    return {"code": "messages", "tags": ["usage"], "of": "messages", "steps": price, **more}


def use(subscription: Subscription, value: str, at: datetime) -> None:
    app = subscription.customer.apps.get()
    send(event(app, at=at, type="messages", value=value), at=at, backfill=True)


def bills() -> list[tuple[str, dict[str, int]]]:
    """Return (local day of the edge, amounts by charge) of every invoice, earliest first."""
    rows = Invoice.objects.order_by("period_start", "kind")
    return [
        (
            (row.period_start + timedelta(hours=8)).strftime("%m-%d"),
            dict(row.lines.values_list("charge", "amount")),
        )
        for row in rows
    ]


def healthy() -> None:
    assert not ParkedCustomer.objects.exists()
    proved()
    assert offences() == []


def test_a_weekly_usage_bill_beside_a_monthly_base():
    plan = make_plan(charges=[BASE, usage_charge(every="week")], figures=[])
    subscription, _start = begin(version=plan)
    for day, value in ((0, "1000"), (6, "2000"), (7, "4000"), (20, "8000"), (29, "16000")):
        use(subscription, value, START + day * DAY)

    run_night(EDGE + 5 * DAY + GRACE)

    assert bills() == [
        ("09-10", {"base": 4000}),
        ("09-17", {"messages": 300}),
        ("09-24", {"messages": 400}),
        ("10-01", {"messages": 800}),
        ("10-08", {"messages": 0}),
        ("10-10", {"base": 4000}),
        ("10-15", {"messages": 1600}),
    ]
    healthy()
    before = Invoice.objects.count()
    assert not run_night(EDGE + 5 * DAY + GRACE).changed
    assert Invoice.objects.count() == before


def test_a_quarter_in_advance():
    quarterly = {**BASE, "every": "quarter", "quoted": "month"}
    subscription, _start = begin(version=make_plan(charges=[quarterly, usage_charge()], figures=[]))
    use(subscription, "5000", START)

    run_night(datetime(2026, 12, 9, 16, tzinfo=UTC) + GRACE)

    assert bills() == [
        ("09-10", {"base": 12000}),
        ("10-10", {"messages": 500}),
        ("11-10", {"messages": 0}),
        ("12-10", {"messages": 0, "base": 12000}),
    ]
    healthy()


def test_edges_without_anything_due_make_no_job():
    quarterly = {**BASE, "every": "quarter"}
    begin(version=make_plan(charges=[quarterly], figures=[]))

    run_night(datetime(2026, 12, 31, tzinfo=UTC))

    assert [day for day, _lines in bills()] == ["09-10", "12-10"]
    assert BillingJob.objects.count() == 1


def test_calendar_usage_beside_an_anniversary_base():
    """Started on 10 September: usage of 21 days is billed on 1 October, the base on the 10th.

    A fee of 30 for the calendar month is prorated: 21 of 30 days in September.
    """
    fee = {"code": "line", "tags": ["usage"], "every": "month", "anchor": "calendar", "when": "arrears",
           "steps": [{"price": {"flat": "30"}}, {"prorate": {"by": "day"}}]}  # fmt: skip
    plan = make_plan(charges=[BASE, usage_charge(every="month", anchor="calendar"), fee], figures=[])
    subscription, _start = begin(version=plan)
    use(subscription, "1000", START)
    use(subscription, "2000", OCTOBER - timedelta(minutes=1))
    use(subscription, "4000", OCTOBER)
    shown = upcoming_bill(subscription, OCTOBER - DAY)

    run_night(OCTOBER + GRACE)

    assert shown is None or shown.period.start == ANCHOR  # nothing of it was folded yet
    invoice = Invoice.objects.get(period_start=OCTOBER)
    assert dict(invoice.lines.values_list("charge", "amount")) == {"messages": 300, "line": 2100}
    assert {(line.span.lower, line.span.upper) for line in invoice.lines.all()} == {(ANCHOR, OCTOBER)}
    run_night(NOVEMBER + GRACE)
    assert [day for day, _lines in bills()] == ["09-10", "10-01", "10-10", "11-01"]
    assert bills()[2:] == [("10-10", {"base": 4000}), ("11-01", {"messages": 400, "line": 3000})]
    healthy()


def test_a_calendar_base_is_paid_from_the_start_to_the_months_end():
    base = {**BASE, "anchor": "calendar", "steps": [*BASE["steps"], {"prorate": {"by": "day"}}]}
    begin(version=make_plan(charges=[base], figures=[]))

    run_night(OCTOBER + GRACE)

    assert bills() == [("09-10", {"base": 2800}), ("10-01", {"base": 4000})]  # 21 of 30 days, then whole
    healthy()


def test_the_last_part_of_a_calendar_month_is_billed_at_the_end_of_the_agreement():
    plan = make_plan(charges=[BASE, usage_charge(every="month", anchor="calendar")], figures=[])
    subscription, _start = begin(version=plan)
    cancel_at_period_end(subscription, at=START, by=TESTER)
    use(subscription, "3000", EDGE - DAY)

    run_night(NOVEMBER + GRACE)

    assert bills() == [("09-10", {"base": 4000}), ("10-01", {"messages": 0}), ("10-10", {"messages": 300})]
    healthy()


GRADUATED = [
    {"price": {"mode": "graduated", "bands": [{"upto": "5000", "each": "0.001"}, {"each": "0.0005"}]}}
]


def test_daily_bills_of_an_accumulating_month_add_up_to_the_month_rated_once():
    """7,000 in October: 5,000 × 0.001 + 2,000 × 0.0005 = 6.00, over three days with usage."""
    plan = make_plan(
        charges=[usage_charge(every="day", resets="month", steps=GRADUATED)], figures=[], round="none"
    )
    subscription, _start = begin(version=plan, at=LATE)
    for day, value in ((0, "4000"), (1, "2000"), (30, "1000")):
        use(subscription, value, OCTOBER + day * DAY + timedelta(hours=3))
    use(subscription, "6000", OCTOBER - DAY)  # September, 5.50 on its own

    for night in range(33):
        run_night(OCTOBER + night * DAY)

    daily = {day: lines["messages"] for day, lines in bills() if lines}
    paid = {day: amount for day, amount in daily.items() if amount}
    assert paid == {"10-01": 550, "10-02": 400, "10-03": 150, "11-01": 50}
    assert sum(amount for day, amount in paid.items() if day != "10-01") == 600
    assert len(daily) == 33  # from 30 September to 1 November
    healthy()


def test_late_usage_of_an_accumulating_month_is_billed_once():
    plan = make_plan(
        charges=[usage_charge(every="day", resets="month", steps=GRADUATED)], figures=[], round="none"
    )
    subscription, _start = begin(version=plan, at=LATE)
    use(subscription, "4000", OCTOBER + timedelta(hours=3))
    run_night(OCTOBER + 2 * DAY)

    use(subscription, "3000", OCTOBER + timedelta(hours=4))  # of the first day, after its bill
    use(subscription, "1000", OCTOBER + DAY + timedelta(hours=4))
    run_night(OCTOBER + 3 * DAY)
    run_night(OCTOBER + 5 * DAY)

    lines = Invoice.objects.get(period_start=OCTOBER + 2 * DAY).lines.order_by("position")
    assert [(line.kind, line.amount) for line in lines] == [("charge", 50), ("adjustment", 200)]
    rest = Invoice.objects.filter(period_start__gt=OCTOBER)
    assert sum(row.total for row in rest) == 650  # 5,000 × 0.001 + 3,000 × 0.0005
    healthy()


def test_distinct_users_of_an_accumulating_month_count_once():
    users = {"code": "users", "tags": ["usage"], "of": "mau", "every": "day", "resets": "month",
             "steps": [{"price": {"each": "1"}}]}  # fmt: skip
    subscription, _start = begin(version=make_plan(charges=[users], figures=[]), at=LATE)
    app = subscription.customer.apps.get()
    for day, user in ((0, "ann"), (1, "ann"), (1, "bob"), (2, "ann"), (2, "bob")):
        at = OCTOBER + day * DAY
        send(event(app, at=at, type="mau", user=user), at=at, backfill=True)

    run_night(OCTOBER + 4 * DAY)

    found = {day: lines["users"] for day, lines in bills() if lines and day >= "10-01"}
    assert found == {"10-01": 0, "10-02": 100, "10-03": 100, "10-04": 0}
    healthy()


def switch(subscription: Subscription, version: PlanVersion, at: datetime) -> None:
    phase = subscription.phases.get()
    phase.span = Span(phase.span.lower, at)
    phase.save(update_fields=["span"])
    SubscriptionPhase.objects.create(subscription=subscription, plan_version=version, span=Span(at, None))


def test_a_switch_at_an_edge_rates_the_past_by_the_old_and_the_next_by_the_new_terms():
    old = make_plan(charges=[BASE, usage_charge(every="week")], figures=[])
    dear = {**BASE, "steps": [{"price": {"flat": "99"}}]}
    new = make_plan(charges=[dear, usage_charge(steps=[{"price": {"each": "1", "per": "100"}}])], figures=[])
    subscription, _start = begin(version=old)
    edge = ANCHOR + 35 * DAY  # five weeks
    switch(subscription, new, edge)
    use(subscription, "1000", edge - DAY)
    use(subscription, "1000", edge + DAY)

    run_night(edge + GRACE)

    assert bills()[-2:] == [("10-10", {"base": 4000}), ("10-15", {"messages": 100})]
    assert not ParkedCustomer.objects.exists()


def test_a_switch_inside_a_period_in_arrears_parks_the_customer():
    old = make_plan(charges=[BASE, usage_charge(every="month", anchor="calendar")], figures=[])
    subscription, _start = begin(version=old)
    switch(subscription, make_plan(), EDGE)
    use(subscription, "1000", EDGE - DAY)

    run_night(EDGE + GRACE)

    assert ParkedCustomer.objects.get().reason == "several_phases"
    assert [day for day, _lines in bills()] == ["09-10", "10-01"]


def test_what_is_due_together_shares_one_invoice():
    """Prepaid on the anniversary, post-paid by calendar month, a line by day and one by week."""
    lines = [
        BASE,
        usage_charge(every="month", anchor="calendar"),
        usage_charge(code="daily", every="day", anchor="calendar"),
        usage_charge(code="weekly", every="week", anchor="calendar"),
    ]
    tenth = datetime(2026, 10, 10, 3, tzinfo=UTC)
    subscription, _start = begin(version=make_plan(charges=lines, figures=[]), at=tenth)
    use(subscription, "1000", datetime(2026, 10, 31, 3, tzinfo=UTC))  # a Saturday

    run_night(datetime(2026, 11, 9, 16, tzinfo=UTC) + GRACE)

    found = dict(bills())
    assert found["11-01"] == {"messages": 100, "daily": 100}
    assert found["11-02"] == {"daily": 0, "weekly": 100}
    assert found["11-10"] == {"base": 4000, "daily": 0}
    readings = Reading.objects.filter(meter__code="messages", value=1000).values_list("period", flat=True)
    assert len(set(readings)) == 3
    healthy()


def test_the_upcoming_bill_is_the_next_edge_with_live_figures():
    plan = make_plan(
        charges=[BASE, usage_charge(every="week", resets="month", steps=GRADUATED)], figures=[], round="none"
    )
    subscription, _start = begin(version=plan)
    use(subscription, "4000", OCTOBER + timedelta(hours=1))
    use(subscription, "2000", OCTOBER + DAY)
    run_night(OCTOBER + 2 * DAY)

    shown = upcoming_bill(subscription, OCTOBER + 3 * DAY)

    assert shown is not None
    assert shown.period.end == ANCHOR + 28 * DAY  # 8 October
    assert [(line.charge, line.amount) for line in shown.lines] == [("messages", 550)]
    run_night(ANCHOR + 28 * DAY + GRACE)
    assert bills()[-1] == ("10-08", {"messages": 550})


def test_an_sla_window_counts_what_a_calendar_base_was_paid_for_the_time():
    """21 of 30 days of September: 28.00 were paid for them, all of it for the window."""
    base = {**BASE, "anchor": "calendar", "steps": [*BASE["steps"], {"prorate": {"by": "day"}}]}
    subscription, _start = begin(version=make_plan(charges=[base]), options={"sla.gold": Decimal(1)})
    report_availability(subscription.customer.apps.get(), "42900")

    run_night(OCTOBER + GRACE)

    row = SlaAssessment.objects.get()
    assert (row.fee, row.amount) == (2800, 280)
    lines = Invoice.objects.get(period_start=OCTOBER).lines.values_list("kind", "amount")
    assert sorted(lines) == [("charge", 4000), ("sla_credit", -280)]
    healthy()


def test_a_preview_of_finer_bills_is_a_month_of_them():
    """Nobody assumes usage by day: a month of 7,000, billed by day or week, is rated as one bill."""
    plan = make_plan(
        charges=[BASE, usage_charge(every="day", resets="month", steps=GRADUATED),
                 usage_charge(code="weekly", every="week", anchor="calendar")],
        figures=[],
    )  # fmt: skip

    used = {"messages": Decimal(7000)}
    shown = preview_terms(
        terms_of(plan), term="monthly", currency="USD", options={}, seats=0, quantities=used
    )

    assert [(line.charge, line.amount) for line in shown.start.lines] == [("base", 4000)]
    assert [(line.charge, line.amount) for line in shown.month.lines] == [("messages", 600), ("weekly", 700)]


def test_a_tick_asks_the_same_of_the_database_for_one_and_for_many(django_assert_max_num_queries):
    """Agreements billed by months only are left out in the statement until a month has gone by."""
    plan = make_plan(charges=[BASE, usage_charge()], figures=[])
    begin(version=plan)
    tick(EDGE + GRACE)
    with CaptureQueriesContext(connection) as one:
        tick(EDGE + GRACE + DAY)
    for _ in range(5):
        begin(version=plan)
    tick(EDGE + GRACE)

    with django_assert_max_num_queries(len(one)):
        tick(EDGE + GRACE + 2 * DAY)


def test_damaged_terms_do_not_keep_others_from_their_edges():
    begin(version=make_plan(charges=[BASE, usage_charge(every="week")], figures=[]))
    damaged = make_plan(charges=[BASE, usage_charge(every="day")], figures=[])
    begin(version=damaged)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE plans_planversion SET terms = '{}', terms_hash = repeat('0', 64) WHERE id = %s",
            [damaged.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    run_night(EDGE + GRACE)

    assert ParkedCustomer.objects.get().reason == "terms_damaged"
    assert [day for day, lines in bills() if "messages" in lines] == ["09-17", "09-24", "10-01", "10-08"]
