"""Reports of quarters and years: a distinct count that a warehouse makes for as long as a charge counts."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.models import BillingJob, Invoice, ParkedCustomer
from billing.services.nightly import run_night
from subscriptions.models import App, Subscription
from tests.billing.test_reading_periods import EDGES, GRACE
from tests.billing.test_report_gate import expect
from tests.billing.world import START, TERMS, begin, make_plan
from tests.usage.reports_world import by_period, period_report, put, report, statuses
from tests.usage.world import Door
from usage.models import MissingPolicy, Reading

pytestmark = pytest.mark.django_db
AFTER = EDGES[-1] + timedelta(hours=1)
OTHERS = [charge for charge in TERMS["charges"] if charge.get("of") != "mau"]


def counted(every: str, **more: Any) -> tuple[Subscription, App]:
    """Begin an agreement of 10 September whose users are counted so, at 1.00 each."""
    by_period("mau")
    users = {
        "code": "long_users", "tags": ["usage"], "of": "mau", "every": every,
        "steps": [{"price": {"each": "1"}}],
    } | more  # fmt: skip
    subscription, _start = begin(version=make_plan(charges=[*OTHERS, users], figures=[]))
    return subscription, subscription.customer.apps.get()


def nights(*edges: datetime) -> None:
    for edge in edges:
        run_night(edge + GRACE)
    assert not ParkedCustomer.objects.exists()


def test_a_quarter_of_the_agreement_is_reported_and_billed_once() -> None:
    _subscription, app = counted("quarter")

    told = report(period_report(app, "2026-09-10P3M", "300"), at=AFTER)
    nights(*EDGES)

    assert statuses(told) == ["accepted"]
    amounts = {one.period_start: dict(one.lines.values_list("charge", "amount")) for one in cycles()}
    assert [amounts[edge].get("long_users", 0) for edge in EDGES] == [0, 0, 30000]
    (reading,) = Reading.objects.filter(meter__code="mau")
    assert (reading.value, reading.period.upper) == (300, EDGES[-1])


def cycles() -> list[Invoice]:
    return list(Invoice.objects.filter(kind="cycle"))


def test_a_quarter_of_the_calendar() -> None:
    """The first, cut by the start of the agreement, is the calendar's all the same: nothing is shared out."""
    _subscription, app = counted("quarter", anchor="calendar")
    third = datetime.fromisoformat("2026-09-30T16:00:00+00:00")

    assert statuses(report(period_report(app, "2026-Q3", "70"), at=AFTER)) == ["accepted"]
    nights(third)

    amounts = [dict(one.lines.values_list("charge", "amount")).get("long_users") for one in cycles()]
    assert amounts == [7000]


REFUSED = [  # every -> period, what is said
    ("quarter", "2026-10-10P3M", "across_an_edge"),
    ("quarter", "2026-Q4", "across_an_edge"),
    ("quarter", "2026-09-10P1Y", "not_counted_so"),
    ("year", "2026-09-10P3M", "not_counted_so"),
    ("year", "2026-09-10P1Y", "accepted"),
    ("half_year", "2026-09-10P6M", "accepted"),
    ("month", "2026-H2", "not_counted_so"),
    ("month", "2026", "not_counted_so"),
    ("month", "2026-09-10", "accepted"),
]


@pytest.mark.parametrize(("every", "period", "said"), REFUSED)
def test_what_is_reported_must_be_counted_by_a_charge(every: str, period: str, said: str) -> None:
    _subscription, app = counted(every)
    assert statuses(report(period_report(app, period, "5"), at=AFTER)) == [said]


@pytest.mark.parametrize(
    "label", ["2026-Q5", "2026-H3", "2026-9", "2026-09-10P2M", "2026-09-10P12M", "2026-13"]
)
def test_what_is_no_period_is_refused(label: str) -> None:
    _subscription, app = counted("quarter")
    answer = put(
        Door(), f"{app.code}/mau/{label}", {"value": "1", "evidence": "w", "evidence_hash": "ab" * 32}
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_report_period")


def test_a_quarter_and_one_of_its_months_would_count_time_twice() -> None:
    _subscription, app = counted("quarter")
    told = report(period_report(app, "2026-09-10P3M", "5"), period_report(app, "2026-11-10", "5"), at=AFTER)
    assert statuses(told) == ["accepted", "report_overlaps"]


def test_a_missing_quarter_holds_its_invoice_only() -> None:
    _subscription, app = counted("quarter")
    App.objects.update(created_at=START)  # from then on it owes
    expect(MissingPolicy.HOLD, meter="mau")

    nights(*EDGES)
    assert sorted(one.period_start for one in cycles()) == EDGES[:2]
    assert BillingJob.objects.get(step="cycle", period_start=EDGES[-1])

    report(period_report(app, "2026-09-10P3M", "8"), at=AFTER)
    nights(EDGES[-1] + timedelta(minutes=5))
    last = Invoice.objects.get(kind="cycle", period_start=EDGES[-1])
    assert last.lines.get(charge="long_users").amount == 800


def test_a_missing_quarter_is_estimated_by_the_one_before() -> None:
    _subscription, app = counted("quarter")
    later = [EDGES[-1] + timedelta(days=n) for n in (31, 62, 90)]  # 10 January, February, March
    report(period_report(app, "2026-09-10P3M", "8"), at=AFTER)
    expect(MissingPolicy.LAST_VALUE, meter="mau")

    nights(*EDGES, *later)

    last = Invoice.objects.get(kind="cycle", period_start=later[-1])
    assert last.lines.get(charge="long_users").amount == 800
