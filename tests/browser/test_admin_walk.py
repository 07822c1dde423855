"""The admin in Chromium: no page breaks its content policy, our own pages pass axe, faults lead to lines."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from plans.models import PlanVersion
from plans.services import new_draft, save_source
from tests.admin.test_versions import SOURCE
from tests.admin.world import fill
from tests.browser.conftest import SERIOUS, Visitor
from tests.factories import TESTER, make_user, make_version

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]


def enter(visitor: Visitor) -> None:
    """Carry a staff session into the window."""
    client = Client()
    client.force_login(make_user("staff@example.com", is_staff=True))
    session = client.cookies["sessionid"].value
    visitor.page.context.add_cookies([{"name": "sessionid", "value": session, "url": visitor.address}])


def check(visitor: Visitor) -> None:
    """What we wrote passes axe; the console said nothing, a broken policy included."""
    page = visitor.page
    page.wait_for_load_state("load")
    if page.locator(".rc-page, .rc-cards").count():
        found = Axe().run(
            page, context={"include": [[".rc-page"]]} if page.locator(".rc-page").count() else None
        )
        bad = [one["id"] for one in found.response["violations"] if one["impact"] in SERIOUS]
        assert bad == [], page.url
    assert visitor.complaints == [], page.url


@pytest.mark.parametrize(("language", "theme"), [("zh-hans", "dark")])
def test_staff_walk_the_lists(visit: Any, language: str, theme: str) -> None:
    fill(1)
    with visit(language=language, theme=theme) as visitor:
        enter(visitor)
        visitor.open(reverse("admin:index"))
        check(visitor)
        for model in admin.site._registry:
            visitor.open(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
            check(visitor)


@pytest.mark.parametrize(("language", "theme"), [("zh-hans", "light"), ("en", "dark")])
def test_staff_walk_the_pages_of_our_own(visit: Any, language: str, theme: str) -> None:
    subscription = fill(1)
    version = make_version()
    draft = new_draft(version.plan, by=TESTER)
    save_source(draft, source=SOURCE, by=TESTER)
    customer = subscription.customer
    pages = [
        reverse("admin:billing_version_preview", args=[version.pk]),
        reverse("admin:billing_version_review", args=[draft.pk]),
        reverse("admin:plans_planversion_archive", args=[version.pk]),
        reverse("admin:plans_planversion_change", args=[version.pk]),
        reverse("admin:subscriptions_customer_change", args=[customer.pk]),
        reverse("admin:subscriptions_customer_add_member", args=[customer.pk]),
        reverse("admin:subscriptions_customer_remove_member", args=[customer.pk]),
        reverse("admin:subscriptions_apikey_add"),
        reverse("admin:billing_invoice_change", args=[subscription.invoices.get().pk]),
        reverse("admin:billing_invoice_mark_paid", args=[subscription.invoices.get().pk]),
    ]
    with visit(language=language, theme=theme) as visitor:
        enter(visitor)
        for page in pages:
            visitor.open(page)
            check(visitor)


def test_a_fault_leads_to_its_line(visit: Any) -> None:
    draft = new_draft(make_version().plan, by=TESTER)
    save_source(draft, source={**SOURCE, "modules": ["nowhere"]}, by=TESTER)
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(reverse("admin:plans_planversion_change", args=[draft.pk]))

        page.get_by_role("tab", name="Text").click()
        page.locator("button[data-line]").first.click()

        chosen = page.evaluate(
            "(a => a.value.slice(a.selectionStart, a.selectionEnd))(document.activeElement)"
        )
        assert chosen == "modules: [nowhere]"
        assert page.locator(".rc-lines .rc-bad").count() == 1


def test_a_draft_is_written_priced_and_published(visit: Any) -> None:
    draft = new_draft(make_version().plan, by=TESTER)
    save_source(draft, source=SOURCE, by=TESTER)
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(reverse("admin:plans_planversion_change", args=[draft.pk]))
        page.get_by_role("tab", name="Text").click()
        text = page.locator("textarea[name=source]")
        text.fill(text.input_value().replace("flat: 40", "flat: 45"))
        page.locator("button[name=_continue]").click()
        page.get_by_role("link", name="Price preview").click()
        page.locator("text=USD 45.00").first.wait_for()
        page.get_by_role("link", name="Go back").click()
        page.get_by_role("link", name="Publish…").click()
        page.locator("textarea[name=reason]").fill("A dearer base")
        page.get_by_role("button", name="Publish").click()
        page.locator("text=is published, on sale from").wait_for()

        assert visitor.complaints == []
    assert PlanVersion.objects.get(pk=draft.pk).state == "published"
