"""Compare, matrix, file and history pages of the catalogue: rights, contents, costs."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from plans.catalogue import read_catalogue
from plans.models import FeatureModule, Plan, PlanVersion
from plans.models.plans import VersionState
from plans.services import apply_catalogue, archive_version, new_draft, save_source
from plans.services_offers import offer_part, withdraw_part
from tests.admin.conftest import shown
from tests.factories import NOW, TESTER, make_user, publish_house
from tests.plans.catalogue_sample import SAMPLE

pytestmark = pytest.mark.django_db
NAMED = SAMPLE.replace(
    "charges:\n      - {code: moderation_fee,",
    "charges:\n      - {code: moderation_fee, name: {en: Moderation, zh-Hans: 内容审核},",
)
SOLD = (
    NAMED.replace("{code: gold_fee,", "{code: gold_fee, name: {en: Gold, zh-Hans: 金牌},")
    .replace("{code: business_fee,", "{code: business_fee, name: {en: Business, zh-Hans: 商务},")
    .replace("{code: users,", "{code: users, name: {en: Users, zh-Hans: 用户},")
    .replace(
        "- code: annual\n", "- code: annual\n            name: {en: Annual discount, zh-Hans: 年付优惠}\n"
    )
)


def load(text: str = SOLD) -> Plan:
    apply_catalogue(read_catalogue(text), at=NOW, by=TESTER)
    return Plan.objects.get(code="growth")


def url(name: str, *args: Any, **query: Any) -> str:
    return reverse(f"admin:{name}", args=args, query=query or None)


def viewer(client: Client, *rights: str) -> Client:
    """Sign in somebody of the staff with these rights only."""
    user = make_user("viewer@example.com")
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    return client


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


# compare


def second(plan: Plan, **changes: Any) -> PlanVersion:
    draft = new_draft(plan, clone=plan.versions.order_by("-number").first(), by=TESTER)
    return save_source(draft, source={**draft.source, **changes}, by=TESTER)


def test_two_versions_are_compared_in_words(staff: Client) -> None:
    plan = load()
    second(plan, entitlements={"history_days": "90", "mau_included": "10000"}, modules=[])

    page = shown(staff, url("plans_compare", plan.pk))

    assert "Module Moderation is no longer offered." in page
    assert "History in days: 7 becomes 90." in page
    assert "Moderation is no longer granted" in page


def test_any_two_can_be_chosen_and_a_draft_with_faults_is_compared_by_its_text(staff: Client) -> None:
    plan = load()
    draft = second(plan, modules=["nowhere"])
    first = plan.versions.get(number=1)

    back = shown(staff, url("plans_compare", plan.pk, old=draft.pk, new=first.pk))
    same = shown(staff, url("plans_compare", plan.pk, old=first.pk, new=first.pk))

    assert "Module Moderation is offered now." in back
    assert "Nothing. Both charge and grant the same." in same


@pytest.mark.parametrize("query", [{"old": "x", "new": "1"}, {"new": "999999"}, {"old": "-1"}, {"new": "１"}])
def test_an_odd_choice_is_no_500(staff: Client, query: dict[str, str]) -> None:
    assert staff.get(url("plans_compare", load().pk, **query)).status_code == 200


def test_a_plan_without_versions_says_so(staff: Client) -> None:
    plan = Plan.objects.create(code="empty", name_en="Empty", name_zh="空")

    assert "This plan has no version yet." in shown(staff, url("plans_compare", plan.pk))


# matrix


def test_the_matrix_shows_prices_values_and_rules(staff: Client) -> None:
    publish_house()

    page = shown(staff, url("plans_matrix"))

    assert "CNY\u00a0210, USD\u00a030" in page
    assert "requires Moderation" in page
    assert "excludes History archive" in page
    assert "Message history in days" in page
    assert 'aria-pressed="true"' in page


def test_a_tick_makes_one_draft_and_changes_it(staff: Client) -> None:
    plan = load()

    for _turn in range(2):
        staff.post(url("plans_matrix"), {"change": "withdraw/growth/modules/moderation"})

    draft = plan.versions.get(number=2)
    assert draft.state == VersionState.DRAFT
    assert not draft.source.get("modules")
    assert plan.versions.count() == 2
    staff.post(url("plans_matrix"), {"change": "offer/growth/modules/moderation"})
    draft.refresh_from_db()
    assert draft.source["modules"] == ["moderation"]
    assert plan.versions.get(number=1).source["modules"] == ["moderation"]


def test_offering_twice_is_offering_once() -> None:
    plan = load()
    asked: dict[str, Any] = {"section": "sla_tiers", "code": "gold", "at": NOW, "by": TESTER}

    for act in (withdraw_part, withdraw_part, offer_part, offer_part):
        draft = act(plan, **asked)

    assert draft.source["sla_tiers"] == ["gold"]
    assert plan.versions.count() == 2


def test_what_is_taken_out_and_put_back_leaves_no_difference(staff: Client) -> None:
    plan = publish_house()["growth"].plan
    asked: dict[str, Any] = {"section": "modules", "code": "moderation", "at": NOW, "by": TESTER}

    withdraw_part(plan, **asked)
    draft = offer_part(plan, **asked)

    sold = plan.versions.get(number=1)
    assert draft.source["modules"] == sold.source["modules"]
    page = shown(staff, url("plans_compare", plan.pk, old=sold.pk, new=draft.pk))
    assert "Nothing. Both charge and grant the same." in page


def test_what_a_draft_lacks_is_said_beside_the_module(staff: Client) -> None:
    publish_house()
    plan = Plan.objects.filter(versions__modules__code="image_moderation").first()
    assert plan is not None

    withdraw_part(plan, section="modules", code="moderation", at=NOW, by=TESTER)

    assert "needs Moderation" in shown(staff, url("plans_matrix"))


@pytest.mark.parametrize(
    "change",
    [
        "",
        "offer",
        "offer/growth",
        "offer/growth/modules/nowhere",
        "drop/growth/modules/x",
        "offer/growth/plans/growth",
    ],
)
def test_an_odd_tick_changes_nothing(staff: Client, change: str) -> None:
    plan = load()

    answer = staff.post(url("plans_matrix"), {"change": change})

    assert answer.status_code in (302, 404)
    assert plan.versions.count() == 1


def test_a_viewer_sees_the_matrix_and_ticks_nothing(client: Client) -> None:
    plan = load()
    staff = viewer(client, "view_plan", "view_planversion")

    page = shown(staff, url("plans_matrix"))

    assert "rc-tick" not in page
    assert staff.post(url("plans_matrix"), {"change": "offer/growth/modules/moderation"}).status_code == 403
    assert plan.versions.count() == 1


# file


def upload(client: Client, text: str | bytes) -> str:
    content = text.encode() if isinstance(text, str) else text
    answer = client.post(url("plans_catalogue"), {"file": SimpleUploadedFile("c.yaml", content)})
    assert answer.status_code == 200
    return answer.content.decode()


def reviewed(page: str) -> dict[str, str]:
    fields = {}
    for name in ("text", "effect"):
        tag = re.search(rf'<input[^>]*name="{name}"[^>]*>', page, re.DOTALL)
        assert tag, name
        value = re.search(r'value="([^"]*)"', tag[0], re.DOTALL)
        fields[name] = html.unescape(value[1]) if value else ""
    return fields


def test_a_file_is_reviewed_then_applied_exactly(staff: Client) -> None:
    page = upload(staff, SOLD)
    assert not Plan.objects.exists()
    given = reviewed(page)

    answer = staff.post(
        url("plans_catalogue_apply"),
        {**given, "text": given["text"].replace("\n", "\r\n"), "reason": "first catalogue"},
    )

    assert answer.status_code == 302
    assert Plan.objects.get().code == "growth"
    assert "The catalogue says all of this already." in upload(staff, SOLD)


def test_the_review_says_it_in_words(staff: Client) -> None:
    load()

    page = upload(staff, SOLD.replace("{price: {flat: 20}}", "{price: {flat: 25}}"))

    assert "the fixed price rises from 20 to 25 (+25 %)." in page
    assert "it keeps its terms" in page


def test_another_text_or_another_catalogue_is_not_applied(staff: Client) -> None:
    given = reviewed(upload(staff, SOLD))

    staff.post(
        url("plans_catalogue_apply"),
        {**given, "text": given["text"].replace("40", "41"), "reason": "sly one"},
    )
    assert not Plan.objects.exists()

    load(SOLD.replace("rank: 20", "rank: 30"))
    answer = staff.post(url("plans_catalogue_apply"), {**given, "reason": "too late"}, follow=True)
    assert "changed since this file was reviewed" in answer.content.decode()
    assert Plan.objects.get().rank == 30


def test_a_reason_is_asked_for_and_the_review_stays(staff: Client) -> None:
    given = reviewed(upload(staff, SOLD))

    answer = staff.post(url("plans_catalogue_apply"), {**given, "reason": ""})

    assert answer.status_code == 200
    assert reviewed(answer.content.decode()) == given
    assert not Plan.objects.exists()


BAD: list[tuple[str | bytes, str]] = [
    (b"\xff\xfe\x00", "not text in UTF-8"),
    (b"x" * (1024 * 1024 + 1), "larger than 1 MB"),
    ("plans: [", "A value is expected here"),
    ("nonsense: 1", "is not a word here"),
    ("- a\n- b", "mapping"),
    ('plans:\n  - code: "a\\0b"\n', "control, direction or broken character"),
    ('plans:\n  - code: "\\ud800"\n', "in double quotes"),
    (SOLD.replace("en: Growth", "en: " + "G" * 121), "at most 120 characters"),
    (SOLD.replace("unit: users", "unit: " + "u" * 33), "at most 32 characters"),
    (SOLD.replace("rank: 20", "rank: 99999999999"), "is outside 0 to"),
    (SOLD.replace("number: 1", "number: 3000000000"), "is outside"),
    (SOLD.replace("2026-01-01", "0001-01-01"), "is outside 2000 to 2999"),
    (SOLD.replace("2026-01-01T00:00:00+08:00", "9999-12-31T23:59:59-12:00"), "is outside 2000 to 2999"),
    (SOLD.replace("en: Growth", 'en: " "'), "is missing"),
    (SOLD.replace("name: {en: Users, zh-Hans: 用户}", "name: {en: Users}"), "“zh-Hans” is missing."),
]


@pytest.mark.parametrize(("text", "said"), BAD)
def test_a_bad_file_gives_problems_and_saves_nothing(staff: Client, text: str | bytes, said: str) -> None:
    page = html.unescape(upload(staff, text))

    assert said in page
    assert not Plan.objects.exists()


def test_every_problem_has_line_column_and_place(staff: Client) -> None:
    page = upload(staff, SOLD.replace("{each: 0.05}", "{eech: 0.05}").replace("rank: 20", "rank: x"))

    assert "There are 2 problems." in page
    assert "plans[0].rank" in page
    line = next(i for i, text in enumerate(SOLD.splitlines(), 1) if "rank: 20" in text)
    assert f'<td class="rc-number">{line}</td>' in page


def test_an_empty_upload_asks_for_a_file(staff: Client) -> None:
    assert staff.post(url("plans_catalogue"), {}).status_code == 200
    assert staff.get(url("plans_catalogue_apply")).status_code == 302
    assert staff.post(url("plans_catalogue_apply"), {}).status_code == 302


def test_the_download_loads_again_and_changes_nothing(staff: Client) -> None:
    publish_house()

    whole = staff.get(url("plans_catalogue_export"))
    part = staff.get(url("plans_catalogue_export", plan="starter"))

    assert whole["Content-Disposition"] == 'attachment; filename="catalogue.yaml"'
    assert part["Content-Disposition"] == 'attachment; filename="starter.yaml"'
    for answer in (whole, part):
        assert "The catalogue says all of this already." in upload(staff, answer.content)
    assert [plan.code for plan in read_catalogue(part.content.decode()).plans] == ["starter"]
    assert staff.get(url("plans_catalogue_export", plan="nowhere")).status_code == 404


def test_a_viewer_downloads_and_loads_nothing(client: Client) -> None:
    load()
    staff = viewer(client, "view_plan", "view_planversion")

    assert staff.get(url("plans_catalogue_export")).status_code == 200
    assert 'type="file"' not in shown(staff, url("plans_catalogue"))
    assert staff.post(url("plans_catalogue"), {"file": SimpleUploadedFile("c", b"")}).status_code == 403
    assert staff.post(url("plans_catalogue_apply"), {}).status_code == 403


# history


def test_the_history_says_who_what_and_why(staff: Client) -> None:
    given = reviewed(upload(staff, SOLD))
    staff.post(url("plans_catalogue_apply"), {**given, "reason": "first catalogue"})
    given = reviewed(upload(staff, SOLD.replace("{price: {flat: 20}}", "{price: {flat: 25}}")))
    staff.post(url("plans_catalogue_apply"), {**given, "reason": "dearer moderation"})
    plan, module = Plan.objects.get(), FeatureModule.objects.get()

    page = shown(staff, url("plans_changes", "module", module.pk))
    whole = shown(staff, url("plans_changes", "plan", plan.pk))

    assert "staff@example.com" in page
    assert "the fixed price rises from 20 to 25" in page
    assert "dearer moderation" in page
    assert "Published, on sale from Dec 31, 2025" in whole
    assert "growth v1" in whole
    assert "first catalogue" in whole


def test_a_version_taken_off_sale_is_told(staff: Client) -> None:
    version = load().versions.get()
    archive_version(version, at=NOW, by=TESTER)

    page = shown(staff, url("plans_changes", "version", version.pk))

    assert "Taken off sale from Nov 20, 2026" in page
    assert "user:tester" in page


def test_the_history_is_cut_into_pages(staff: Client) -> None:
    plan = load()
    for rank in range(40, 70):
        Plan.objects.filter(pk=plan.pk).update(rank=rank)

    first, second_page = (shown(staff, url("plans_changes", "plan", plan.pk, page=n)) for n in (1, 2))

    assert "Page 1 of 2" in first
    assert "It was made." in second_page
    assert staff.get(url("plans_changes", "plan", plan.pk, page="x")).status_code == 200


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("plans_compare", lambda plan: [plan.pk]),
        ("plans_changes", lambda plan: ["plan", plan.pk]),
        ("plans_changes", lambda plan: ["version", plan.versions.first().pk]),
        ("plans_matrix", lambda plan: []),
        ("plans_catalogue", lambda plan: []),
        ("plans_catalogue_export", lambda plan: []),
    ],
)
def test_each_page_needs_a_right(client: Client, name: str, args: Callable[[Plan], list[Any]]) -> None:
    plan = load()
    address = url(name, *args(plan))

    assert viewer(client).get(address).status_code == 403
    client.logout()
    assert client.get(address).status_code == 302


def test_what_is_not_there_is_404(staff: Client) -> None:
    for kind, pk in (("plan", 999), ("nothing", 1), ("module", 999)):
        assert staff.get(url("plans_changes", kind, pk)).status_code == 404
    assert staff.get(url("plans_compare", 999)).status_code == 404


def test_the_pages_cost_the_same_however_much_there_is(staff: Client) -> None:
    plan = load()
    addresses = [
        url("plans_matrix"),
        url("plans_catalogue"),
        url("plans_catalogue_export"),
        url("plans_compare", plan.pk, old=plan.versions.first().pk, new=plan.versions.first().pk),
        url("plans_changes", "plan", plan.pk),
    ]
    second(plan)
    staff.get(url("plans_matrix"))
    few = [cost(staff, address) for address in addresses]

    for number in range(8):
        second(plan)
        twin = Plan.objects.create(code=f"twin{number}", name_en="Twin", name_zh="孪生")
        offer_part(twin, section="modules", code="moderation", at=NOW, by=TESTER)
        FeatureModule.objects.create(code=f"more{number}", name_en="More", name_zh="更多")

    assert [cost(staff, address) for address in addresses] == few


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_menu_leads_to_each_page(staff: Client, language: str) -> None:
    page = staff.get(url("index"), headers={"accept-language": language}).content.decode()

    for name in ("plans_matrix", "plans_catalogue", "billing_releasereview_changelist"):
        assert f'href="{url(name)}"' in page
