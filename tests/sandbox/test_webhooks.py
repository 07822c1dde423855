"""Webhooks: signed, at least once, in any order, and findable when they never came."""

import time

import pytest
import stripe

from config.sandbox.clock import DAY
from config.sandbox.delivery import signature
from tests.sandbox.conftest import SECRET


def test_a_delivery_is_signed_over_the_raw_body(desk, sandbox, listener):
    desk.v1.customers.create({"name": "北京 «Alpha»"})
    assert sandbox.drain() == 0

    [event] = listener.events
    assert (event.type, event.data.object.name, event.livemode) == ("customer.created", "北京 «Alpha»", False)
    assert event.api_version == "2026-10-28.endive"
    assert listener.bad_signatures == 0


def test_the_signature_is_the_sdk_s_own():
    payload, now = b'{"object": "event", "id": "evt_1"}', int(time.time())

    assert stripe.Webhook.construct_event(payload, signature(SECRET, payload, now), SECRET).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(payload, signature(SECRET, payload, now - 301), SECRET)


def test_signatures_carry_real_time_whatever_the_clock_says(desk, sandbox, listener):
    sandbox.set_clock(1_700_000_000)
    customer = desk.v1.customers.create({"name": "Alpha"})
    sandbox.drain()

    assert 0 <= customer.created - 1_700_000_000 < 60
    assert [event.created for event in listener.events] == [customer.created]  # verified, so in time


def test_a_refused_delivery_comes_again(desk, sandbox, listener):
    listener.status = 500
    desk.v1.customers.create({"name": "Alpha"})
    assert sandbox.drain(timeout=0.3) == 1
    [event] = desk.v1.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1

    listener.status = 200
    assert sandbox.drain() == 0

    assert listener.types == ["customer.created"]
    assert desk.v1.events.list({"delivery_success": False}).data == []
    assert desk.v1.events.retrieve(event.id).pending_webhooks == 0


def test_held_then_released(desk, sandbox, listener):
    sandbox.webhooks("hold")
    desk.customer(None)
    assert sandbox.drain(timeout=0.2) == 1
    assert listener.events == []

    sandbox.webhooks("release")

    assert sandbox.drain() == 0
    assert listener.types == ["customer.created"]


def test_doubled_dropped_and_corrupted(desk, sandbox, listener):
    for word in ("double", "drop", "corrupt"):
        sandbox.webhooks(word)
        desk.v1.customers.create({"name": word})
        sandbox.drain(timeout=0.5)

    assert [event.data.object.name for event in listener.events] == ["double", "double"]
    assert len({event.id for event in listener.events}) == 1
    assert listener.bad_signatures >= 1
    undelivered = desk.v1.events.list({"delivery_success": False}).data
    assert [event.data.object.name for event in undelivered] == ["corrupt", "drop"]


def test_out_of_order(desk, sandbox, listener):
    sandbox.webhooks("hold")
    customer = desk.v1.customers.create({"name": "0"})
    for n in range(1, 5):
        desk.v1.customers.update(customer.id, {"name": str(n)})
    sandbox.webhooks("reorder")
    sandbox.drain()
    assert [event.data.object.name for event in listener.events] == ["4", "3", "2", "1", "0"]

    order = [event.id for event in listener.events[::2]]
    listener.forget()
    sandbox.webhooks("hold")
    made = [desk.v1.customers.create({"name": n}) for n in "abc"]
    events = {e.data.object.name: e.id for e in desk.v1.events.list({"limit": 3}).data}
    sandbox.webhooks("release", order=[events["c"], events["a"]])
    sandbox.drain()
    assert [event.data.object.name for event in listener.events] == ["c", "a", "b"]
    assert len(made) == len(order)


def test_each_endpoint_has_its_own_secret_and_its_own_wishes(desk, sandbox, listener):
    other = desk.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["invoice.paid"]})
    assert other.secret.startswith("whsec_")
    assert other.secret != SECRET
    assert "secret" not in desk.v1.webhook_endpoints.retrieve(other.id)

    desk.v1.customers.create({"name": "Alpha"})
    assert sandbox.drain() == 0
    assert listener.types == ["customer.created"]
    desk.v1.webhook_endpoints.update(other.id, {"enabled_events": ["customer.created"]})
    desk.v1.customers.create({"name": "Beta"})
    sandbox.drain(timeout=0.3)
    assert listener.bad_signatures >= 1  # signed with the other secret

    desk.v1.webhook_endpoints.delete(other.id)
    assert sandbox.drain() == 0
    assert len(desk.v1.webhook_endpoints.list().data) == 1


def test_an_event_three_days_old_is_given_up(desk, sandbox, listener):
    listener.status = 500
    now = sandbox.set_clock(1_800_000_000)
    desk.v1.customers.create({"name": "Alpha"})
    sandbox.set_clock(now + 3 * DAY + 60)

    assert sandbox.drain() == 0
    listener.status = 200
    assert len(desk.v1.events.list({"delivery_success": False}).data) == 1


def test_events_are_listed_by_kind_and_for_thirty_days(desk, sandbox):
    now = sandbox.set_clock(1_800_000_000)
    desk.finalised(desk.customer(), 1000)

    kinds = [e.type for e in desk.v1.events.list({"types": ["invoice.paid", "charge.*"]}).data]
    assert kinds == ["invoice.paid", "charge.succeeded"]
    assert len(list(desk.v1.events.list({"limit": 2}).auto_paging_iter())) > 10
    sandbox.set_clock(now + 31 * DAY)
    assert desk.v1.events.list().data == []


def test_deliveries_survive_a_kill(tmp_path, own_listener):
    """With an endpoint of its own: the other sandbox may still be delivering what the last test did."""
    from tests.sandbox.conftest import Desk, client_of
    from tests.sandbox_process import start_sandbox

    process = start_sandbox(tmp_path, webhook_url=own_listener.url, webhook_secret=SECRET)
    try:
        process.webhooks("hold")
        Desk(client_of(process)).customer(None)
        process.kill()
        process.start()
        process.webhooks("release")
        assert process.drain() == 0
    finally:
        process.stop()
    assert own_listener.types == ["customer.created"]
