"""Stories: a price list by region and currency; a committed quantity; the first purchase at a tenth."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.services.invoicing import issue_cycle
from billing.services.quoting import preview_terms
from billing.services.subscribing import subscribe
from billing.verifying import faults_of
from plans.actor import NIGHT
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.selectors import terms_of
from subscriptions.models import Subscription, SubscriptionPhase
from tests.billing.audit_world import proved
from tests.factories import TESTER, make_app, make_customer, make_version

pytestmark = pytest.mark.django_db
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
APRIL, MAY = datetime(2026, 4, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)


def by(label: str, **cases: Any) -> dict[str, Any]:
    return {"pick": label, "cases": cases}


TERMS = {
    "currency": ["USD", "CNY"],
    "labels": {"region": ["cn", "overseas"]},
    "facts": {"committed": {"unit": "Mbit/s"}},
    "charges": [
        {
            "code": "base",
            "tags": ["plan"],
            "steps": [
                {
                    "price": by(
                        "region",
                        cn=by("currency", USD={"flat": 100}, CNY={"flat": 700}),
                        overseas=by("currency", USD={"flat": 150}, CNY={"flat": 1050}),
                    )
                }
            ],
        },
        {"code": "line", "tags": ["plan"], "of": "committed", "steps": [{"price": {"each": 2}}]},
    ],
}
FIRST_MONTH = {
    "mode": "volume",
    "by": "period_number",
    "bands": [{"upto": "1", "each": "0.9"}, {"each": "0"}],
}
PROMOTED = {
    "currency": "CNY",
    "charges": [
        {"code": "pro", "tags": ["plan"], "steps": [{"price": {"flat": 999}}]},
        {"code": "history", "tags": ["module"], "steps": [{"price": {"flat": 500}}]},
        {
            "code": "first_purchase",
            "credit": "true",
            "of": {"spend": ["plan"]},
            "steps": [{"table": by("first_purchase", yes=FIRST_MONTH, no={"each": "0"})}],
        },
    ],
}


def bought(version: PlanVersion, at: datetime = MARCH, customer: Any = None, **more: Any):
    return subscribe(
        customer=customer or make_customer(), version=version, term=more.pop("term", "monthly"), options={},
        collection="offline", at=at, by=TESTER, **more,
    )  # fmt: skip


def lines(invoice: Any) -> dict[str, int]:
    return {line.charge: line.amount for line in invoice.lines.order_by("position")}


def test_each_region_pays_by_its_own_list() -> None:
    version = make_version(TERMS)

    home = bought(version, labels={"region": "cn"}, facts={"committed": Decimal(20)})
    away = bought(version, labels={"region": "overseas"}, facts={"committed": Decimal("0.5")})

    assert lines(home[1]) == {"base": 10000, "line": 4000}
    assert lines(away[1]) == {"base": 15000, "line": 100}
    assert faults_of(away[1]) == []


def test_what_was_agreed_is_rated_every_month() -> None:
    subscription, _start = bought(
        make_version(TERMS), labels={"region": "overseas"}, facts={"committed": Decimal(3)}
    )

    invoice = issue_cycle(subscription, APRIL, at=APRIL + timedelta(days=1), by=NIGHT)

    assert lines(invoice) == {"base": 15000, "line": 600}
    proved()


def test_the_quote_is_the_first_invoice() -> None:
    version = make_version(TERMS)
    chosen = {"labels": {"region": "overseas"}, "facts": {"committed": Decimal(7)}}

    quoted = preview_terms(
        terms_of(version), term="monthly", currency="USD", options={}, seats=0, quantities={}, **chosen
    )

    assert quoted.start.total == bought(version, **chosen)[1].total == 16400


def test_the_region_of_the_app_is_the_region_of_the_price() -> None:
    customer = make_customer()
    app = make_app(customer, region="overseas")

    _subscription, invoice = bought(
        make_version(TERMS), customer=customer, app=app, facts={"committed": Decimal(0)}
    )

    assert invoice.total == 15000


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"facts": {"committed": Decimal(1)}}, "label_missing"),
        ({"labels": {"region": "mars"}, "facts": {"committed": Decimal(1)}}, "label_unknown_value"),
        ({"labels": {"region": "cn"}}, "agreed_fact_missing"),
        ({"labels": {"region": "cn"}, "facts": {"committed": Decimal(-1)}}, "agreed_fact_out_of_range"),
        ({"labels": {"region": "cn"}, "facts": {"committed": Decimal("NaN")}}, "agreed_fact_out_of_range"),
        (
            {"labels": {"region": "cn"}, "facts": {"committed": Decimal("Infinity")}},
            "agreed_fact_out_of_range",
        ),
        ({"labels": {"region": "cn", "term": "annual"}, "facts": {}}, "nothing_asks"),
        ({"labels": {"region": "cn"}, "facts": {"seats": Decimal(3)}}, "nothing_asks"),
    ],
)
def test_a_missing_or_unknown_choice_is_refused_and_nothing_is_saved(given: Any, code: str) -> None:
    with pytest.raises(DomainError) as refused:
        bought(make_version(TERMS), **given)

    assert refused.value.code == code
    assert not Subscription.objects.exists()


def test_what_was_agreed_is_frozen_with_the_phase() -> None:
    subscription, _start = bought(
        make_version(TERMS), labels={"region": "cn"}, facts={"committed": Decimal("1.50")}
    )
    phase = subscription.phases.get()
    assert (phase.labels, phase.facts) == ({"region": "cn"}, {"committed": "1.5"})

    for change in ({"labels": {"region": "overseas"}}, {"facts": {}}):
        with pytest.raises(Exception, match="Cannot update"):
            SubscriptionPhase.objects.filter(pk=phase.pk).update(**change)
        break  # a refused statement ends the test's transaction


def test_the_first_purchase_pays_a_tenth_of_the_plan_for_one_month() -> None:
    version = make_version(PROMOTED)
    customer = make_customer(currency="CNY")

    subscription, first = bought(version, customer=customer)
    second = issue_cycle(subscription, APRIL, at=APRIL + timedelta(days=1), by=NIGHT)

    assert lines(first) == {"pro": 99900, "history": 50000, "first_purchase": -89910}
    assert lines(second) == {"pro": 99900, "history": 50000, "first_purchase": 0}
    assert faults_of(first) == faults_of(second) == []


def test_a_second_purchase_pays_the_list_price() -> None:
    version = make_version(PROMOTED)
    customer = make_customer(currency="CNY")
    bought(version, customer=customer, app=make_app(customer))

    _subscription, invoice = bought(version, customer=customer, app=make_app(customer))

    assert lines(invoice)["first_purchase"] == 0


def test_the_year_counts_by_its_first_month() -> None:
    version = make_version(PROMOTED)

    subscription, first = bought(version, customer=make_customer(currency="CNY"), term="annual")
    edge = datetime(2027, 3, 1, tzinfo=UTC)
    second = issue_cycle(subscription, edge, at=edge + timedelta(days=1), by=NIGHT)

    assert lines(first)["first_purchase"] == -12 * 89910
    assert lines(second)["first_purchase"] == 0  # month 13
    proved()


def test_the_price_of_a_usual_month_is_not_the_promotions() -> None:
    version = make_version(PROMOTED)

    found = preview_terms(
        terms_of(version), term="monthly", currency="CNY", options={}, seats=0, quantities={},
        labels={"first_purchase": "yes"},
    )  # fmt: skip

    assert (found.start.total, found.renewal.total) == (99900 + 50000 - 89910, 99900 + 50000)
