"""What a customer sees of its packs: left, end, and every draw with the units before and after."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from billing.models import InvoiceLine, PackDraw
from billing.selectors_pools import pool_names
from billing.services.invoicing import issue_start
from billing.services.packs import grant_pack
from plans.models import Meter
from plans.terms import read_terms
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed

pytestmark = pytest.mark.django_db
BOUGHT = TODAY - timedelta(days=3)


def give(world: World, units: str, **more: object) -> None:
    """Give a pack, and let the first line of a new agreement draw a fifth of it."""
    if not world.customer.subscriptions.exists():
        agreement = subscribed(world, at=TODAY)
        issue_start(agreement, at=TODAY, by=factories.TESTER)
        factories.make_version({**factories.SMALL_TERMS, "pools": {"prepaid": {}}})
    holding = grant_pack(
        customer=world.customer, pool="prepaid", quantity=Decimal(units), reason="order", at=BOUGHT,
        by=factories.TESTER, **more,  # type: ignore[arg-type]
    )  # fmt: skip
    line = InvoiceLine.objects.filter(customer=world.customer).first()
    assert line is not None
    PackDraw.objects.create(holding=holding, line=line, quantity=Decimal(units) / 5)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Packs", "Left", "8,000", "1 draw", "2,000", "Before", "your prepaid units"]),
        ("zh-hans", ["资源包", "剩余", "8,000", "1 次", "您的预付量"]),
    ],
)
def test_the_overview_shows_what_is_left_and_where_the_rest_went(
    world: World, sign_in: SignIn, language: str, words: list[str]
) -> None:
    give(world, "10000", expires_at=TODAY + timedelta(days=30))

    text = sign_in("owner", language).get("/").content.decode()

    assert [word for word in words if word not in text] == []
    assert ">prepaid<" not in text  # the code of the pool


def test_ended_packs_come_last_and_strangers_see_none(world: World, sign_in: SignIn) -> None:
    give(world, "300", expires_at=BOUGHT + timedelta(days=1))
    give(world, "500")

    text = sign_in().get("/").content.decode()

    assert text.index(">500<") < text.index(">300<")
    stranger = factories.make_user(customer=factories.make_customer())
    client = sign_in()
    client.force_login(stranger)
    assert 'id="packs"' not in client.get("/").content.decode()


def test_many_packs_cost_as_many_queries_as_one(world: World, sign_in: SignIn) -> None:
    give(world, "100")
    client = sign_in()
    client.get("/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get("/").status_code == 200
        return len(seen)

    few = queries()
    for units in range(101, 110):
        give(world, str(units))

    assert queries() <= few


def test_a_pool_is_called_by_the_meters_it_serves() -> None:
    Meter.objects.create(code="messages", name_en="Messages", name_zh="消息", kind="sum", unit="messages")
    draws = {"code": "sent", "of": "messages", "steps": [{"draw": {"pool": "p"}}, {"price": {"each": "1"}}]}
    terms = {**factories.SMALL_TERMS, "pools": {"p": {}, "q": {}}, "charges": [draws]}
    document = read_terms(terms).document

    assert pool_names({"p": document, "q": document}) == {"p": "Messages, prepaid", "q": "your prepaid units"}
    with override("zh-hans"):
        assert pool_names({"p": document}) == {"p": "消息（预付量）"}
