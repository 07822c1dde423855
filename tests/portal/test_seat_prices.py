"""Where a plan is sold by the seat, every page says so beside the price."""

from pathlib import Path

import pytest
from django.test import Client

from plans.catalogue import read_catalogue
from plans.services import apply_catalogue
from tests import factories
from tests.portal.world import TODAY

FOLDER = Path(__file__).resolve().parents[2] / "catalogues"


def client_of(catalogue: str, currency: str, language: str = "en") -> Client:
    apply_catalogue(
        read_catalogue((FOLDER / f"{catalogue}.yaml").read_text("utf-8")), at=TODAY, by=factories.TESTER
    )
    user = factories.make_user(customer=factories.make_customer(currency=currency))
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language
    return client


def card_of(client: Client, plan: str, term: str = "monthly") -> tuple[str, str]:
    """Return the card's price and what stands beside it, as read on the page."""
    page = client.get(f"/plans/?term={term}").content.decode()
    card = page.split(f'id="p-{plan}"')[1].split("</section>")[0]
    big = card.split('<span class="big">')[1].split("<")[0]
    return big, card.split('<span class="muted">')[1].split("</span>")[0].strip()


@pytest.mark.parametrize(
    ("catalogue", "currency", "plan", "term", "said"),
    [
        ("slack", "USD", "team_pro", "monthly", ("$8.75", "per seat a month")),
        ("slack", "USD", "team_pro", "annual", ("$7.25", "per seat a month")),  # 8.75 − 1.50
        ("zoom", "USD", "meet_business", "monthly", ("$21.99", "per seat a month")),
        ("teams", "EUR", "suite_premium", "monthly", ("€20.01", "per seat a month")),  # 19.06 × 1.05
        ("lanying", "CNY", "private_cloud", "annual", ("CN¥159.20", "per 100 seats a month")),
        ("lanying", "CNY", "public_cloud", "monthly", ("CN¥199", "a month")),
        ("dingtalk", "CNY", "office_exclusive", "monthly", ("CN¥18", "per seat a month, less as it grows")),
        ("house", "USD", "growth", "monthly", ("$100", "a month")),
    ],
)
def test_the_headline_says_per_what(
    db: None, catalogue: str, currency: str, plan: str, term: str, said: tuple[str, str]
) -> None:
    assert card_of(client_of(catalogue, currency), plan, term) == said


def test_the_fewest_seats_and_what_they_cost_stand_below(db: None) -> None:
    page = client_of("zoom", "USD").get("/plans/").content.decode()

    assert "at least 10 seats: $219.90 a month" in page


def test_the_field_for_seats_has_their_price_beside_it(db: None) -> None:
    client = client_of("house", "USD")

    monthly, annual = (client.get(f"/plans/growth/?term={term}").content.decode() for term in ("", "annual"))

    assert "3 included · $10.00 per seat a month" in monthly
    assert "3 included · $8.00 per seat a month" in annual


def test_seats_are_called_seats_whoever_holds_them(db: None) -> None:
    for catalogue, plan in (("house", "growth"), ("zoom", "meet_business")):
        page = client_of(catalogue, "USD").get(f"/plans/{plan}/").content.decode()

        assert '<label class="form-label mb-0" for="id_seats">Seats</label>' in page
        assert "console" not in page.split("<main")[1]


def test_a_module_paid_by_the_seat_says_so(db: None) -> None:
    assert "+$5.00 per seat" in client_of("slack", "USD").get("/plans/team_pro/").content.decode()


def test_seats_speak_chinese(db: None) -> None:
    assert card_of(client_of("slack", "USD", "zh-hans"), "team_pro")[1] == "每席位/月"


def test_a_card_without_allowances_lists_what_the_plan_grants_in_words(db: None) -> None:
    page = client_of("zoom", "USD").get("/plans/").content.decode()
    card = page.split('id="p-meet_basic"')[1].split("</section>")[0]

    assert "Meetings of 40 minutes for 100 people" in card
    assert card.count("<li>") >= 3
    assert "stops" in card
    assert "go_on" not in page


@pytest.mark.parametrize("address", ["/plans/team_pro/", "/plans/team_pro/subscribe/"])
def test_a_plan_of_another_currency_says_in_which_it_is_sold(db: None, address: str) -> None:
    response = client_of("slack", "CNY").get(address)
    page = response.content.decode()

    assert response.status_code == 404
    assert "This plan is not sold in CNY" in page
    assert "It is sold in USD" in page
    assert 'href="/plans/"' in page


def test_one_figure_of_a_rank_is_that_of_every_day(db: None) -> None:
    client = client_of("lanying", "CNY")

    page = client.get("/plans/public_cloud/?use-cloud_dau=5000")

    # 5,000 − 1,000 included are four started thousands of 100 each, beside the base of 199
    assert page.context["preview"].cycle.total == 4 * 10000 + 19900
    assert client.get("/plans/public_cloud/?use-cloud_dau=20000").context["form"].errors  # beyond the list
    kept = client.post("/plans/public_cloud/quotes/?use-cloud_dau=5000", {"key": "form_a"})["Location"]
    shown = client.get(kept).content.decode()
    assert "5,000 users" in shown
    assert "use-cloud_dau=5000" in shown  # calculated again from the same figure
