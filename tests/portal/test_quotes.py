"""Saved quotes: kept as calculated, read with their reasons, accepted once at the same price."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import Invoice, Quote
from plans.models import PlanVersion
from plans.templatetags.figures import money
from subscriptions.models import Subscription
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World

ASKED = "use-mau=4500&use-traffic=250&modules=moderation&sla=gold&seats=5"


def saved(client: Client, asked: str = ASKED, *, plan: str = "growth") -> Quote:
    """Press "Save this quote" as the page offers it."""
    page = client.get(f"/plans/{plan}/?{asked}").content.decode()
    button = re.search(r'name="key" value="(form_\w+)" formaction="([^"]+)"', page)
    assert button
    response = client.post(button[2].replace("&amp;", "&"), {"key": button[1]})
    assert response.status_code == 302, response.content
    return Quote.objects.get(public_id=response["Location"].split("/")[2])


def confirm(client: Client, quote: Quote, *, key: str = "form_0000000000000000", **more: str) -> Any:
    address = f"/plans/{quote.asked['plan']}/subscribe/?quote={quote.public_id}"
    return client.post(address, {"collection": "offline", "app": "", "key": key, **more})


def test_a_calculation_is_kept_as_it_was_shown(world: World, sign_in: SignIn) -> None:
    client = sign_in("billing")
    shown = client.get(f"/plans/growth/?{ASKED}").context["preview"]

    quote = saved(client)

    assert (quote.start_total, quote.cycle_total) == (shown.start.total, shown.cycle.total)
    assert (quote.customer, quote.at) == (world.customer, TODAY)
    page = client.get(f"/quotes/{quote.public_id}/").content.decode()
    for amount in (quote.start_total, quote.cycle_total):
        assert money(amount, "CNY") in page
    assert quote.number in page
    shown_lines = [line for line in quote.lines if line["amount"] or not line["is_credit"]]
    assert page.count('<details class="why"') == len(shown_lines)


def test_a_form_sent_twice_is_one_quote(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    sent = [client.post(f"/plans/growth/quotes/?{ASKED}", {"key": "form_a"})["Location"] for _ in range(2)]

    assert sent[0] == sent[1]
    assert Quote.objects.count() == 1


def test_figures_that_are_not_right_are_not_kept(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    response = client.post("/plans/growth/quotes/?use-mau=-1", {"key": "form_a"})

    assert response["Location"] == "/plans/growth/?use-mau=-1"
    assert not Quote.objects.exists()


def test_quotes_are_listed_from_the_plans_page(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    quote = saved(client)

    assert 'href="/quotes/"' in client.get("/plans/").content.decode()
    assert quote.number in client.get("/quotes/").content.decode()


def test_accepting_subscribes_to_what_was_quoted(world: World, sign_in: SignIn) -> None:
    client = sign_in("billing")
    quote = saved(client)
    offered = client.get(f"/quotes/{quote.public_id}/").content.decode()
    address = f"/plans/growth/subscribe/?quote={quote.public_id}"
    assert address in offered
    assert client.get(address).context["preview"].start.total == quote.start_total

    response = confirm(client, quote)

    invoice = Invoice.objects.get()
    assert response["Location"] == f"/invoices/{invoice.public_id}/"
    assert invoice.total == quote.start_total
    quote.refresh_from_db()
    assert (quote.subscription, quote.accepted_at) == (invoice.subscription, TODAY)
    assert set(invoice.subscription.add_ons.values_list("option", flat=True)) == set(quote.asked["options"])
    page = client.get(f"/quotes/{quote.public_id}/").content.decode()
    assert "accepted" in page
    assert address not in page


def test_accepting_twice_is_one_subscription(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    quote = saved(client)

    first, second = confirm(client, quote), confirm(client, quote)
    other = confirm(client, quote, key="form_1111111111111111")

    assert first["Location"] == second["Location"]
    assert other["Location"] == f"/quotes/{quote.public_id}/"
    assert "accepted already" in client.get(other["Location"]).content.decode()
    assert (Subscription.objects.count(), Invoice.objects.count()) == (1, 1)


def test_an_expired_quote_leads_to_a_fresh_one(world: World, sign_in: SignIn, settings: Any) -> None:
    client = sign_in()
    quote = saved(client)
    settings.RATECARD_CLOCK = "tests.portal.test_quotes.next_month"

    answers = [client.get(f"/plans/growth/subscribe/?quote={quote.public_id}"), confirm(client, quote)]

    assert [answer["Location"] for answer in answers] == [f"/quotes/{quote.public_id}/"] * 2
    page = client.get(f"/quotes/{quote.public_id}/").content.decode()
    assert "has expired" in page
    fresh = re.search(r'href="(/plans/growth/\?[^"]+)"', page)
    assert fresh
    again = client.get(fresh[1].replace("&amp;", "&")).context["preview"]
    assert again.start.total == quote.start_total
    assert not Subscription.objects.exists()


def next_month() -> Any:
    """The clock after the quote's last day."""
    return TODAY + timedelta(days=30)


