"""Completeness: a missing report holds its invoice, or is estimated by policy and made good later."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from billing.management.commands.nightly import summary
from billing.models import BillingJob, Invoice
from billing.services.nightly import run_night
from billing.services.runs import run_jobs, tick
from plans.models import Meter
from subscriptions.models import App
from tests.billing.test_report_bills import (
    DAYS,
    EDGES,
    FIRST,
    SECOND,
    THIRD,
    agreement,
    cycle,
    late_lines,
    sound,
)
from tests.billing.world import EDGE
from tests.usage.reports_world import day_report, period_report, report
from usage.models import MissingPolicy, Reading, ReportExpectation

pytestmark = pytest.mark.django_db
GAP = "2026-10-06"
BEFORE, HOLD = timedelta(hours=1), MissingPolicy.HOLD


def expect(policy: str = HOLD, *, app: App | None = None, meter: str = "messages", **more: Any) -> None:
    ReportExpectation.objects.create(
        meter=Meter.objects.get(code=meter), app=app, policy=policy, **{"since": date(2026, 9, 1), **more}
    )


def fill(app: App, value: str = "5000", *, days: Iterable[str] = DAYS, gap: str = GAP, **more: Any) -> None:
    said = [day_report(app, day, value, "messages", **more) for day in days if day != gap]
    report(*said, at=EDGE)


def job() -> BillingJob:
    return BillingJob.objects.get(step="cycle", period_start=EDGE)


def test_a_missing_day_holds_the_invoice_and_its_report_lets_it_go() -> None:
    _subscription, app = agreement()
    fill(app)
    expect()

    night = run_night(FIRST)

    assert (night.invoices, night.left) == (0, [])  # a hold is an outcome, nothing is left behind
    said = f"messages of {app.code} for {GAP}"
    assert summary(night)[1:] == [
        f"On hold: job {job()} is held: not reported: {said}",
        f"Not reported: {said}, due 2026-10-07T16:00:00+00:00",
    ]
    assert not Invoice.objects.filter(kind="cycle").exists()

    report(day_report(app, GAP, "5000", "messages"), at=FIRST)
    again = run_night(FIRST + timedelta(minutes=5))

    assert (again.invoices, again.held, again.missing) == (1, [], [])
    assert cycle(EDGE).lines.get(charge="messages").quantity == 100000
    assert sound()


def test_a_held_invoice_stays_held_night_after_night_and_costs_no_attempts() -> None:
    _subscription, app = agreement()
    fill(app)
    expect()

    for n in range(4):
        night = run_night(FIRST + timedelta(days=n))
        assert (len(night.held), night.left) == (1, [])

    assert (job().attempts, job().state) == (0, "waiting")


def test_others_are_billed_meanwhile() -> None:
    _subscription, app = agreement()
    _other, whole = agreement()
    fill(app)
    fill(whole, gap="")
    expect()

    run_night(FIRST)

    assert [row.customer_id for row in Invoice.objects.filter(kind="cycle")] == [whole.customer_id]


OF_WHOM = [  # expectation of all, of the app -> is the invoice held?
    (HOLD, None, True),
    (None, HOLD, True),
    (MissingPolicy.LAST_VALUE, HOLD, True),
    (HOLD, MissingPolicy.LAST_VALUE, False),
    (None, None, False),
]


@pytest.mark.parametrize(("of_all", "of_app", "held"), OF_WHOM)
def test_the_expectation_of_an_app_goes_before_that_of_all(
    of_all: str | None, of_app: str | None, held: bool
) -> None:
    _subscription, app = agreement()
    fill(app)
    if of_all:
        expect(of_all)
    if of_app:
        expect(of_app, app=app)

    assert bool(run_night(FIRST).held) is held
    assert Invoice.objects.filter(kind="cycle").exists() is not held


POLICIES = [  # policy -> what stands for 6 October, where 1 to 5 were 1000, 2000 … 5000 and 29, 30 were 100
    (MissingPolicy.LAST_VALUE, "5000"),
    (MissingPolicy.MEAN_7, "2171.428571428571"),  # (15000 + 100 + 100) / 7
]


@pytest.mark.parametrize(("policy", "value"), POLICIES)
def test_an_estimate_is_by_policy_and_says_so_on_the_invoice(policy: str, value: str) -> None:
    _subscription, app = agreement()
    fill(app, "100")
    for n in range(1, 6):
        report(day_report(app, f"2026-10-0{n}", f"{n}000", "messages", revision=2), at=EDGE)
    expect(policy)

    run_night(FIRST)

    reading = Reading.objects.get(meter__code="messages")
    (estimate,) = [cell for cell in reading.cells if "estimate" in cell["attributes"]]
    assert (estimate["value"], estimate["attributes"]["estimate"]) == (value, policy)
    line = cycle(EDGE).lines.get(charge="messages")
    assert line.description["en"].endswith("(estimated, as no report came in time: Oct 6, 2026)")
    assert line.description["zh-Hans"] != line.description["en"]
    assert sound()


def test_a_report_after_an_estimate_is_a_delta_line_and_nothing_else_ever_is() -> None:
    _subscription, app = agreement()
    fill(app, "10000")
    expect(MissingPolicy.LAST_VALUE)
    run_night(FIRST)
    assert cycle(EDGE).lines.get(charge="messages").quantity == 250000  # 30 days at 10,000
    ReportExpectation.objects.all().delete()  # what was estimated does not hang on it any more
    report(day_report(app, GAP, "40000", "messages"), at=SECOND)

    run_night(SECOND)
    run_night(THIRD)

    assert [late_lines(cycle(edge)) for edge in EDGES] == [{}, {"messages": 900}, {}]
    assert sound()


def test_an_estimate_that_is_never_made_good_stays_and_one_that_was_right_costs_nothing() -> None:
    _subscription, app = agreement()
    fill(app, "10000")
    expect(MissingPolicy.LAST_VALUE)
    run_night(FIRST)
    ReportExpectation.objects.all().delete()
    report(day_report(app, "2026-10-05", "20000", "messages", revision=2), at=SECOND)  # it rested on this

    run_night(SECOND)
    assert late_lines(cycle(EDGES[1])) == {"messages": 300}  # the restated day alone
    report(day_report(app, GAP, "10000", "messages"), at=SECOND)
    run_night(THIRD)

    assert late_lines(cycle(EDGES[2])) == {"messages": 0}  # it names the report in the estimate's place
    assert sound()


def test_nothing_is_estimated_from_nothing() -> None:
    _subscription, app = agreement()
    App.objects.update(created_at=datetime.fromisoformat("2026-09-10T00:00:00+00:00"))
    expect(MissingPolicy.MEAN_7)

    night = run_night(FIRST)

    assert "30 days" not in night.held[0]
    assert f"messages of {app.code} for 2026-09-10" in night.held[0]
    assert "20 more" in night.held[0]
    assert len(night.missing) == 30


def test_an_estimate_looks_back_thirty_five_days_however_many_days_are_missing() -> None:
    """Reported on 3 September alone: 8 October is the 35th day after it, 9 October has nothing to rest on."""
    _subscription, app = agreement()
    App.objects.update(created_at=datetime.fromisoformat("2026-08-01T00:00:00+00:00"))
    report(day_report(app, "2026-09-03", "100", "messages"), at=EDGE)
    expect(MissingPolicy.LAST_VALUE)

    night = run_night(FIRST)

    assert f"messages of {app.code} for 2026-10-09" in night.held[0]
    assert "2026-10-08" not in night.held[0]
    report(day_report(app, "2026-10-09", "100", "messages"), at=FIRST)
    run_night(FIRST + timedelta(minutes=5))
    assert Reading.objects.get(meter__code="messages").value == 3000


def test_an_estimate_waits_until_the_report_is_due() -> None:
    _subscription, app = agreement()
    fill(app, gap=DAYS[-1])
    expect(MissingPolicy.LAST_VALUE, due_hours=72)

    tick(FIRST)
    run_jobs(FIRST)
    assert job().held_until == FIRST + timedelta(hours=1)

    assert run_night(EDGE + timedelta(hours=71)).held
    assert run_night(EDGE + timedelta(hours=72)).held == []
    assert cycle(EDGE).lines.get(charge="messages").quantity == 100000


def test_what_is_said_while_a_day_runs_is_not_the_day() -> None:
    _subscription, app = agreement()
    fill(app)
    noon = datetime.fromisoformat(f"{GAP}T12:00:00+08:00")
    report(day_report(app, GAP, "2500", "messages"), at=noon)
    expect()

    assert run_night(FIRST).held
    report(day_report(app, GAP, "5000", "messages", revision=2), at=FIRST)
    assert run_night(FIRST + BEFORE).held == []
    assert cycle(EDGE).lines.get(charge="messages").quantity == 100000


def test_an_estimate_stands_in_place_of_what_was_said_while_the_day_ran() -> None:
    _subscription, app = agreement()
    fill(app)
    report(day_report(app, GAP, "1", "messages"), at=datetime.fromisoformat(f"{GAP}T12:00:00+08:00"))
    expect(MissingPolicy.LAST_VALUE)

    run_night(FIRST)
    run_night(SECOND)

    assert cycle(EDGE).lines.get(charge="messages").quantity == 100000
    assert late_lines(cycle(EDGES[1])) == {}
    assert sound()


REGIONS = [("", False), ("cn", True), ("eu", False)]  # what is expected -> held, where only eu reported


@pytest.mark.parametrize(("region", "held"), REGIONS)
def test_a_region_may_be_owed_by_itself(region: str, held: bool) -> None:
    _subscription, app = agreement()
    fill(app, gap="", region="eu")
    expect(region=region)

    assert bool(run_night(FIRST).held) is held


SINCE = [(date(2026, 10, 6), True), (date(2026, 10, 7), False)]


@pytest.mark.parametrize(("since", "held"), SINCE)
def test_days_before_the_first_one_are_not_asked_for(since: date, held: bool) -> None:
    _subscription, app = agreement()
    fill(app)
    expect(since=since)

    assert bool(run_night(FIRST).held) is held


def test_a_missing_period_holds_and_may_be_estimated_by_the_last_one() -> None:
    _subscription, app = agreement()
    App.objects.update(created_at=datetime.fromisoformat("2026-09-10T00:00:00+00:00"))
    expect(meter="mau")

    held = run_night(FIRST).held
    assert held == [f"job {job()} is held: not reported: mau of {app.code} for 2026-09-10 on"]

    report(period_report(app, "2026-09-10", "5"), at=FIRST)
    run_night(FIRST + BEFORE)
    assert cycle(EDGE).lines.get(charge="users").amount == 251
    ReportExpectation.objects.update(policy=MissingPolicy.LAST_VALUE)
    run_night(SECOND)
    line = cycle(EDGES[1]).lines.get(charge="users")
    assert line.amount == 251
    assert line.description["en"].endswith(" (estimated, as no report came in time)")

    report(period_report(app, "2026-10-10", "9"), at=SECOND)
    run_night(THIRD)
    assert late_lines(cycle(EDGES[2])) == {"users": 502}
    assert sound()
