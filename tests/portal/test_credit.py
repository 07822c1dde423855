"""What a customer has in credit stands on the overview and beside the invoices."""

import pytest

from billing.services.ledger import Posting, post
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World


def credited(world: World, kind: str, amount: int) -> None:
    other = {"early_exit": "revenue", "sla_credit": "sla_expense"}[kind]
    sides = {other: amount, "customer_credit": -amount}
    post([Posting(f"{kind}:1", kind, world.customer.pk, "CNY", sides)], at=TODAY, by=factories.TESTER)


@pytest.mark.parametrize("page", ["/", "/invoices/"])
def test_money_given_back_is_seen_with_what_becomes_of_it(world: World, sign_in: SignIn, page: str) -> None:
    credited(world, "early_exit", 76640)
    credited(world, "sla_credit", 280)

    shown = sign_in("billing").get(page).content.decode()

    assert "CN¥766.40 is in your credit from leaving early. Write to us to have it paid out" in shown
    assert "CN¥2.80 is in your credit. The next invoices draw it." in shown
    assert "766" not in sign_in("viewer").get("/").content.decode()


@pytest.mark.parametrize("page", ["/", "/invoices/"])
def test_nothing_in_credit_is_not_mentioned(world: World, sign_in: SignIn, page: str) -> None:
    assert "in your credit" not in sign_in("billing").get(page).content.decode()
