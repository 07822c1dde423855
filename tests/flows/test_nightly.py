"""The whole night over real wires: web server, webhooks, sandbox; twice; and with deaths in between."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from billing import gateway
from billing.books import offences
from billing.models import BillingJob, Invoice, Payment, StripeEvent, StripeOperation
from billing.services import nightly
from billing.services.nightly import run_night, settle
from tests.billing.world import EDGE, START, begin, report_availability
from tests.factories import make_customer
from tests.flows.conftest import SECRET
from tests.flows.test_stripe_path import add_card

NIGHT_1 = EDGE + timedelta(hours=26)


@pytest.fixture
def wired(stripe, live_server):
    """The sandbox delivers its messages to our real server over HTTP."""
    process = stripe.process
    process.stop()
    process.webhook = (f"{live_server.url}/webhooks/stripe", SECRET)
    process.start()
    yield stripe
    process.stop()
    process.webhook = (None, None)
    process.state.unlink()
    process.start()


def sums_equal(stripe) -> None:
    """Sum of lines = total = what Stripe has, for every invoice that went there."""
    theirs = {one["number"]: one["total"] for one in stripe.process.objects("invoice")}
    for invoice in Invoice.objects.exclude(collection="offline").exclude(total=0):
        lines = sum(line.amount for line in invoice.lines.all())
        assert lines == invoice.total == theirs[invoice.number]


def test_a_night_bills_delivers_and_hears_back(wired):
    customer = make_customer(billing_zone="Asia/Shanghai")
    wired.at(START)
    add_card(wired, customer)
    settle(START)
    subscription, _start = begin(
        customer=customer, collection="stripe_charge", options={"sla.gold": Decimal(1)}
    )
    begin(collection="offline")
    begin(collection="stripe_send", term="annual")
    settle(START)
    report_availability(subscription.customer.apps.get(), "42000")

    first = run_night(NIGHT_1)
    before = wired.last_request()
    again = run_night(NIGHT_1)

    assert (first.left, first.invoices) == ([], 3)
    assert not again.changed
    assert wired.writes(before) == []
    cycle = Invoice.objects.get(subscription=subscription, kind="cycle")
    assert (cycle.status, cycle.total) == ("paid", 4000 - 700)
    assert Payment.objects.filter(invoice=cycle).count() == 1
    assert not StripeEvent.objects.filter(state="received").exists()
    sums_equal(wired)
    assert offences() == []


def test_the_command_says_what_is_left_and_fails(stripe, monkeypatch):
    monkeypatch.setattr(nightly, "PATIENCE", 3)
    stripe.at(START)
    begin(collection="stripe_send")
    stripe.process.fault("500_before", method="POST", path="invoices$", times=1000)
    said = StringIO()

    with pytest.raises(CommandError, match=r"invoice\.create .* is unknown"):
        call_command("nightly", "--at", START.isoformat(), stdout=said)

    stripe.process.clear_faults()
    StripeOperation.objects.update(retry_at=None)
    call_command("nightly", "--at", START.isoformat(), stdout=said)
    assert "0 jobs" in said.getvalue()


@pytest.mark.parametrize("text", ["2026-09-10T00:00:00", "tomorrow", "2999-01-01T00:00:00+00:00"])
def test_an_instant_without_offset_or_in_the_future_is_refused(db, text):
    with pytest.raises(CommandError):
        call_command("nightly", "--at", text)


ONCE = ["billing.services.runs:issue", "billing.services.invoicing:plan_delivery"]
POINTS = [
    *ONCE,
    "billing.outbox:send",
    "billing.outbox:_confirmed",
]


def killed_after(point: str, time: int, at: datetime) -> int:
    """Run the night in a process that dies right after the step's n-th end; return its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    try:
        connection.connection = None  # the parent's line to the database is not ours to close
        gateway._client_for.cache_clear()
        name, _, attribute = point.partition(":")
        module, left = import_module(name), [time]
        original = getattr(module, attribute)

        def dying(*args, **kwargs):
            result = original(*args, **kwargs)
            left[0] -= 1
            if left[0] == 0:
                os._exit(9)
            return result

        setattr(module, attribute, dying)
        run_night(at)
    finally:
        os._exit(0)


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("time", [1, 2])
def test_D03_D04_a_death_between_commits_leaves_one_whole_invoice(stripe, point, time):
    """Each point is where a worker is killed after that step; the next night finishes the work."""
    stripe.at(START)
    begin(collection="stripe_send")
    begin(collection="stripe_send")
    settle(START)

    code = killed_after(point, time, NIGHT_1)
    awake()
    report = run_night(NIGHT_1)

    assert code == (0 if point in ONCE and time > 1 else 9)
    assert report.left == []
    made = stripe.process.objects("invoice")
    assert len(made) == Invoice.objects.count() == 4
    assert {one["status"] for one in made} == {"open"}
    sums_equal(stripe)
    assert offences() == []


def awake() -> None:
    """Let every lease and pause of the dead be over."""
    long_ago = datetime(2000, 1, 1, tzinfo=UTC)
    BillingJob.objects.filter(leased_until__isnull=False).update(leased_until=long_ago)
    StripeOperation.objects.filter(leased_until__isnull=False).update(leased_until=long_ago)
