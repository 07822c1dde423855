"""A quote asked for and accepted by several at one moment: one quote, one agreement."""

import pytest

from billing.errors_quotes import QuoteAccepted
from billing.models import Invoice, Quote
from billing.quote_request import QuoteRequest
from billing.services.accepting import accept_quote
from billing.services.quotes import make_quote
from plans.ids import new_id
from subscriptions.models import Subscription
from tests.billing.world import START, make_plan
from tests.factories import TESTER, make_customer
from tests.flows.test_at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_request_sent_four_times_at_once_is_one_quote():
    customer, plan = make_customer(), make_plan().plan.code
    made = []

    def ask() -> None:
        request = QuoteRequest(plan=plan, usage={"mau": "7"})
        made.append(make_quote(request, customer=customer, at=START, by=TESTER, key="k-1").pk)

    at_once(ask)

    assert len(made) == 4
    assert set(made) == {Quote.objects.get().pk}


def test_four_who_accept_at_once_make_one_agreement():
    request = QuoteRequest(plan=make_plan().plan.code)
    quote = make_quote(request, customer=make_customer(), at=START, by=TESTER)
    refused = []

    def accept() -> None:
        try:
            accept_quote(quote, collection="offline", app=None, key=new_id("form"), at=START, by=TESTER)
        except QuoteAccepted:
            refused.append(1)

    at_once(accept)

    assert len(refused) == 3
    assert (Subscription.objects.count(), Invoice.objects.count()) == (1, 1)
    quote.refresh_from_db()
    assert quote.subscription == Subscription.objects.get()
