"""One meter billed by month and by quarter: each counts its own period, none the other's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.models import Invoice, ParkedCustomer
from billing.services.nightly import run_night
from tests.billing.world import EDGE, START, TERMS, begin, make_plan
from tests.usage.world import event, send
from usage.models import Reading

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
EDGES = [EDGE, datetime(2026, 11, 9, 16, tzinfo=UTC), datetime(2026, 12, 9, 16, tzinfo=UTC)]


def quarterly(code: str, meter: str, price: dict[str, str]) -> dict[str, Any]:
    return {"code": code, "tags": ["usage"], "of": meter, "every": "quarter", "steps": [{"price": price}]}


def test_R05_a_quarter_counts_the_quarter_and_its_last_month_the_month():
    extra = [
        quarterly("quarter_messages", "messages", {"each": "1", "per": "1000"}),
        quarterly("quarter_users", "mau", {"each": "1"}),
    ]
    subscription, _start = begin(version=make_plan(charges=[*TERMS["charges"], *extra]))
    app = subscription.customer.apps.get()
    for month, days in enumerate((5, 35, 65)):
        at = START + timedelta(days=days)
        users = [event(app, at=at, type="mau", user=f"u{month}{n}") for n in range(4)]
        send(event(app, at=at, type="messages", value="100000"), *users, at=at, backfill=True)

    for edge in EDGES:
        run_night(edge + GRACE)

    assert not ParkedCustomer.objects.exists()
    last = Invoice.objects.get(period_start=EDGES[-1])
    amounts = dict(last.lines.values_list("charge", "amount"))
    assert (amounts["messages"], amounts["quarter_messages"]) == (1500, 30000)
    assert (amounts["users"], amounts["quarter_users"]) == (126, 1200)
    spans = Reading.objects.filter(meter__code="messages").values_list("period", "value")
    assert sorted((row[0].upper, row[1]) for row in spans) == [
        (EDGES[0], 100000), (EDGES[1], 100000), (EDGES[2], 100000), (EDGES[2], 300000),
    ]  # fmt: skip
