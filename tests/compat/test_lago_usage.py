"""lago-python-client 1.55.0, unchanged: what a subscription has used and what that comes to."""

from typing import Any

import pytest
from lago_python_client.client import Client as Lago
from lago_python_client.exceptions import LagoApiError

from billing.selectors import upcoming_bill
from subscriptions.models import Subscription
from tests.factories import NOW, make_app, make_customer, make_key, make_subscription, publish_house
from tests.usage.world import event, send
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db


@pytest.fixture
def agreed(db: None) -> Subscription:
    """A customer of the house's growth plan whose two apps have moved traffic and seen users."""
    version = publish_house()["growth"]
    customer = make_customer(currency="CNY", billing_zone="Asia/Shanghai")
    one, two = make_app(customer, code="harbour"), make_app(customer, code="other")
    agreed = make_subscription(customer, version)
    sent = [(one, "3000"), (one, "5.5"), (two, "2")]
    send(*(event(app, type="traffic.out", value=value) for app, value in sent))
    send(*(event(app, type="user.active", user=user, data={"user": user}) for app, user in
           [(one, "u1"), (one, "u1"), (two, "u1"), (two, "u2")]))  # fmt: skip
    roll_up_all()
    return agreed


def usage(lago: Lago, agreed: Subscription, name: str, **more: Any) -> Any:
    return lago.customers.current_usage(agreed.customer.public_id, name, **more)


def test_units_and_events_by_billable_metric(lago: Lago, agreed: Subscription) -> None:
    found = usage(lago, agreed, agreed.public_id)

    told = {
        one.billable_metric.code: (one.units, one.events_count, one.billable_metric.aggregation_type)
        for one in found.charges_usage
    }
    assert told["traffic"] == ("3007.5", 3, "sum_agg")
    assert told["mau"] == ("3", 3, "unique_count_agg")
    whole = (found.from_datetime, found.to_datetime)
    assert whole == ("2026-10-31T16:00:00Z", "2026-11-30T15:59:59Z")


def test_amounts_are_those_of_the_next_invoice(lago: Lago, agreed: Subscription) -> None:
    found = usage(lago, agreed, agreed.public_id)

    bill = upcoming_bill(agreed, NOW)
    assert bill is not None
    by_charge: dict[str, int] = {}
    for line in bill.lines:
        by_charge[line.charge] = by_charge.get(line.charge, 0) + line.amount
    for one in found.charges_usage:
        assert one.amount_cents == by_charge.get(one.charge.invoice_display_name, 0)
    assert found.amount_cents == sum(one.amount_cents for one in found.charges_usage) > 0
    assert (found.total_amount_cents, found.currency) == (found.amount_cents, "CNY")


def test_the_code_of_an_app_leads_to_what_covers_it(lago: Lago, agreed: Subscription) -> None:
    assert usage(lago, agreed, "harbour") == usage(lago, agreed, agreed.public_id)


def test_one_charge_or_metric_may_be_asked_for(lago: Lago, agreed: Subscription) -> None:
    found = usage(lago, agreed, "harbour", billable_metric_code="traffic")

    assert {one.billable_metric.code for one in found.charges_usage} == {"traffic"}
    with pytest.raises(LagoApiError) as error:
        usage(lago, agreed, "harbour", group={"region": "eu"})
    assert error.value.status_code == 400


@pytest.mark.parametrize("name", ["sub_unknown", "nobody", ""])
def test_an_unknown_subscription_is_404(lago: Lago, agreed: Subscription, name: str) -> None:
    with pytest.raises(LagoApiError) as error:
        usage(lago, agreed, name)
    assert (error.value.status_code, error.value.response["code"]) == (404, "not_found")


def test_another_customers_subscription_is_404(lago: Lago, agreed: Subscription) -> None:
    with pytest.raises(LagoApiError) as error:
        lago.customers.current_usage(make_customer().public_id, agreed.public_id)
    assert error.value.status_code == 404


def test_a_customers_key_needs_the_money_scope_and_sees_its_own(lago: Lago, agreed: Subscription) -> None:
    def status(scopes: list[str], customer: Any) -> int:
        client = Lago(api_key=make_key(scopes, customer)[1], api_url=lago.api_url)
        try:
            usage(client, agreed, "harbour")
        except LagoApiError as error:
            return int(error.status_code)
        return 200

    assert status(["usage:read"], agreed.customer) == 403
    assert status(["usage:read", "billing:read"], make_customer()) == 404
    assert status(["usage:read", "billing:read"], agreed.customer) == 200
