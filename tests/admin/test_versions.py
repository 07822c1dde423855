"""A draft is edited as text with its faults at their lines; a published version is only looked at."""

import html
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse

from plans.actor import Actor
from plans.admin.source import source_text
from plans.models import Plan, PlanVersion
from plans.services import new_draft, publish_version, save_source
from tests.admin.conftest import opened, shown
from tests.factories import NOW, TESTER, make_subscription, make_version

pytestmark = pytest.mark.django_db

GOOD = """\
terms:
  currency: [USD, CNY]
  round: {line: minor}
  charges:
  - code: base
    name: {en: Base, zh-Hans: 基础费}
    tags: [plan]
    steps:
    - price: {pick: currency, cases: {USD: {flat: 40}, CNY: {flat: 280}}}
entitlements: {}
"""
SOURCE: dict[str, Any] = {
    "terms": {
        "currency": ["USD", "CNY"],
        "round": {"line": "minor"},
        "charges": [
            {
                "code": "base",
                "name": {"en": "Base", "zh-Hans": "基础费"},
                "tags": ["plan"],
                "steps": [
                    {"price": {"pick": "currency", "cases": {"USD": {"flat": "40"}, "CNY": {"flat": "280"}}}}
                ],
            }
        ],
    }
}


def plan() -> Plan:
    return Plan.objects.create(code="growth", name_en="Growth", name_zh="成长版")


def draft(source: dict[str, Any] | None = None) -> PlanVersion:
    made = new_draft(plan(), by=TESTER)
    return save_source(made, source=source, by=TESTER) if source else made


def change(version: PlanVersion) -> str:
    return reverse("admin:plans_planversion_change", args=[version.pk])


def review(version: PlanVersion) -> str:
    return reverse("admin:billing_version_review", args=[version.pk])


def save(client: Client, version: PlanVersion, text: str) -> Any:
    url = change(version)
    return client.post(url, {**opened(client, url), "source": text, "comment": "why", "_continue": "1"})


def test_a_draft_is_saved_from_its_text(staff: Client) -> None:
    version = draft()

    answer = save(staff, version, GOOD)

    version.refresh_from_db()
    assert answer.status_code == 302
    assert version.source["terms"]["charges"][0]["code"] == "base"
    assert version.comment == "why"


def test_the_text_shown_is_the_text_saved(staff: Client) -> None:
    version = draft()
    save(staff, version, GOOD)

    page = shown(staff, change(version))

    version.refresh_from_db()
    assert html.escape(source_text(version)) in page
    assert "- code: base\n    name:" in page  # the order of the grammar, not of the JSON column
    assert "None. The draft can be published." in page


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("terms:\n  currency: USD\n  charges:\n  - code: base\n    stesp: []\n", 5, "stesp"),
        ("terms:\n  currency: USD\n  currency: CNY\n", 3, "written twice"),
        ("terms: {}\nnumber: 7\n", 2, "number"),
        ("terms: {}\nclosing: [\n", 3, "A value is expected here"),
        ("terms: &a {}\nclosing: *a\n", 2, "Anchors"),
    ],
)
def test_a_fault_of_shape_is_refused_at_its_line(staff: Client, text: str, line: int, fault: str) -> None:
    version = draft(SOURCE)

    answer = save(staff, version, text)

    page = answer.content.decode()
    version.refresh_from_db()
    assert answer.status_code == 200
    top = page.split("data-refused>")[1].split("</div>")[0]  # above the text, before the fields
    assert f'data-line="{line}"' in top
    assert fault in top
    assert "listed above the text" in page
    assert str(line) in page.split('data-bad-lines="')[1].split('"')[0].split(",")
    assert version.source == SOURCE


def test_every_fault_of_meaning_is_saved_and_listed_with_its_line(staff: Client) -> None:
    version = draft()
    text = GOOD.replace("entitlements: {}", "modules: [nowhere]\nsla_tiers: [gold]")

    save(staff, version, text)

    page = shown(staff, change(version))
    version.refresh_from_db()
    lines = source_text(version).splitlines()
    assert f'data-line="{lines.index("modules: [nowhere]") + 1}"' in page
    assert f'data-line="{lines.index("sla_tiers: [gold]") + 1}"' in page
    assert "Saved as a draft. 2 problems stand in the way of publishing it." in page


def test_two_staff_do_not_overwrite_each_other(staff: Client) -> None:
    version = draft(SOURCE)
    mine = opened(staff, change(version))
    save(staff, version, GOOD.replace("40", "41"))

    answer = staff.post(change(version), {**mine, "source": GOOD.replace("40", "42"), "comment": ""})

    version.refresh_from_db()
    assert "Somebody else changed this row" in answer.content.decode()
    assert "41" in str(version.source)


def test_a_published_version_is_not_changed_by_a_form(staff: Client) -> None:
    version = make_version()
    before = (version.terms, version.terms_hash, version.source)

    answer = staff.post(change(version), {"source": GOOD, "comment": "x", "state": "draft"})

    version.refresh_from_db()
    assert answer.status_code == 403
    assert (version.terms, version.terms_hash, version.source) == before
    assert staff.get(change(version)).content.count(b'name="_save"') == 0
    assert staff.post(reverse("admin:plans_planversion_delete", args=[version.pk])).status_code == 403


