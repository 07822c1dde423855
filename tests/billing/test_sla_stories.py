"""Promises as the market makes them, from the tier's text to what the customer gets."""

from datetime import UTC, datetime, timedelta

import pytest

from billing.books import offences
from billing.errors import ClaimOver, NothingToClaim
from billing.models import BillingJob, LedgerTransaction, SlaAssessment, SlaAward, SlaCondition, SlaCredit
from billing.selectors import credit_balance
from billing.services.sla import assess
from billing.services.sla_awards import claim
from plans.actor import NIGHT
from plans.timespan import Period
from tests.billing.sla_world import agreed, exclude, night, report
from tests.billing.world import ANCHOR, EDGE
from tests.factories import TESTER

pytestmark = pytest.mark.django_db
FIRST_MONTH = Period(ANCHOR, EDGE)  # 10 September to 9 October in Shanghai
HELD_SEPTEMBER = Period(ANCHOR, datetime(2026, 9, 30, 16, tzinfo=UTC))
DAY = timedelta(days=1)
AFTER = EDGE + 2 * DAY
TENCENT = """
    target: 99
    window: anniversary_month
    smallest_outage: {minutes: 1, partial: ceil}
    claim: {within_days: 60}
    form: {voucher: {valid_days: 40, tags: [plan]}}
    cap: fee
    figure:
      steps:
        - table:
            {mode: volume, by: availability, bands:
              [{below: 90, each: 0.3}, {below: 95, each: 0.2}, {below: 99, each: 0.1}, {each: 0}]}
"""
MULTIPLE = """
    target: 99.99
    exclusions: [{kind: maintenance, notice_hours: 48}]
    figure: {steps: [{times: failed_minutes}, {over: period_minutes}, {times: 20}, {round: 0.01}]}
    cap: fee
"""


def broken(minutes: int, since: datetime = ANCHOR + DAY) -> Period:
    return Period(since, since + timedelta(minutes=minutes))


def award() -> SlaAward:
    return SlaAward.objects.get()


def test_bands_with_a_voucher_that_is_claimed() -> None:
    """8 % of the month is lost: 20 % of 40.00, as a voucher for the plan, for 40 days."""
    subscription = agreed(TENCENT)
    report(subscription, FIRST_MONTH, "3500")
    night(AFTER)

    row = award()
    assert (row.state, row.amount, row.claim_by) == ("unclaimed", 800, EDGE + 60 * DAY)
    assert (row.assessment.fee, credit_balance(subscription.customer, "USD")) == (4000, 0)
    assert offences() == []

    claim(row.pk, at=AFTER + DAY, by=TESTER)
    assert claim(row.pk, at=AFTER + 2 * DAY, by=TESTER).claimed_at == AFTER + DAY  # a second click

    credit = SlaCredit.objects.get()
    assert (credit.amount, credit.tags) == (800, ["plan"])
    assert credit.expires_at == datetime(2026, 11, 22, 16, tzinfo=UTC)  # after the 40th day from 13 October
    assert LedgerTransaction.objects.get(business_key=f"sla:{row.assessment_id}").kind == "sla_voucher"
    night(EDGE + 33 * DAY)
    line = subscription.invoices.get(period_start__gt=EDGE).lines.get(kind="sla_credit")
    assert (line.amount, line.label["en"]) == (-800, "SLA voucher")
    assert line.description["en"].startswith(
        "SLA credit for Sep 10\u2009–\u2009Oct 9, 2026: availability 91.8981"
    )
    assert offences() == []


def test_a_partial_minute_counts_whole_and_a_short_outage_not_at_all() -> None:
    """60:28 counts 61 minutes, 50 seconds nothing."""
    subscription = agreed(TENCENT)
    long = Period(ANCHOR + DAY, ANCHOR + DAY + timedelta(seconds=3628))
    short = Period(ANCHOR + 2 * DAY, ANCHOR + 2 * DAY + timedelta(seconds=50))
    report(subscription, FIRST_MONTH, "61.3", failed=[long, short])

    row = assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)

    (part,) = row.parts
    assert (part["failed_minutes"], part["longest_outage"], part["outages"]) == ("61", "61", 1)
    assert part["good"] == str(43200 - 61)


