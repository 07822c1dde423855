"""A sandbox process for these tests, the real SDK to drive it, and an endpoint that listens."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import stripe

from config.sandbox.routes import api_version
from tests.sandbox_process import SandboxProcess, start_sandbox

SECRET = "whsec_tests_only_0123456789abcdef"


class Listener:
    """A little webhook endpoint: verifies each delivery and remembers it."""

    def __init__(self) -> None:
        self.events: list[stripe.Event] = []
        self.bad_signatures = 0
        self.status = 200
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(listener.take(body, self.headers["Stripe-Signature"]))
                self.end_headers()

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/stripe"
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def take(self, body: bytes, signature: str) -> int:
        if self.status != 200:
            return self.status
        try:
            self.events.append(stripe.Webhook.construct_event(body, signature, SECRET))
        except stripe.SignatureVerificationError:
            self.bad_signatures += 1
            return 400
        return 200

    @property
    def types(self) -> list[str]:
        return [event.type for event in self.events]

    def forget(self) -> None:
        self.events.clear()
        self.bad_signatures = 0
        self.status = 200


@pytest.fixture(autouse=True)
def _forget_keys() -> None:
    """The product's own fixture of this name has nothing to do here: no Django in these tests."""


def _listening() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.server.shutdown()
    listener.server.server_close()


@pytest.fixture(scope="session")
def shared_listener() -> Iterator[Listener]:
    yield from _listening()


@pytest.fixture
def own_listener() -> Iterator[Listener]:
    yield from _listening()


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory, shared_listener: Listener) -> Iterator[SandboxProcess]:
    process = start_sandbox(
        tmp_path_factory.mktemp("sandbox"), webhook_url=shared_listener.url, webhook_secret=SECRET
    )
    yield process
    process.stop()


@pytest.fixture
def listener(shared_listener: Listener) -> Listener:
    shared_listener.forget()
    return shared_listener


@pytest.fixture
def sandbox(process: SandboxProcess, listener: Listener) -> Iterator[SandboxProcess]:
    """The shared process, empty but for the listener's endpoint."""
    process.reset()
    yield process
    process.clear_faults()
    process.reset()


def client_of(process: SandboxProcess) -> stripe.StripeClient:
    return stripe.StripeClient(
        "sk_test_sandbox",
        stripe_version=api_version(),
        base_addresses=process.base_addresses,
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=5),
    )


@pytest.fixture
def client(sandbox: SandboxProcess) -> stripe.StripeClient:
    return client_of(sandbox)


class Desk:
    """Short hands for what most tests begin with."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self.v1 = client.v1

    def customer(self, card: str | None = "pm_card_visa", **fields: object) -> stripe.Customer:
        customer = self.v1.customers.create({"name": "Alpha Ltd", "email": "pay@alpha.example", **fields})
        if card is None:
            return customer
        method = self.v1.payment_methods.attach(card, {"customer": customer.id})
        return self.v1.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": method.id}}
        )

    def draft(self, customer: stripe.Customer, *amounts: int, **fields: object) -> stripe.Invoice:
        invoice = self.v1.invoices.create({"customer": customer.id, "currency": "usd", **fields})
        lines = [{"amount": amount, "description": f"Line {n}"} for n, amount in enumerate(amounts, start=1)]
        return self.v1.invoices.add_lines(invoice.id, {"lines": lines}) if lines else invoice

    def finalised(self, customer: stripe.Customer, *amounts: int, **fields: object) -> stripe.Invoice:
        """An invoice as the product makes it; read again, as collection follows the answer."""
        invoice = self.draft(customer, *amounts, **fields)
        self.v1.invoices.finalize_invoice(invoice.id, {"auto_advance": True})
        return self.v1.invoices.retrieve(invoice.id, {"expand": ["payments"]})


@pytest.fixture
def desk(client: stripe.StripeClient) -> Desk:
    return Desk(client)


@pytest.fixture
def state_folder(tmp_path: Path) -> Path:
    return tmp_path
