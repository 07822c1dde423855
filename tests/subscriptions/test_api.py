"""Agreements over the API: the customer's own, page by page, in a constant number of queries."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from plans import clock
from subscriptions import services
from subscriptions.models import Customer
from tests.factories import (
    NOVEMBER,
    NOW,
    TESTER,
    make_app,
    make_customer,
    make_key,
    make_subscription,
    make_version,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _november(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def client_of(customer: Customer | None, *scopes: str) -> APIClient:
    _key, text = make_key(scopes, customer)
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {text}")
    return client


def test_an_agreement_is_shown_as_it_is_now() -> None:
    customer, version = make_customer(billing_zone="Asia/Shanghai"), make_version()
    made = make_subscription(customer, version, options={"sla.gold": Decimal("1.50")}, seats=5)

    shown = client_of(customer, "billing:read").get(f"/api/v1/subscriptions/{made.public_id}").json()

    assert shown == {
        "id": made.public_id,
        "state": "active",
        "plan": {
            "code": version.plan.code,
            "name": version.plan.name_i18n,
            "version": version.number,
        },
        "app": None,
        "term": "monthly",
        "currency": "USD",
        "collection": "offline",
        "started_at": "2026-10-31T16:00:00Z",
        "ends_at": None,
        "cancelled_at": None,
        "current_period": {"start": "2026-10-31T16:00:00Z", "end": "2026-11-30T16:00:00Z"},
        "seats": 5,
        "options": [{"option": "sla.gold", "quantity": "1.5"}],
    }


def test_an_ended_agreement_is_shown_as_it_was_at_its_end() -> None:
    customer = make_customer()
    made = make_subscription(customer, at=NOVEMBER.replace(month=9), options={"sla.gold": Decimal(1)})
    services.cancel_at_period_end(made, at=NOVEMBER.replace(month=9), by=TESTER)

    shown = client_of(customer, "billing:read").get(f"/api/v1/subscriptions/{made.public_id}").json()

    assert (shown["state"], shown["ends_at"]) == ("ended", "2026-10-01T00:00:00Z")
    assert shown["current_period"]["start"] == "2026-09-01T00:00:00Z"
    assert shown["options"] == [{"option": "sla.gold", "quantity": "1"}]


def test_p1_another_customers_agreement_is_not_there() -> None:
    made = make_subscription()
    stranger = client_of(make_customer(), "billing:read")

    answer = stranger.get(f"/api/v1/subscriptions/{made.public_id}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert stranger.get("/api/v1/subscriptions").json()["data"] == []


def test_s4_a_key_without_the_scope_is_refused() -> None:
    customer = make_customer()

    assert client_of(customer, "usage:read").get("/api/v1/subscriptions").status_code == 403
    assert client_of(None, "usage:read").get("/api/v1/subscriptions").status_code == 403
    assert APIClient().get("/api/v1/subscriptions").status_code == 401


def test_pages_walk_every_agreement_once(django_assert_num_queries: object) -> None:
    customer, version = make_customer(), make_version()
    made = [make_subscription(customer, version, app=make_app(customer)).public_id for _ in range(5)]
    client = client_of(customer, "billing:read")
    client.get("/api/v1/subscriptions")

    seen: list[str] = []
    cursor = ""
    while True:
        with django_assert_num_queries(6):  # type: ignore[operator]
            page = client.get(f"/api/v1/subscriptions?limit=2{cursor}").json()
        seen += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"

    assert seen == made[::-1]
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "limit=１", "cursor=!", "cursor=eA", "cursor=é"]
)
def test_a_wrong_page_request_is_a_400_with_a_code(query: str) -> None:
    answer = client_of(make_customer(), "billing:read").get(f"/api/v1/subscriptions?{query}")

    assert answer.status_code == 400
    assert answer.json()["code"] in {"bad_limit", "bad_cursor"}