def test_a_voucher_is_drawn_on_its_charges_only_and_ends_on_its_day() -> None:
    tier = TENCENT.replace("valid_days: 40, tags: [plan]", "valid_days: 40, tags: [extra]")
    subscription = agreed(tier)
    report(subscription, FIRST_MONTH, "43000")  # 30 % of 40.00 = 12.00, but `extra` is 5.00 a month
    night(AFTER)
    claim(award().pk, at=AFTER, by=TESTER)

    night(EDGE + 33 * DAY)
    drawn = subscription.invoices.get(period_start__gt=EDGE).lines.get(kind="sla_credit")
    assert (drawn.amount, credit_balance(subscription.customer, "USD")) == (-500, 700)

    night(EDGE + 63 * DAY)  # the voucher ended on 20 November
    assert credit_balance(subscription.customer, "USD") == 0
    assert LedgerTransaction.objects.filter(kind="sla_expired").count() == 1
    assert not subscription.invoices.order_by("period_start").last().lines.filter(kind="sla_credit").exists()
    assert night(EDGE + 63 * DAY) == 0
    assert offences() == []


def test_what_nobody_claims_lapses() -> None:
    subscription = agreed(TENCENT)
    report(subscription, FIRST_MONTH, "3500")
    night(AFTER)
    pk = award().pk

    with pytest.raises(ClaimOver):
        claim(pk, at=EDGE + 60 * DAY, by=TESTER)
    night(EDGE + 60 * DAY)

    assert award().state == "lapsed"
    with pytest.raises(ClaimOver):
        claim(pk, at=AFTER, by=TESTER)
    assert not SlaCredit.objects.exists()


def test_a_correction_of_a_claimed_window_gives_the_difference_at_once() -> None:
    subscription = agreed(TENCENT)
    report(subscription, FIRST_MONTH, "1000")
    night(AFTER)
    claim(award().pk, at=AFTER, by=TESTER)

    report(subscription, FIRST_MONTH, "3500", revision=2)
    night(AFTER + DAY)

    assert list(SlaCredit.objects.values_list("amount", flat=True)) == [400, 400]
    report(subscription, FIRST_MONTH, "0", revision=3)
    night(AFTER + 2 * DAY)
    assert (award().state, credit_balance(subscription.customer, "USD")) == ("granted", 0)
    with pytest.raises(NothingToClaim):
        claim(SlaAward.objects.create(**_other(award())).pk, at=AFTER, by=TESTER)


def _other(row: SlaAward) -> dict:
    names = ("customer_id", "subscription_id", "assessment_id", "ends_at", "form", "currency")
    return {**{n: getattr(row, n) for n in names}, "sla_code": "x", "starts_at": EDGE, "state": "nothing"}


def test_a_multiple_of_the_downtime() -> None:
    """Base 40.00 for 30 days; 21 of them lie in September: 28.00 × 43 / 30240 × 20 = 0.80."""
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "43")

    row = assess(subscription, HELD_SEPTEMBER, at=AFTER, by=NIGHT)

    assert (row.fee, row.amount) == (2800, 80)
    assert credit_balance(subscription.customer, "USD") == 80


@pytest.mark.parametrize(
    ("hours", "failed", "amount"),
    [(48, "30", 56), (47, "90", 167), (None, "90", 167)],
)
def test_maintenance_is_excluded_with_its_notice_and_not_without(hours, failed, amount) -> None:
    """90 minutes down, 60 of them maintained: 28.00 × 30 / 30180 × 20 = 0.56, else × 90 / 30240 = 1.67."""
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90", failed=[broken(90)])
    exclude(broken(60), notice=None if hours is None else timedelta(hours=hours))

    row = assess(subscription, HELD_SEPTEMBER, at=AFTER, by=NIGHT)

    assert (row.parts[0]["failed_minutes"], row.amount) == (failed, amount)
    assert [one["reference"] for one in row.excluded] == (["CHG-0"] if hours == 48 else [])


def test_a_statement_that_comes_later_opens_the_window_again() -> None:
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90", failed=[broken(90)])
    night(HELD_SEPTEMBER.end + DAY)
    assert credit_balance(subscription.customer, "USD") == 167

    exclude(broken(60), notice=timedelta(hours=72), customer=subscription.customer)

    assert [night(HELD_SEPTEMBER.end + 2 * DAY) for _ in range(2)] == [1, 0]
    assert (SlaAssessment.objects.count(), credit_balance(subscription.customer, "USD")) == (2, 56)


