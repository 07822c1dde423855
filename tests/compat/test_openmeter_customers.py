"""openmeter 1.0.0b236, unchanged: customers and what they may use."""

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from corehttp.exceptions import HttpResponseError
from openmeter import Client as OpenMeter

from subscriptions.models import Subscription
from subscriptions.models.customers import Standing
from tests.factories import NOW, make_app, make_customer, make_key, make_subscription, publish_house
from tests.usage.world import event, send
from usage.models import EntitlementState
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreed(db: None) -> Subscription:
    """The house's growth plan with Moderation, and 30 GB of traffic so far."""
    version = publish_house()["growth"]
    customer = make_customer("Harbour Chat", currency="CNY")
    app = make_app(customer, code="harbour")
    agreed = make_subscription(customer, version, options={"module.moderation": Decimal(1)})
    send(event(app, type="traffic.out", value="30.5"))
    roll_up_all()
    return agreed


def test_customers_and_their_subjects(openmeter: OpenMeter, agreed: Subscription) -> None:
    make_customer("Another")

    names = [one.name for one in openmeter.customers.list().items_property]
    assert names == ["Harbour Chat", "Another"]
    found = openmeter.customers.get(agreed.customer.public_id)
    assert (found.key, found.currency) == (agreed.customer.public_id, "CNY")
    assert found.usage_attribution.subject_keys == ["harbour"]
    assert openmeter.customers.get("harbour").id == found.id


def test_pages_of_customers(openmeter: OpenMeter, agreed: Subscription) -> None:
    for n in range(3):
        make_customer(f"More {n}")

    page = openmeter.customers.list(page=2, page_size=3)

    assert (page.total_count, page.page, page.page_size) == (4, 2, 3)
    assert [one.name for one in page.items_property] == ["More 2"]
    assert openmeter.customers.list(page_size=1000).total_count == 4


def test_everything_a_customer_may_use(openmeter: OpenMeter, agreed: Subscription) -> None:
    access = openmeter.customer.get_customer_access(agreed.customer.public_id).entitlements

    traffic = access["traffic_included"]
    limit = agreed.phases.get().plan_version.entitlements["plan"]
    included = float(limit["traffic_included"])
    assert traffic.has_access
    assert (traffic.usage, traffic.total_available_grant_amount) == (30.5, included)
    assert (traffic.balance, traffic.overage) == (max(included - 30.5, 0), max(30.5 - included, 0))
    assert access["moderation"].has_access
    assert json.loads(access["group_size"].config) == int(limit["group_size"])


def test_one_feature_by_customer_or_app(openmeter: OpenMeter, agreed: Subscription) -> None:
    for key in (agreed.customer.public_id, "harbour"):
        for version in (openmeter.customer_entitlement, openmeter.customer_entitlement_v2):
            assert version.get_customer_entitlement_value(key, "traffic_included").usage == 30.5

    assert not openmeter.customer_entitlement.get_customer_entitlement_value(
        "harbour", "ephemeral"
    ).has_access


def test_what_does_not_exist_is_404(openmeter: OpenMeter, agreed: Subscription) -> None:
    for call, words in (
        (openmeter.customers.get, ("nobody",)),
        (openmeter.customer.get_customer_access, ("nobody",)),
        (openmeter.customer_entitlement.get_customer_entitlement_value, ("harbour", "nothing")),
    ):
        with pytest.raises(HttpResponseError) as error:
            call(*words)
        assert error.value.status_code == 404


def test_a_suspended_customer_may_use_nothing(openmeter: OpenMeter, agreed: Subscription) -> None:
    type(agreed.customer).objects.filter(pk=agreed.customer_id).update(standing=Standing.SUSPENDED)

    access = openmeter.customer.get_customer_access("harbour").entitlements
    assert not any(one.has_access for one in access.values())


def test_a_customers_key_sees_itself_only(address: str, agreed: Subscription) -> None:
    def client(customer: Any) -> OpenMeter:
        key = make_key(["usage:read", "entitlements:read"], customer)[1]
        return OpenMeter(endpoint=f"{address}/compat/openmeter", token=key)

    with client(agreed.customer) as own, client(make_customer()) as other:
        assert [one.name for one in own.customers.list().items_property] == ["Harbour Chat"]
        assert own.customer.get_customer_access("harbour").entitlements
        with pytest.raises(HttpResponseError):
            other.customer.get_customer_access("harbour")


def test_access_is_told_as_it_is_now_and_a_read_of_another_instant_rebuilds_nothing(
    openmeter: OpenMeter, agreed: Subscription
) -> None:
    ask = openmeter.customer_entitlement.get_customer_entitlement_value
    assert ask("harbour", "traffic_included", time=NOW).usage == 30.5
    kept = list(EntitlementState.objects.values())

    for other in (NOW - timedelta(days=400), NOW + timedelta(days=400)):
        with pytest.raises(HttpResponseError) as refused:
            ask("harbour", "traffic_included", time=other)
        assert refused.value.status_code == 400

    assert list(EntitlementState.objects.values()) == kept
