"""The fault script: answers lost, late or wrong, and a process that dies."""

import time

import pytest
import requests
import stripe

from tests.sandbox.conftest import Desk, client_of
from tests.sandbox_process import start_sandbox

KEYED = {"idempotency_key": "op_9/1"}


@pytest.mark.parametrize(("kind", "applied"), [("drop_before", 0), ("reset", 0), ("drop_after", 1)], ids=str)
def test_a_lost_answer(desk, sandbox, kind, applied):
    sandbox.fault(kind, method="POST", path="^/v1/customers$")

    with pytest.raises(stripe.APIConnectionError):
        desk.v1.customers.create({"name": "Alpha"}, KEYED)

    assert sandbox.count("customer") == applied
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id
    assert sandbox.count("customer") == 1


def test_a_late_answer_was_applied(desk, sandbox):
    sandbox.fault("hang", method="POST", path="^/v1/customers$", seconds=20)
    slow = stripe.StripeClient(
        "sk_test_sandbox",
        base_addresses=sandbox.base_addresses,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.3),
    )

    with pytest.raises(stripe.APIConnectionError):
        slow.v1.customers.create({"name": "Alpha"}, KEYED)

    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).last_response.headers["Idempotent-Replayed"]
    assert sandbox.count("customer") == 1


def test_the_nth_matching_call_suffers(desk, sandbox):
    sandbox.fault("409", method="POST", path="/add_lines$", nth=2, times=2)
    draft = desk.draft(desk.customer(None))
    line = {"lines": [{"amount": 1}]}

    outcomes = []
    for _ in range(4):
        try:
            desk.v1.invoices.add_lines(draft.id, line)
            outcomes.append(200)
        except stripe.APIError as refusal:
            outcomes.append(refusal.http_status)

    assert outcomes == [200, 409, 409, 200]
    assert [r["fault"] for r in sandbox.requests(path=f"/v1/invoices/{draft.id}/add_lines")] == [
        None,
        "409",
        "409",
        None,
    ]


def test_the_log_shows_keys_headers_and_parameters(desk, sandbox):
    desk.v1.customers.create({"name": "Alpha", "metadata": {"op_id": "op_1"}}, KEYED)

    [entry] = sandbox.requests(method="POST")

    assert (entry["path"], entry["status"], entry["idempotency_key"]) == ("/v1/customers", 200, "op_9/1")
    assert entry["params"] == {"name": "Alpha", "metadata": {"op_id": "op_1"}}
    assert entry["headers"]["stripe-version"] == "2026-10-28.endive"
    assert "sk_test_sandbox" not in str(entry["headers"])


def test_an_unknown_fault_is_refused(sandbox):
    with pytest.raises(ValueError, match="Unknown fault"):
        sandbox.fault("earthquake")
    with pytest.raises(ValueError, match="No such control call"):
        sandbox.control("POST", "weather")


def test_somebody_edits_in_the_dashboard(desk, sandbox, listener):
    customer = desk.customer(None)

    sandbox.edit(customer.id, name="Renamed")
    assert desk.v1.customers.retrieve(customer.id).name == "Renamed"
    sandbox.delete(customer.id)
    assert desk.v1.customers.retrieve(customer.id).deleted
    sandbox.drain()
    assert listener.types[-2:] == ["customer.updated", "customer.deleted"]


@pytest.fixture
def own(tmp_path):
    process = start_sandbox(tmp_path)
    yield process
    process.stop()


def test_kill_9_loses_nothing(own):
    desk = Desk(client_of(own))
    invoice = desk.finalised(desk.customer(), 1000)
    own.kill()
    own.start()

    kept = desk.v1.invoices.retrieve(invoice.id)

    assert (kept.status, kept.total, len(kept.lines.data)) == ("paid", 1000, 1)
    assert own.count("event") > 5


@pytest.mark.parametrize(("kind", "applied"), [("die_before", 0), ("die_after", 1)])
def test_it_dies_around_a_call(own, kind, applied):
    desk = Desk(client_of(own))
    own.fault(kind, method="POST", path="^/v1/customers$")
    with pytest.raises(stripe.APIConnectionError):
        desk.v1.customers.create({"name": "Alpha"}, KEYED)
    own.kill()
    own.start()

    assert own.count("customer") == applied
    assert desk.v1.customers.create({"name": "Alpha"}, KEYED).id
    assert own.count("customer") == 1


def test_it_is_up_quickly_and_speaks_only_to_this_machine(own):
    own.stop()
    begun = time.monotonic()
    own.start()

    assert requests.get(f"{own.url}/_sandbox/health", timeout=5).json()["ok"]
    assert time.monotonic() - begun < 1.0  # 0.1 s when nothing else runs


def test_a_taken_port_is_one_line(own, tmp_path):
    other = type(own)(tmp_path / "other.sqlite3")
    other.port = own.port

    with pytest.raises(RuntimeError, match="exit code 1"):
        other.start()


def test_it_needs_neither_django_nor_the_sdk(tmp_path):
    import subprocess
    import sys

    script = (
        "import sys; import config.sandbox.server; "
        "print([m for m in ('django', 'stripe', 'celery', 'plans', 'billing') if m in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