def test_the_database_keeps_a_published_version_as_well() -> None:
    version = make_version()

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE plans_planversion SET terms_hash = %s WHERE id = %s", ["b" * 64, version.pk])


def test_a_version_is_published_from_its_review(staff: Client) -> None:
    version = draft(SOURCE)
    reviewed = hidden(staff, version)

    answer = staff.post(review(version), {"reason": "November prices", "reviewed": reviewed})

    version.refresh_from_db()
    assert answer.status_code == 302
    assert version.state == "published"
    assert version.published_by.startswith("user:")
    assert LogEntry.objects.get().get_change_message().endswith("November prices")


def test_the_review_lists_all_faults_and_offers_no_publishing(staff: Client) -> None:
    version = draft({**SOURCE, "modules": ["nowhere"], "support_tiers": ["missing"]})

    page = shown(staff, review(version))
    answer = staff.post(review(version), {"reason": "please", "reviewed": "x"})

    version.refresh_from_db()
    assert "nowhere" in page
    assert "missing" in page
    assert 'name="reviewed"' not in page
    assert answer.status_code == 200
    assert version.state == "draft"


def test_a_draft_that_moved_since_its_review_is_not_published(staff: Client) -> None:
    version = draft(SOURCE)
    reviewed = hidden(staff, version)
    save(staff, version, GOOD.replace("40", "400"))

    answer = staff.post(review(version), {"reason": "please", "reviewed": reviewed})

    version.refresh_from_db()
    assert "changed since it was reviewed" in answer.content.decode()
    assert version.state == "draft"


def test_a_past_date_is_refused(staff: Client) -> None:
    version = draft(SOURCE)
    reviewed = hidden(staff, version)

    answer = staff.post(
        review(version), {"reason": "please", "reviewed": reviewed, "effective_at": "2020-01-01T00:00"}
    )

    assert "The date lies in the past" in answer.content.decode()


def test_the_review_says_whom_it_touches_and_what_changes(staff: Client) -> None:
    sold = make_version()
    make_subscription(version=sold)
    next_one = new_draft(sold.plan, by=TESTER)
    terms = {
        "currency": "USD",
        "charges": [{**SOURCE["terms"]["charges"][0], "steps": [{"price": {"flat": "50"}}]}],
    }
    save_source(next_one, source={"terms": terms}, by=TESTER)

    page = shown(staff, review(next_one))

    assert "1 live subscription" in page
    assert "USD 40.00" in page
    assert "USD 50.00" in page
    assert "USD 10.00" in page
    assert "No longer sold in: CNY." in page


def test_the_preview_rates_a_basket_with_the_reason_of_each_amount(staff: Client) -> None:
    version = make_version()
    url = reverse("admin:billing_version_preview", args=[version.pk])

    page = shown(staff, f"{url}?term=monthly&currency=CNY&seats=0&options=sla.gold")

    assert "CNY 280.00" in page
    assert "How it comes about" in page
    assert 'value="sla.gold" checked' in page.replace("\n", " ") or "checked" in page


def test_a_draft_can_be_priced_before_it_is_published(staff: Client) -> None:
    page = shown(staff, reverse("admin:billing_version_preview", args=[draft(SOURCE).pk]))

    assert "USD 40.00" in page


def test_a_faulty_draft_has_no_price_but_its_faults(staff: Client) -> None:
    version = draft({**SOURCE, "modules": ["nowhere"]})

    page = shown(staff, reverse("admin:billing_version_preview", args=[version.pk]))

    assert "nowhere" in page


def test_a_new_version_copies_the_text(staff: Client) -> None:
    version = draft(SOURCE)

    staff.post(reverse("admin:plans_planversion_new_version", args=[version.pk]))

    assert PlanVersion.objects.get(number=2).source == version.source


def test_archiving_needs_a_post(staff: Client) -> None:
    version = make_version()
    url = reverse("admin:plans_planversion_archive", args=[version.pk])

    staff.get(url)
    version.refresh_from_db()
    assert version.state == "published"

    staff.post(url)
    version.refresh_from_db()
    assert version.state == "archived"


def hidden(client: Client, version: PlanVersion) -> str:
    """Return what the review page vouches for."""
    return shown(client, review(version)).split('name="reviewed" value="')[1].split('"')[0]


def test_a_person_is_named_by_address_where_a_version_says_who_published_it(staff: Client) -> None:
    who = get_user_model().objects.get()
    version = draft(SOURCE)
    publish_version(version, effective_at=NOW, at=NOW, by=Actor(f"user:{who.pk}"))

    for address in (reverse("admin:plans_planversion_changelist"), change(version)):
        page = shown(staff, address)
        assert f"user:{who.pk}" not in page
        assert who.email in page.split("</header>")[-1]


def test_a_published_version_is_read_in_the_forms_that_drafts_are_edited_with(staff: Client) -> None:
    version = draft(SOURCE)
    publish_version(version, effective_at=NOW, at=NOW, by=TESTER)

    page = shown(staff, change(version))

    read = page.split('<fieldset disabled class="rc-read">')[1].split("</fieldset>")[0]
    assert 'data-editor="read"' in read
    assert "data-preview" not in read  # nothing to try out
    assert "ratecard/editor/main.js" in page
    answer = staff.post(change(version), {"source": "terms: {}", "read": "terms: {}", "read-document": "{}"})
    version.refresh_from_db()
    assert answer.status_code == 403
    assert version.source == SOURCE
