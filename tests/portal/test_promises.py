# ruff: noqa: E501 — a catalogue and one case a row read best unbroken
"""The portal's pages of price lists, coupons, coming moves and early exits."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from billing.models import EarlyExit, Invoice
from billing.services.payments import record_offline
from billing.services.subscribing import subscribe
from plans.catalogue import read_catalogue
from plans.models import PlanVersion
from plans.services import apply_catalogue
from subscriptions.models import Redemption, Subscription
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.test_buying import key_of
from tests.portal.world import TODAY, World

START = datetime(2026, 9, 1, tzinfo=UTC)
FILE = """\
coupons:
  - code: tenth
    names: {en: A tenth off, zh-Hans: 九折}
    periods: 3
    redeem: TENTH
    charges:
      - {code: tenth_off, name: {en: A tenth off, zh-Hans: 九折}, credit: true, of: {spend: [plan]}, steps: [{times: 0.1}]}
plans:
  - code: edge
    names: {en: Edge, zh-Hans: 边缘版}
    family: edge
    versions:
      - {number: 1, effective_at: 2026-01-01T00:00:00+08:00, early_exit: claw_back, coupons: [tenth], terms: TERMS}
      - {number: 2, effective_at: 2026-12-01T00:00:00+08:00, moves_existing: at_renewal, coupons: [tenth], terms: DEARER}
"""
TERMS = """{currency: CNY, labels: {region: [cn-north, overseas]}, facts: {committed: {unit: GB}},
        wording: {region: {en: Data centre, zh-Hans: 数据中心}, region.cn-north: {en: North China, zh-Hans: 华北},
                  committed: {en: Committed traffic, zh-Hans: 承诺流量}},
        charges: [{code: base, name: {en: Base, zh-Hans: 基础}, tags: [plan],
          steps: [{price: {pick: region, cases: {cn-north: {flat: PRICE}, overseas: {flat: 900}}}}]},
          {code: line, name: {en: Line, zh-Hans: 线路}, tags: [plan], of: committed, steps: [{price: {each: 2}}]}]}"""
ASKED = "choice-region=overseas&figure-committed=5&coupon=tenth"


@pytest.fixture
def edge(world: World) -> PlanVersion:
    text = FILE.replace("TERMS", TERMS.replace("PRICE", "700"))
    text = text.replace("DEARER", TERMS.replace("PRICE", "770"))
    apply_catalogue(read_catalogue(text), at=START, by=factories.TESTER)
    return PlanVersion.objects.get(plan__code="edge", number=1)


def bought(world: World, version: PlanVersion, *, term: str = "monthly") -> tuple[Subscription, Invoice]:
    found = subscribe(
        customer=world.customer, version=version, term=term, options={}, collection="offline",
        labels={"region": "cn-north"}, facts={"committed": factories.Decimal(5)}, at=START, by=factories.TESTER,
    )  # fmt: skip
    record_offline(found[1], reference="b1", amount=found[1].total, paid_at=START, by=factories.TESTER)
    return found


def page(client: Client, address: str) -> str:
    return client.get(address).content.decode()


@pytest.mark.parametrize(("language", "words"), [("en", "Data centre"), ("zh-hans", "数据中心")])
def test_the_calculator_asks_for_labels_and_facts(
    world: World, sign_in: SignIn, edge: PlanVersion, language: str, words: str
) -> None:
    shown = page(sign_in("viewer", language), "/plans/edge/")

    assert words in shown
    assert 'name="choice-region"' in shown
    assert 'name="figure-committed"' in shown


def test_what_was_chosen_is_what_is_bought(world: World, sign_in: SignIn, edge: PlanVersion) -> None:
    client, address = sign_in(), f"/plans/edge/subscribe/?{ASKED}"
    quoted = client.get(f"/plans/edge/?{ASKED}").context["preview"]

    client.post(address, {"collection": "offline", "app": "", "key": key_of(client, address)})

    invoice = Invoice.objects.get()
    assert invoice.total == quoted.start.total == 81900  # (900 + 5 × 2) less a tenth
    phase = Subscription.objects.get().phases.get()
    assert (phase.labels, phase.facts) == ({"region": "overseas"}, {"committed": "5"})
    assert Redemption.objects.count() == 1


def test_a_wrong_code_or_choice_is_said_beside_the_form(
    world: World, sign_in: SignIn, edge: PlanVersion
) -> None:
    client = sign_in()

    assert "There is no coupon" in page(client, "/plans/edge/?coupon=nothing")
    assert client.get("/plans/edge/?choice-region=mars").status_code == 200
    assert client.get("/plans/edge/subscribe/?choice-region=mars").status_code == 302
    assert client.get("/plans/edge/?figure-committed=-1").context["preview"] is None


def test_a_coming_move_is_announced(world: World, sign_in: SignIn, edge: PlanVersion) -> None:
    bought(world, edge)

    shown = page(sign_in("viewer"), "/subscriptions/")

    assert "From Dec 1, 2026 your plan is Edge, version 2." in shown
    assert "CN¥700.00 → CN¥770.00" in shown
    assert "North China" in shown


def test_leaving_early_shows_the_amount_and_does_exactly_that(
    world: World, sign_in: SignIn, edge: PlanVersion
) -> None:
    subscription, start = bought(world, edge, term="annual")
    client, address = sign_in(), f"/subscriptions/{subscription.public_id}/leave/"
    assert "Leave before the paid term ends" in page(client, "/subscriptions/")
    shown = client.get(address).context["shown"]
    assert (shown.paid, shown.refund) == (start.total, start.total - 3 * 71000)

    refused = client.post(address, {"refund": shown.refund + 1})
    assert not EarlyExit.objects.exists()
    client.post(address, {"refund": shown.refund})

    assert refused.status_code == 302
    assert EarlyExit.objects.get().refund == shown.refund
    assert "Left early and settled" in page(client, "/subscriptions/")
    assert client.get(address).status_code == 302


def test_only_who_sees_money_may_leave_and_strangers_find_nothing(
    world: World, sign_in: SignIn, edge: PlanVersion
) -> None:
    subscription, _start = bought(world, edge, term="annual")
    stranger = factories.make_subscription(at=TODAY - timedelta(days=3), term="annual")

    assert sign_in("viewer").get(f"/subscriptions/{subscription.public_id}/leave/").status_code == 403
    assert sign_in("owner").get(f"/subscriptions/{stranger.public_id}/leave/").status_code == 404


def test_leaving_with_nothing_back_says_so(world: World, sign_in: SignIn) -> None:
    text = FILE.replace("claw_back", "keep").replace("TERMS", TERMS.replace("PRICE", "700"))
    text = text.replace("DEARER", TERMS.replace("PRICE", "770"))
    apply_catalogue(read_catalogue(text), at=START, by=factories.TESTER)
    kept = PlanVersion.objects.get(plan__code="edge", number=1)
    subscription, _start = bought(world, kept, term="annual")
    client, address = sign_in(), f"/subscriptions/{subscription.public_id}/leave/"
    before = page(client, "/subscriptions/")

    assert "Leave early, nothing back" in page(client, address)
    left = client.post(address, {"refund": 0}, follow=True).content.decode()

    assert "Nothing is paid back" in left
    assert "is in your credit" not in left
    assert "Price locked until" in before
    assert "Price locked until" not in left
