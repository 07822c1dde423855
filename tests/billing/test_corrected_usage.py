"""Usage that is void or replaced after its invoice: the invoice stays, the next one has the difference."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from billing.books import offences
from billing.models import Invoice
from billing.services.nightly import run_night
from billing.verifying import faults_of
from subscriptions.models import Subscription
from tests.billing.test_late_usage import EDGES, FIRST, IN_PERIOD, SECOND, THIRD, cycle, late_lines
from tests.billing.world import begin
from tests.factories import TESTER
from tests.usage.world import event, send
from usage import services
from usage.models import Reading
from usage.parsing_corrections import parse_corrections
from usage.recounting import recountable, recounted
from usage.selectors_raw import cells_of, events_of

pytestmark = pytest.mark.django_db


def use(subscription: Subscription, *values: str, at: datetime = IN_PERIOD) -> list[dict[str, Any]]:
    """Report messages; return the events."""
    app = subscription.customer.apps.get()
    sent = [event(app, at=at, type="messages", value=value) for value in values]
    send(*sent, at=at, backfill=True)
    return sent


def correct(*items: dict[str, Any], at: datetime) -> None:
    """Send corrections that are all taken."""
    said, refused = parse_corrections(json.dumps(items).encode())
    verdicts = services.correct(said, at=at, by=TESTER, backfill=True)
    assert not refused
    assert [one.status for one in verdicts] == ["accepted"] * len(items)


def void(sent: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the correction of an event."""
    named = {name: sent[name] for name in ("subject", "source", "id")}
    return {"action": "void", "reason": "sent twice", **named, **more}


def test_usage_void_after_the_invoice_is_given_back_on_the_next():
    subscription, _start = begin()
    sent = use(subscription, "90000", "10000")
    run_night(FIRST)
    assert cycle(EDGES[0]).lines.get(charge="messages").amount == 1500  # 50,000 above those included
    correct(void(sent[1]), at=FIRST + timedelta(days=2))

    run_night(SECOND)

    second = cycle(EDGES[1])
    assert late_lines(second) == {"messages": -300}  # 10,000 less
    line = second.lines.get(kind="adjustment")
    assert (line.adjusts, line.quantity) == (cycle(EDGES[0]), -10000)
    run_night(SECOND)
    run_night(THIRD)
    assert late_lines(cycle(EDGES[2])) == {}
    assert [faults_of(row) for row in Invoice.objects.all()] == [[]] * 4
    assert offences() == []


def test_a_replaced_event_bills_the_difference():
    subscription, _start = begin()
    sent = use(subscription, "90000", "10000")
    run_night(FIRST)
    new = {**sent[1], "id": "the right one", "data": {"value": "30000"}}
    correct(void(sent[1], action="replace", event=new), at=FIRST + timedelta(days=2))

    run_night(SECOND)

    assert late_lines(cycle(EDGES[1])) == {"messages": 600}
    assert offences() == []


def test_a_void_before_the_night_is_simply_not_billed():
    subscription, _start = begin()
    sent = use(subscription, "90000", "10000")
    correct(void(sent[1]), at=IN_PERIOD)

    run_night(FIRST)

    assert cycle(EDGES[0]).lines.get(charge="messages").amount == 1200


def test_what_a_frozen_reading_counted_is_counted_the_same_after_a_void():
    subscription, _start = begin()
    sent = use(subscription, "90000", "10000")
    run_night(FIRST)
    first = Reading.objects.get(meter__code="messages")
    before = recounted(first, recountable(first)), events_of(first, cells_of(first)[0], limit=10)
    correct(void(sent[1]), at=FIRST + timedelta(days=2))
    run_night(SECOND)

    assert (recounted(first, recountable(first)), events_of(first, cells_of(first)[0], limit=10)) == before
    second = Reading.objects.get(meter__code="messages", revision=2)
    assert (first.value, second.value) == (100000, 90000)
    assert [one.value for one in events_of(second, cells_of(second)[0], limit=10)] == [90000]
    assert set(recounted(second, recountable(second)).values()) == {90000}