def test_a_statement_that_moves_away_opens_the_window_again_too() -> None:
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90", failed=[broken(90)])
    said = exclude(broken(60), notice=timedelta(hours=72))
    night(HELD_SEPTEMBER.end + DAY)
    assert credit_balance(subscription.customer, "USD") == 56

    exclude(broken(60, ANCHOR + 40 * DAY), reference=said.reference, revision=2)
    exclude(broken(60), reference="elsewhere", region="us", notice=timedelta(hours=72))

    assert [night(HELD_SEPTEMBER.end + 2 * DAY) for _ in range(2)] == [1, 0]
    assert credit_balance(subscription.customer, "USD") == 167


def test_a_day_for_an_hour() -> None:
    """3 h 50 min: three whole hours, each a day's share of the month's 40.00, at most the month."""
    tier = """
        target: 99.9
        window: anniversary_month
        cap: fee
        figure:
          of: failed_minutes
          steps: [{over: 60}, {round: {to: 1, mode: floor}}, {times: fee}, {over: period_days}]
    """
    subscription = agreed(tier)
    report(subscription, FIRST_MONTH, "230")

    assert assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT).amount == 400
    report(subscription, FIRST_MONTH, "43200", revision=2)
    assert assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT).amount == 4000


PER_REGION = """
    target: 99.99
    window: anniversary_month
    smallest_payable: {exceeds: {pick: currency, cases: {USD: 2, CNY: 14}}}
    labels: {review: [done, open]}
    figure:
      steps:
        - table:
            pick: review
            cases:
              done: {mode: volume, by: availability, bands: [{below: 99.99, each: 0.1}, {each: 0}]}
            else: {mode: volume, by: availability, bands: [{below: 99.9, each: 0.1}, {each: 0}]}
"""


def test_regions_a_precondition_and_a_credit_that_must_exceed() -> None:
    """Two regions share 40.00; one at 99.95 % earns 2.00 with the review done: not above 2."""
    subscription = agreed(PER_REGION)
    report(subscription, FIRST_MONTH, "21.6", region="eu")
    report(subscription, FIRST_MONTH, "0", region="us")
    reviewed(subscription)

    row = assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)

    assert [(one["region"], one["fee"], one["amount"]) for one in row.parts] == [
        ("eu", 2000, 200),
        ("us", 2000, 0),
    ]
    assert (row.amount, row.smallest, award().state) == (0, 2, "nothing")

    report(subscription, FIRST_MONTH, "5", region="us", revision=2)
    assert assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT).amount == 400


def test_without_the_precondition_the_lower_promise_holds() -> None:
    subscription = agreed(PER_REGION)
    report(subscription, FIRST_MONTH, "21.6")
    assert assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT).amount == 0

    reviewed(subscription)
    assert assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT).amount == 400


def reviewed(subscription) -> None:
    SlaCondition.objects.create(
        subscription=subscription, label="review", value="done", since=ANCHOR, reason="held", by="user:1"
    )


def test_a_quarter_of_the_agreement_has_the_fee_of_its_three_months() -> None:
    tier = MULTIPLE.replace("target: 99.99", "target: 99.99\n    window: anniversary_quarter")
    subscription = agreed(tier)
    end = datetime(2026, 12, 9, 16, tzinfo=UTC)  # 10 December in Shanghai
    report(subscription, Period(ANCHOR, end), "131.04")  # a thousandth of 91 days

    night(end + 2 * DAY)

    row = SlaAssessment.objects.get()
    assert (row.window.lower, row.window.upper) == (ANCHOR, end)
    assert (row.fee, row.amount) == (12000, 240)  # 120.00 × 0.001 × 20
    assert BillingJob.objects.filter(step="sla").count() == 1


def test_a_calendar_quarter_is_cut_to_the_agreement() -> None:
    tier = MULTIPLE.replace("target: 99.99", "target: 99.99\n    window: calendar_quarter")
    subscription = agreed(tier)
    report(subscription, HELD_SEPTEMBER, "43")

    night(HELD_SEPTEMBER.end + DAY)

    row = SlaAssessment.objects.get()
    assert (row.window.lower, row.fee, row.amount) == (ANCHOR, 2800, 80)
