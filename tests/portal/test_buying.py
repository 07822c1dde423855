"""From the price list to the first invoice, and why its lines have their amounts."""

import re
from decimal import Decimal

from django.test import Client

from billing.models import Invoice
from billing.services import quoting
from plans.models import Plan
from plans.selectors import terms_of
from plans.templatetags.figures import money
from subscriptions.models import Subscription
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed

ASKED = "use-mau=4500&use-traffic=250&modules=moderation&sla=gold&seats=5"
FORM = "/plans/growth/subscribe/?" + ASKED
KEY = re.compile("form_[0-9a-z]{16}")  # new each time a form is shown


def key_of(client: Client, address: str = FORM) -> str:
    page = client.get(address).content.decode()
    found = re.search(r'name="key" value="(form_[0-9a-z]{16})"', page)
    assert found
    return found[1]


def subscribe(client: Client, key: str, **more: str) -> object:
    return client.post(FORM, {"collection": "offline", "app": "", "key": key, **more})


def test_the_price_list_compares_in_the_customers_currency(world: World, sign_in: SignIn) -> None:
    cards = sign_in().get("/plans/").context["cards"]

    assert [card.offer.version.plan.code for card in cards] == ["starter", "growth", "scale"]
    assert [card.monthly for card in cards] == [14000, 70000, 280000]
    assert [card.saving for card in cards] == [Decimal("0.2")] * 3  # 20 % of the base fee


def test_the_year_is_shown_as_months_and_as_one_sum(world: World, sign_in: SignIn) -> None:
    growth = sign_in().get("/plans/?term=annual").context["cards"][1]

    assert (growth.monthly, growth.amount) == (56000, 12 * 56000)


def test_the_calculation_is_the_raters(world: World, sign_in: SignIn) -> None:
    page = sign_in().get(f"/plans/growth/?{ASKED}")

    expected = quoting.preview_terms(
        terms_of(world.versions["growth"]),
        term="monthly",
        currency="CNY",
        options={
            "module.moderation": Decimal(1), "sla.gold": Decimal(1), "support.standard": Decimal(1)
        },
        seats=5,
        quantities={"mau": Decimal(4500), "traffic": Decimal(250)},
    )  # fmt: skip
    shown = page.context["preview"]
    # 4,500 users: 2,500 above 2,000 are three started thousands; 150 GB above 100 at 1.40
    assert expected.month.total == 3 * 14000 + 150 * 140
    assert shown.start.total == expected.start.total
    assert shown.cycle.total == expected.month.total + expected.start.total  # with the next base fee
    assert shown.monthly == shown.cycle.total


def test_htmx_gets_the_result_alone_and_a_person_the_page(world: World, sign_in: SignIn) -> None:
    client = sign_in("viewer")

    part = client.get(f"/plans/growth/?{ASKED}", headers={"HX-Request": "true"}).content.decode()
    whole = client.get(f"/plans/growth/?{ASKED}").content.decode()

    assert "<html" not in part
    assert "<html" in whole
    result, seats = KEY.sub("", part.strip()).split('<span hx-swap-oob="innerHTML:#seat-price">')
    assert result in KEY.sub("", whole)
    assert seats.removesuffix("</span>") in whole  # the price beside the field follows the term


def test_a_part_is_never_taken_for_the_page_from_a_cache(world: World, sign_in: SignIn) -> None:
    response = sign_in("viewer").get(f"/plans/growth/?{ASKED}", headers={"HX-Request": "true"})

    assert "HX-Request" in response["Vary"]
    assert response["Cache-Control"] == "private, no-cache"


