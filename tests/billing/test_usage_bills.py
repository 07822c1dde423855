"""Bills from events to text: what was sent is what is counted is what stands on the line."""

from datetime import datetime, timedelta

import pytest

from billing.explain import sentences
from billing.selectors import upcoming_bill
from billing.services.invoicing import issue_cycle
from plans.actor import NIGHT
from subscriptions.models import Subscription
from tests.billing.world import EDGE, SHANGHAI, as_text, begin, make_plan
from tests.golden import golden
from tests.usage.world import event, send
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
NIGHT_1 = EDGE + timedelta(hours=26)
FIRST_DAY = datetime(2026, 9, 10, 9, 30, tzinfo=SHANGHAI)


def report(subscription: Subscription) -> None:
    """Send 71,000 messages on three days, and seven users, one of them twice."""
    app = subscription.customer.apps.get()
    days = [FIRST_DAY, FIRST_DAY + timedelta(days=10), FIRST_DAY + timedelta(days=29)]
    for at, value in zip(days, ("20000", "30000", "21000"), strict=True):
        send(event(app, at=at, type="messages", value=value), at=at, backfill=True)
    for user in ["ann", "bob", "cy", "di", "ed", "flo", "gil", "ann"]:
        send(event(app, at=FIRST_DAY, type="mau", user=user), at=FIRST_DAY, backfill=True)
    roll_up_all()


def test_a_month_of_usage_and_the_next_base():
    subscription, _start = begin()
    report(subscription)

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert as_text(invoice) == golden("cycle_monthly.txt", as_text(invoice))


def test_the_upcoming_bill_is_the_same_before_the_freeze():
    subscription, _start = begin()
    report(subscription)

    shown = upcoming_bill(subscription, EDGE - timedelta(minutes=1))

    assert shown is not None
    issued = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)
    assert [line.amount for line in shown.lines] == [
        line.amount for line in issued.lines.order_by("position")
    ]
    assert shown.total == issued.total


def test_usage_after_the_freeze_does_not_change_the_invoice():
    subscription, _start = begin()
    report(subscription)
    first = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)
    app = subscription.customer.apps.get()
    send(event(app, at=FIRST_DAY, type="messages", value="999999"), at=NIGHT_1, backfill=True)
    roll_up_all()

    assert issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT).total == first.total


def test_a_line_explains_itself_in_sentences():
    subscription, _start = begin(version=make_plan())
    report(subscription)
    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)
    app = subscription.customer.apps.get()

    told = [(one.depth, one.text, one.value) for one in sentences(invoice.lines.get(charge="messages"))]

    assert told == [
        (0, "Measured: messages", "71,000 messages"),
        (1, f"{app.code}, 3 readings", "71,000"),
        (0, "71,000 − 50,000 included", "21,000"),
        (0, "21,000: 3 started blocks of 10,000 × $3.00", "$9.00"),
    ]


def test_every_line_names_the_readings_behind_it():
    subscription, _start = begin()
    report(subscription)
    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    behind = {line.charge: len(line.reading_ids) for line in invoice.lines.all()}

    assert behind == {"base": 0, "users": 1, "messages": 1, "annual": 0}
