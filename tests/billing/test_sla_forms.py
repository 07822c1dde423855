"""Days and units, approval of large awards, what was promised then, and what a night costs."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from billing.books import offences
from billing.errors import AwardNotWaiting, ReasonNeeded
from billing.models import BillingJob, PackHolding, SlaAssessment, SlaCredit
from billing.models import SlaGrant as Grant
from billing.selectors import credit_balance
from billing.services.due_windows import ended_windows
from billing.services.sla import assess
from billing.services.sla_awards import approve, reject
from plans.actor import NIGHT
from plans.timespan import Period
from subscriptions.models import Subscription
from tests.billing.sla_world import HELD, agreed, app_of, load, night, report
from tests.billing.test_sla_stories import AFTER, DAY, FIRST_MONTH, HELD_SEPTEMBER, MULTIPLE, award
from tests.billing.world import ANCHOR, begin
from tests.factories import TESTER

pytestmark = pytest.mark.django_db

EXTRA_DAYS = """
    target: 99.9
    window: anniversary_month
    form: {extra_days: {}}
    cap: 31
    figure: {of: failed_minutes, steps: [{over: 60}, {round: {to: 1, mode: ceil}}]}
"""


def test_extra_days_and_units_are_granted_once_and_corrected_by_the_difference() -> None:
    subscription = agreed(EXTRA_DAYS)
    report(subscription, FIRST_MONTH, "130")
    for _ in range(2):
        assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)
    report(subscription, FIRST_MONTH, "200", revision=2)
    assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)

    assert [(one.form, one.quantity) for one in Grant.objects.order_by("pk")] == [
        ("extra_days", 3),
        ("extra_days", 1),
    ]
    report(subscription, FIRST_MONTH, "0", revision=3)
    assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)
    assert sum(one.quantity for one in Grant.objects.all()) == 0
    assert not SlaCredit.objects.exists()
    assert offences() == []


def test_units_go_to_their_pool() -> None:
    tier = (
        EXTRA_DAYS.replace("{extra_days: {}}", "{pack: {pool: messages, valid_days: 90}}")
        .replace("    cap: 31\n", "")
        .replace("{over: 60}, {round: {to: 1, mode: ceil}}", "{times: 1000}")
    )
    subscription = agreed(tier)
    report(subscription, FIRST_MONTH, "130")

    assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)

    grant = Grant.objects.get()
    assert (grant.pool, grant.quantity, grant.state) == ("messages", 130_000, "applied")
    assert grant.expires_at == datetime(2027, 1, 10, 16, tzinfo=UTC)
    pack = PackHolding.objects.get()
    assert (pack.pool, pack.quantity, pack.expires_at) == ("messages", 130_000, grant.expires_at)
    assess(subscription, FIRST_MONTH, at=AFTER, by=NIGHT)
    assert PackHolding.objects.count() == 1


def test_a_large_credit_waits_for_a_person(settings) -> None:
    settings.SLA_APPROVE_ABOVE = {"USD": 100}
    subscription = agreed(MULTIPLE)
    report(subscription, HELD_SEPTEMBER, "90")
    night(HELD_SEPTEMBER.end + DAY)
    row = award()
    assert (row.state, credit_balance(subscription.customer, "USD"), offences()) == ("pending", 0, [])

    with pytest.raises(ReasonNeeded):
        reject(row.pk, reason=" ", at=AFTER, by=TESTER)
    reject(row.pk, reason="Under dispute", at=AFTER, by=TESTER)
    assert award().state == "rejected"
    approve(row.pk, reason="Checked", at=AFTER, by=TESTER)
    assert approve(row.pk, reason="Twice", at=AFTER, by=TESTER).reason == "Checked"
    with pytest.raises(AwardNotWaiting):
        reject(row.pk, reason="Too late", at=AFTER, by=TESTER)
    assert credit_balance(subscription.customer, "USD") == 167

    report(subscription, HELD_SEPTEMBER, "180", revision=2)  # more than was approved
    night(HELD_SEPTEMBER.end + 2 * DAY)
    assert (award().state, credit_balance(subscription.customer, "USD")) == ("pending", 167)
    approve(row.pk, reason="Also checked", at=AFTER, by=TESTER)
    assert credit_balance(subscription.customer, "USD") == 333


def test_what_was_sold_is_judged_by_what_was_promised_then() -> None:
    subscription = agreed(MULTIPLE)
    load(MULTIPLE.replace("target: 99.99", "target: 50\n    window: calendar_quarter"), number=2)
    report(subscription, HELD_SEPTEMBER, "43")

    night(HELD_SEPTEMBER.end + DAY)

    row = SlaAssessment.objects.get()
    assert (row.target, row.promised.window) == (Decimal("99.99"), "calendar_month")


def test_the_promised_wait_is_the_tier_s() -> None:
    subscription = agreed(MULTIPLE.replace("target: 99.99", "target: 99.99\n    wait_days: 3"))
    report(subscription, Period(ANCHOR, ANCHOR + DAY), "20")
    end = HELD_SEPTEMBER.end

    night(end + DAY)
    assert BillingJob.objects.get(step="sla").held_until == end + 3 * DAY
    night(end + 3 * DAY)

    assert SlaAssessment.objects.get().parts[0]["failed_minutes"] == "20"
    assert app_of(subscription).code


def test_finding_the_windows_costs_the_same_for_two_agreements_and_for_six(django_assert_max_num_queries):
    version = load(MULTIPLE)

    for count in (2, 6):
        while Subscription.objects.count() < count:
            begin(version=version, options=HELD)
        with django_assert_max_num_queries(4):
            assert len(list(ended_windows(AFTER))) == count
