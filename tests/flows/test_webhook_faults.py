"""Messages that cannot be judged: paused, parked, replayed; none holds up another or loses a payment."""

from dataclasses import replace
from datetime import timedelta

from django.db.models import F

from billing import gateway
from billing.books import offences
from billing.errors import GatewayUnclear
from billing.models import StripeEvent, StripeLink
from billing.services.events import MOST_FAULTS, process_events, replay
from billing.services.nightly import run_night, settle
from tests.billing.world import START
from tests.factories import TESTER
from tests.flows.test_webhooks import paid_invoice


def no_pauses() -> None:
    """Let every pause be over, as a later round would find it."""
    StripeEvent.objects.update(retry_at=None)


def test_E08_one_fetch_without_an_answer_costs_a_pause_not_the_payment(stripe, monkeypatch):
    invoice, events = paid_invoice(stripe)
    for event in events:
        stripe.post(event)
    fetch, calls = gateway.invoice, []

    def flaky(stripe_id):
        calls.append(stripe_id)
        if len(calls) == 1:
            raise GatewayUnclear(reason="connection")
        return fetch(stripe_id)

    monkeypatch.setattr(gateway, "invoice", flaky)

    report = settle(START)

    invoice.refresh_from_db()
    assert (report.left, invoice.status) == ([], "paid")
    assert not StripeLink.objects.filter(leased_until__isnull=False).exists()


def test_E12_a_stripe_that_is_away_parks_nothing_for_a_day(stripe, monkeypatch):
    invoice, events = paid_invoice(stripe)
    for event in events:
        stripe.post(event)

    def away(_stripe_id):
        raise GatewayUnclear(reason="connection")

    with monkeypatch.context() as patched:
        patched.setattr(gateway, "invoice", away)
        for _ in range(15):
            process_events(START)
            no_pauses()
        assert set(StripeEvent.objects.values_list("state", flat=True)) & {"parked"} == set()

        received = StripeEvent.objects.filter(state="received")
        received.update(received_at=F("received_at") - timedelta(hours=25))
        process_events(START)

    assert not received.exists()
    assert StripeEvent.objects.filter(state="parked").exists()
    invoice.refresh_from_db()
    assert invoice.status == "open"


def test_E12_a_poison_message_is_parked_alone_and_can_be_replayed(stripe, monkeypatch):
    invoice, events = paid_invoice(stripe)
    poison = {
        **events[-1],
        "id": "evt_poison",
        "type": "invoice.paid",
        "data": {"object": {"id": "in_poison"}},
    }
    fetch = gateway.invoice

    def broken(stripe_id):
        if stripe_id == "in_poison":
            raise KeyError("surprise")
        return fetch(stripe_id)

    monkeypatch.setattr(gateway, "invoice", broken)
    for event in (poison, *events):
        assert stripe.post(event) == 200

    process_events(START)
    invoice.refresh_from_db()
    assert invoice.status == "paid"  # those behind it are not held up

    for _ in range(MOST_FAULTS):
        no_pauses()
        process_events(START)
    parked = StripeEvent.objects.get(event_id="evt_poison")
    assert (parked.state, parked.faults) == ("parked", MOST_FAULTS)
    assert "surprise" in parked.last_error
    assert [one.row for one in offences() if one.invariant == "I16"] == ["evt_poison"]
    assert [one for one in run_night(START).parked if "in_poison" in one]

    monkeypatch.setattr(gateway, "invoice", lambda stripe_id: replace(fetch(theirs(invoice)), metadata={}))
    replay(parked, by=TESTER)
    process_events(START)
    parked.refresh_from_db()
    assert (parked.state, parked.faults) == ("ignored", 0)


def theirs(invoice) -> str:
    """The invoice's id at Stripe."""
    return StripeLink.objects.get(kind="invoice", local_id=invoice.pk).stripe_id
