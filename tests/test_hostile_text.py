"""No address, form, cursor or signed body makes a 500, whatever text it holds."""

import json
from base64 import urlsafe_b64encode
from decimal import Decimal

import pytest
from django.test import Client

from billing.errors import AmountTooLarge, BadSignature
from billing.gateway_events import event_of
from billing.previews import in_minor
from subscriptions.models import User
from tests import factories as f

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    ["/plans/%00/", "/invoices/%00/", "/api/v1/plans/%00", "/api/v1/plans?currency=%00", "/admin/%00"],
)
def test_nul_in_an_address_is_a_bad_request(client: Client, address: str) -> None:
    assert client.get(address).status_code == 400


def test_nul_in_a_form_is_a_bad_request(client: Client) -> None:
    assert client.post("/customer/", {"customer": "\0"}).status_code == 400


@pytest.mark.parametrize("key", ['["\\ud800"]', '["\\u0000"]', "[" * 1500 + "]" * 1500, "{}", "7"])
def test_a_cursor_nobody_handed_out_is_a_bad_request(client: Client, key: str) -> None:
    _key, text = f.make_key(["usage:read"])
    cursor = urlsafe_b64encode(key.encode()).decode()

    answer = client.get(f"/api/v1/meters?cursor={cursor}", headers={"Authorization": f"Bearer {text}"})

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"id": "\0"},
        {"id": "\ud800"},
        {"id": "e" * 5000},
        {"id": 7},
        {"created": 10**20},
        {"created": "x"},
        {"data": 1},
    ],
)
def test_a_signed_body_of_nonsense_is_refused_by_name(change: dict[str, object]) -> None:
    whole = {
        "id": "evt_1",
        "type": "invoice.paid",
        "livemode": False,
        "created": 1,
        "data": {"object": {"id": "in_1"}},
    }

    with pytest.raises(BadSignature):
        event_of(json.dumps({**whole, **change}).encode())


def test_a_signed_body_that_nests_for_ever_is_refused_by_name() -> None:
    with pytest.raises(BadSignature):
        event_of(b"[" * 100_000)


def test_an_admin_address_with_no_key_is_not_found(client: Client) -> None:
    client.force_login(User.objects.create_superuser("staff@x.example"))

    assert client.get("/admin/billing/invoice/x/change/").status_code == 404


def test_an_amount_beyond_any_invoice_is_refused_by_name() -> None:
    huge = Decimal("3e18")

    with pytest.raises(AmountTooLarge):
        in_minor([huge], huge, "USD")
