"""What the sandbox answers has the shape the SDK declares and the description publishes."""

import ast
import json
from functools import cache

import pytest

from config.sandbox.generate_fields import sdk_folder
from tests.sandbox.published import faults, schema_of

SDK_FILES = {
    "charge": "_charge.py",
    "checkout.session": "checkout/_session.py",
    "customer": "_customer.py",
    "customer_balance_transaction": "_customer_balance_transaction.py",
    "event": "_event.py",
    "invoice": "_invoice.py",
    "invoice_payment": "_invoice_payment.py",
    "invoiceitem": "_invoice_item.py",
    "line_item": "_invoice_line_item.py",
    "payment_intent": "_payment_intent.py",
    "payment_method": "_payment_method.py",
    "setup_intent": "_setup_intent.py",
    "webhook_endpoint": "_webhook_endpoint.py",
}
# Fields younger than the description (2026-05-27); the SDK's classes have them.
YOUNGER = {"allowed_payment_method_types", "status_details"}


@cache
def sdk_fields(noun: str) -> dict[str, bool]:
    """Return the fields of the SDK's class, and whether each may be absent."""
    tree = ast.parse((sdk_folder() / SDK_FILES[noun]).read_text("utf-8"))
    node = next(n for n in tree.body if isinstance(n, ast.ClassDef))
    declared = [n for n in node.body if isinstance(n, ast.AnnAssign) and "ClassVar" not in ast.unparse(n)]
    return {n.target.id: ast.unparse(n.annotation).startswith("Optional") for n in declared}


@pytest.fixture(scope="module")
def answers(process):
    """One of each noun, in the states a product meets."""
    from tests.sandbox.conftest import Desk, client_of

    process.reset()
    desk = Desk(client_of(process))
    v1 = desk.v1
    customer = desk.customer(
        address={"line1": "1 High St", "country": "GB"}, shipping={"name": "A", "address": {"country": "GB"}}
    )
    session = v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "customer": customer.id, "success_url": "https://a.example"}
    )
    paid = desk.finalised(customer, 10_000, -500, 20, description="October", footer="Thanks")
    sent = desk.finalised(customer, 10_000, collection_method="send_invoice", days_until_due=7)
    failed = desk.finalised(desk.customer("pm_card_chargeCustomerFail"), 1000)
    asks = desk.finalised(desk.customer("pm_card_authenticationRequired"), 1000)
    credit = desk.finalised(customer, -700)
    lost = v1.invoices.mark_uncollectible(sent.id)
    item = v1.invoice_items.create({"customer": customer.id, "amount": 700, "currency": "usd"})
    found = [customer, session, paid, sent, failed, asks, credit, lost, item, desk.draft(customer)]
    found += v1.invoices.line_items.list(paid.id).data
    for noun in (v1.payment_intents, v1.setup_intents, v1.charges, v1.invoice_payments, v1.webhook_endpoints):
        found += noun.list({"limit": 100}).data
    found += v1.events.list({"limit": 100}).data
    found += v1.payment_methods.list({"customer": customer.id}).data
    found += v1.customers.balance_transactions.list(customer.id).data
    found = [json.loads(json.dumps(thing.to_dict(), default=str)) for thing in found]  # Decimal as sent
    process.reset()
    return found


def test_every_noun_is_among_them(answers):
    assert {thing["object"] for thing in answers} == set(SDK_FILES)


def test_answers_have_the_fields_of_the_sdk(answers):
    wrong = set()
    for thing in answers:
        known = sdk_fields(thing["object"])
        wrong |= {f"{thing['object']}.{name} unknown" for name in thing if name not in known}
        needed = {name for name, optional in known.items() if not optional}
        wrong |= {f"{thing['object']}.{name} missing" for name in needed if name not in thing}
    assert wrong == set()


def test_answers_fit_the_published_schemas(answers):
    wrong = {
        fault for thing in answers for fault in faults(thing, schema_of(thing["object"]), thing["object"])
    }

    assert {
        fault for fault in wrong if not fault.endswith(tuple(f".{name}: unknown" for name in YOUNGER))
    } == set()
    for name in YOUNGER:
        assert any(f".{name}: unknown" in fault for fault in wrong), f"{name} is published now: drop it"


def test_events_carry_whole_objects(answers):
    events = [thing for thing in answers if thing["object"] == "event"]

    for event in events:
        inner = event["data"]["object"]
        wrong = faults(inner, schema_of(inner["object"]), event["type"])
        assert [w for w in wrong if not w.endswith(tuple(f".{name}: unknown" for name in YOUNGER))] == []
        assert not any(name.startswith("_") for name in inner)
