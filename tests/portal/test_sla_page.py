"""The promise, the windows judged so far, and the claim button."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.models import SlaAssessment, SlaAward, SlaCredit
from plans.timespan import Period
from tests.billing.sla_world import agreed, exclude, night, report
from tests.billing.test_sla_stories import AFTER, DAY, FIRST_MONTH, TENCENT, broken
from tests.factories import make_customer, make_user
from tests.portal.conftest import SignIn
from tests.portal.world import World

pytestmark = pytest.mark.django_db
NOW = AFTER + DAY
TIER = TENCENT.replace("    claim:", "    exclusions: [{kind: maintenance, notice_hours: 48}]\n    claim:")


def the_day_after() -> object:
    return NOW


@pytest.fixture(autouse=True)
def _now(settings, _fixed_clock) -> None:
    settings.RATECARD_CLOCK = "tests.portal.test_sla_page.the_day_after"


@pytest.fixture
def subscription():
    made = agreed(TIER)
    report(made, FIRST_MONTH, "3500", failed=[broken(3500)])
    exclude(broken(60), notice=3 * DAY)
    night(AFTER)
    return made


def visit(subscription, language: str = "en", role: str = "owner") -> Client:
    client = Client()
    person = make_user(customer=subscription.customer, role=role)
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.cookies["django_language"] = language
    return client


def test_it_says_what_was_promised_measured_and_left_out(subscription) -> None:
    text = visit(subscription).get(f"/subscriptions/{subscription.public_id}/sla/").content.decode()

    for said in (
        "99 % in each month of the agreement",
        "voucher for 40 days",
        "to be claimed within 60 days",
        "without maintenance announced 48 hours ahead",
        "Sep 10\u2009–\u2009Oct 9, 2026",
        "can be claimed",
        "Does not count: maintenance CHG-0",
        "Left out of failed and total",
        "$8.00",
        "Claim it by",
    ):
        assert said in text, said


def test_it_is_written_in_chinese(subscription) -> None:
    text = (
        visit(subscription, "zh-hans").get(f"/subscriptions/{subscription.public_id}/sla/").content.decode()
    )

    for said in ("每个订阅月 99%", "40 天有效的代金券", "须在 60 天内申领", "可申领", "不计入", "申领"):
        assert said in text, said


def test_a_click_claims_and_a_second_changes_nothing(subscription) -> None:
    client, award = visit(subscription), SlaAward.objects.get()
    url = f"/subscriptions/{subscription.public_id}/sla/{award.pk}/claim/"

    first, again = client.post(url), client.post(url, follow=True)

    assert first.status_code == 302
    assert SlaCredit.objects.get().amount == 800
    text = again.content.decode()
    assert "Claim it by" not in text
    assert "until Nov 22, 2026" in text
    assert client.get(url).status_code == 405


def test_strangers_and_viewers_are_turned_away(subscription) -> None:
    award = SlaAward.objects.get()
    page = f"/subscriptions/{subscription.public_id}/sla/"
    other = make_customer()
    stranger = Client()
    stranger.force_login(
        make_user(customer=other), backend="allauth.account.auth_backends.AuthenticationBackend"
    )

    assert stranger.get(page).status_code == 404
    assert stranger.post(f"{page}{award.pk}/claim/").status_code == 404
    assert visit(subscription, role="viewer").get(page).status_code == 403
    assert not SlaCredit.objects.exists()


def test_more_windows_cost_no_more_queries(subscription) -> None:
    client, page = visit(subscription), f"/subscriptions/{subscription.public_id}/sla/"
    client.get(page)
    few = queries(client, page)
    row = SlaAssessment.objects.get()
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    for month in range(1, 6):
        window = Period(FIRST_MONTH.start - month * 31 * DAY, FIRST_MONTH.end - month * 31 * DAY)
        SlaAssessment.objects.create(**{**values, "id": None, "window": (window.start, window.end)})

    assert queries(client, page) == few


def queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(page).status_code == 200
    return len(seen)


def test_nothing_judged_yet_says_when(world: World, sign_in: SignIn) -> None:
    from tests.portal.world import subscribed

    agreement = subscribed(world, at=NOW)

    text = sign_in().get(f"/subscriptions/{agreement.public_id}/sla/").content.decode()

    assert "Nothing judged yet" in text
    assert "99.99 % in each calendar month; " not in text
    assert "99.99 % in each calendar month" in text


def test_the_plan_comparison_says_what_support_promises(world: World, sign_in: SignIn) -> None:
    english, chinese = (
        sign_in(language=language).get("/plans/").content.decode() for language in ("en", "zh-hans")
    )

    assert "urgent within 1 hour, normal within 4 hours, 24×7; ticket, chat, phone" in english
    assert "紧急 1 小时内响应、普通 4 小时内响应、24×7；工单、在线聊天、电话" in chinese