def test_figures_that_cannot_be_are_refused_with_words(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    for wrong in ("use-mau=-1", "use-mau=1e30", "use-mau=many", "use-mau=NaN", "seats=1.5", "sla=platinum"):
        page = client.get(f"/plans/growth/?{wrong}")
        assert page.status_code == 200, wrong
        assert page.context["form"].errors, wrong
        assert page.context["preview"] is None


def test_modules_that_do_not_go_together_are_named(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    clash = client.get("/plans/growth/?modules=history&modules=ephemeral").content.decode()
    needs = client.get("/plans/growth/?modules=image_moderation").content.decode()

    assert "cannot be held together" in clash
    assert "Image moderation needs Moderation as well." in needs


def test_a_tier_without_a_price_is_held_unless_another_is_chosen(world: World, sign_in: SignIn) -> None:
    plain = sign_in().get("/plans/growth/").context["form"].options

    assert set(plain) == {"sla.standard", "support.standard"}


def test_subscribing_issues_what_was_shown_as_due(world: World, sign_in: SignIn) -> None:
    client = sign_in("billing")
    due = client.get(FORM).context["preview"].start.total

    response = subscribe(client, key_of(client))

    invoice = Invoice.objects.get()
    assert response["Location"] == f"/invoices/{invoice.public_id}/"  # type: ignore[index]
    assert invoice.total == due
    assert invoice.subscription.add_ons.count() == 3  # the module and both tiers


def test_figures_without_a_list_price_go_back_to_the_calculation(world: World, sign_in: SignIn) -> None:
    bands = {"mode": "graduated", "bands": [{"upto": "1000", "each": "1"}, {"ask": "true"}]}
    terms = {
        "currency": ["CNY"],
        "meters": {"mau": {"unit": "users"}},
        "charges": [{"code": "users", "tags": ["plan"], "of": "mau", "steps": [{"price": bands}]}],
    }
    plan = Plan.objects.create(code="large", name_en="Large", name_zh="大客户版")
    factories.make_version(terms, plan=plan)
    asked = "use-mau=4500"
    client = sign_in()

    response = client.get(f"/plans/large/subscribe/?{asked}")

    assert (response.status_code, response["Location"]) == (302, f"/plans/large/?{asked}")
    assert "no list price" in client.get(response["Location"]).content.decode()


def test_a_form_sent_twice_subscribes_once(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    key = key_of(client)

    first, second = subscribe(client, key), subscribe(client, key)

    assert first["Location"] == second["Location"]  # type: ignore[index]
    assert (Subscription.objects.count(), Invoice.objects.count()) == (1, 1)


def test_a_second_subscription_is_refused_beside_the_form(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    subscribe(client, key_of(client))

    again = subscribe(client, key_of(client))

    assert again.status_code == 200  # type: ignore[attr-defined]
    assert "already a subscription" in again.content.decode()  # type: ignore[attr-defined]
    assert Subscription.objects.count() == 1


def test_the_confirm_page_says_what_is_subscribed_already(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    subscribe(client, key_of(client))

    page = client.get("/plans/scale/subscribe/").content.decode()

    assert "You are subscribed to Growth (all apps) already." in page


def test_a_strangers_app_cannot_be_subscribed_for(world: World, sign_in: SignIn) -> None:
    theirs = factories.make_app(factories.make_customer("Elsewhere"))
    client = sign_in()

    page = subscribe(client, key_of(client), app=theirs.code)

    assert page.status_code == 200  # type: ignore[attr-defined]
    assert not Subscription.objects.exists()


def test_an_invoice_adds_up_and_each_line_says_why(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    subscribe(client, key_of(client))
    invoice = Invoice.objects.get()

    page = client.get(f"/invoices/{invoice.public_id}/")

    lines = page.context["lines"]
    assert sum(line.amount for line in lines) == invoice.total
    shown = [line for line in lines if line.amount or not line.is_credit]
    assert len(shown) == len(lines) - 1  # a monthly term has no annual discount to show
    for line in shown:
        address = f"/invoices/{invoice.public_id}/lines/{line.pk}/why/"
        assert address in page.content.decode()
        part = client.get(address, headers={"HX-Request": "true"}).content.decode()
        whole = client.get(address).content.decode()
        assert "<html" not in part
        assert part.count("<li") >= 1
        assert money(line.amount, "CNY") in whole


def test_a_line_of_another_invoice_is_not_found(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    subscribe(client, key_of(client))
    other = factories.make_customer("Elsewhere", currency="CNY")
    member = factories.make_user(customer=other)
    invoice = Invoice.objects.get()
    stranger = Client()
    stranger.force_login(member, backend="allauth.account.auth_backends.AuthenticationBackend")

    address = f"/invoices/{invoice.public_id}/"
    assert stranger.get(address).status_code == 404
    assert stranger.get(f"{address}lines/{invoice.lines.first().pk}/why/").status_code == 404  # type: ignore[union-attr]
    assert client.get(f"{address}lines/0/why/").status_code == 404


def test_an_open_offline_invoice_says_how_to_transfer(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    subscribe(client, key_of(client))
    invoice = Invoice.objects.get()

    page = client.get(f"/invoices/{invoice.public_id}/").content.decode()

    assert f"name {invoice.number} as the reference" in page
    assert "Pay now" not in page


def test_the_confirm_page_offers_only_apps_that_are_still_free(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    assert len(client.get(FORM).context["form"].scopes) == 1 + len(world.apps)  # all together, or one

    assert b"due today</button>" in client.get(FORM).content

    subscribed(world, at=TODAY, app=world.apps[0])
    assert [code for code, _name in client.get(FORM).context["form"].scopes] == [
        a.code for a in world.apps[1:]
    ]


def test_nothing_is_left_to_subscribe_for_beside_an_agreement_on_all_apps(
    world: World, sign_in: SignIn
) -> None:
    subscribed(world, at=TODAY)

    page = sign_in().get(FORM)

    assert page.context["form"].scopes == []
    assert b"due today</button>" not in page.content