def test_a_price_that_changed_is_not_accepted(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    quote = saved(client)
    old = world.versions["growth"]
    factories.make_customer()  # takes the builders' number 1, which the house catalogue's version has
    dearer = {**old.terms, "charges": [c for c in old.terms["charges"] if c["code"] != "traffic"]}
    made = factories.make_version(dearer, plan=old.plan, effective_at=TODAY - timedelta(hours=1))
    for kind in ("modules", "sla_tiers", "support_tiers"):
        getattr(made, kind).set(getattr(old, kind).all())

    response = confirm(client, quote)

    assert response["Location"] == f"/quotes/{quote.public_id}/"
    assert "has changed since" in client.get(response["Location"]).content.decode()
    quote.refresh_from_db()
    assert quote.accepted_at is None
    assert not Subscription.objects.exists()


def test_a_plan_taken_off_sale_is_not_accepted(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    quote = saved(client)
    PlanVersion.objects.filter(plan__code="growth").update(archived_at=TODAY, state="archived")

    assert confirm(client, quote)["Location"] == f"/quotes/{quote.public_id}/"
    assert not Subscription.objects.exists()


def test_a_refusal_of_subscribing_stands_beside_the_form(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    first, second = saved(client), saved(client, "use-mau=1")
    confirm(client, first)

    again = confirm(client, second, key="form_1111111111111111")

    assert again.status_code == 200
    assert "already a subscription" in again.content.decode()
    second.refresh_from_db()
    assert second.accepted_at is None


def test_a_strangers_quote_is_not_found(world: World, sign_in: SignIn) -> None:
    quote = saved(sign_in())
    other = factories.make_user(customer=factories.make_customer("Elsewhere", currency="CNY"))
    stranger = Client()
    stranger.force_login(other, backend="allauth.account.auth_backends.AuthenticationBackend")

    assert stranger.get(f"/quotes/{quote.public_id}/").status_code == 404
    assert stranger.get(f"/plans/growth/subscribe/?quote={quote.public_id}").status_code == 404
    assert confirm(stranger, quote).status_code == 404
    assert quote.number not in stranger.get("/quotes/").content.decode()


def test_a_viewer_cannot_accept_a_quote(world: World, sign_in: SignIn) -> None:
    quote = saved(sign_in("billing"))

    assert confirm(sign_in("viewer"), quote).status_code == 403
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(("language", "text"), [("en", "Save this quote"), ("zh-hans", "保存报价")])
def test_quotes_speak_the_readers_language(world: World, sign_in: SignIn, language: str, text: str) -> None:
    client = sign_in("owner", language)
    quote = saved(client)

    assert text in client.get(f"/plans/growth/?{ASKED}").content.decode()
    page = client.get(f"/quotes/{quote.public_id}/").content.decode()
    assert ("有效期至" in page) == (language == "zh-hans")


def test_the_list_takes_the_same_queries_for_two_and_twenty(
    world: World, sign_in: SignIn, django_assert_num_queries: Any
) -> None:
    client = sign_in()
    for users in range(2):
        client.post(f"/plans/growth/quotes/?use-mau={users}", {"key": f"form_{users}"})
    client.get("/quotes/")
    with django_assert_num_queries(5):
        client.get("/quotes/")
    for users in range(2, 20):
        client.post(f"/plans/growth/quotes/?use-mau={users}", {"key": f"form_{users}"})

    with django_assert_num_queries(5):
        assert len(client.get("/quotes/").context["shown"]) == 20
