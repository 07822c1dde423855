"""An invoice says up to when the usage was complete that it was rated from: on its page and over the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.selectors_complete import complete_through
from billing.services.invoicing import issue_cycle
from plans.actor import NIGHT
from subscriptions.models.keys import Scope
from tests.billing.test_usage_bills import NIGHT_1, report
from tests.billing.world import EDGE, begin
from tests.factories import make_key
from tests.usage.world import event, send
from usage.models import IngestBatch
from usage.summary import month_use

pytestmark = pytest.mark.django_db


def test_an_invoice_made_while_a_batch_is_pending_does_not_claim_more() -> None:
    subscription, start = begin()
    report(subscription)
    app = subscription.customer.apps.get()
    send(event(app, at=EDGE - timedelta(hours=1), type="messages", value="1"), at=NIGHT_1, backfill=True)
    received = NIGHT_1 - timedelta(minutes=3)
    IngestBatch.objects.filter(state="pending").update(received_at=received)

    invoice = issue_cycle(subscription, EDGE, at=NIGHT_1, by=NIGHT)

    assert complete_through(invoice.lines.all()) == received
    key = make_key([Scope.BILLING_READ], customer=subscription.customer)[1]
    asked = {"HTTP_AUTHORIZATION": f"Bearer {key}"}
    told = Client().get(f"/api/v1/invoices/{invoice.public_id}", **asked).json()
    assert told["complete_through"] == received.astimezone().isoformat().replace("+00:00", "Z")
    assert complete_through(start.lines.all()) is None


def test_the_portal_reads_the_watermark_before_the_figures() -> None:
    """Read after them, it would promise what was received and folded in between and is not shown."""
    subscription, _start = begin()
    with CaptureQueriesContext(connection) as seen:
        month = month_use(subscription.customer, EDGE - timedelta(days=1))
    assert month is not None
    assert month.complete_through is not None
    told = [query["sql"] for query in seen.captured_queries]
    watermark = next(n for n, sql in enumerate(told) if "min(received_at)" in sql)
    figures = next(n for n, sql in enumerate(told) if "range_agg" in sql)
    assert watermark < figures
