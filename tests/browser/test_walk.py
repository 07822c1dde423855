"""Walks through the portal in a real browser, in both languages, light and dark, wide and narrow."""

import re
from typing import Any

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import expect

from billing.models import Invoice
from plans.templatetags.figures import money
from subscriptions.models import Subscription
from tests.portal.world import PASSWORD, TODAY, World, subscribed
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.e2e
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(("language", "width", "theme"), [("en", 1280, "light"), ("zh-hans", 360, "dark")])
def test_from_signing_in_to_why_a_line_has_its_amount(
    world: World, visit: Any, language: str, width: int, theme: str
) -> None:
    with visit(language=language, width=width, theme=theme) as visitor, override(language):
        page = visitor.page
        visitor.sign_in("owner@harbour.example", PASSWORD)
        visitor.check()

        visitor.open("/plans/")
        expect(page.locator(".offer h2")).to_have_text([v.plan.name for v in world.versions.values()])
        visitor.check()
        page.locator(".offer .btn").nth(1).click()
        page.wait_for_url(re.compile(r"/plans/\w+/"))  # loaded: the live total listens from then on

        page.fill("#id_use-mau", "4500")  # three started thousands above 2,000
        result = page.locator("#result")
        expect(result).to_contain_text(money(42000, "CNY"))
        page.check("#c-modules-moderation")
        expect(result).to_contain_text(money(98000, "CNY"))  # 700 and 280 due today
        visitor.check()
        page.locator("#result a.btn").click()

        page.check("input[name=collection][value=offline]")
        visitor.check()
        page.locator("form.calc button[type=submit]").click()

        page.wait_for_url("**/invoices/inv_*/")
        invoice = Invoice.objects.get()
        expect(page.locator("h1")).to_contain_text(str(invoice.number))
        page.locator("tbody a").first.click()
        expect(page.locator(".why-box .reasons li").first).to_be_visible()
        visitor.check()
        page.locator("tbody a").first.click()
        expect(page.locator(".why-box")).to_have_count(0)
        if language == "zh-hans":
            assert all(CHINESE.search(text) for text in page.locator("h1, h2, dt").all_inner_texts())


def test_every_other_page_is_accessible_in_the_dark(world: World, visit: Any) -> None:
    subscribed(world, at=TODAY)
    with visit(theme="dark") as visitor:
        visitor.open("/accounts/login/")
        visitor.check()
        visitor.sign_in("owner@harbour.example", PASSWORD)
        for path in ("/usage/", "/subscriptions/", "/keys/", "/team/", "/apps/", "/payment-method/"):
            visitor.open(path)
            visitor.check()
            visitor.page.set_viewport_size({"width": 360, "height": 800})
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360, path
            visitor.page.set_viewport_size({"width": 1280, "height": 900})
        agreement = Subscription.objects.get()
        visitor.open(f"/subscriptions/{agreement.public_id}/cancel/")
        visitor.check()


def test_a_chart_that_has_not_heard_of_a_narrow_window_does_not_hold_it_open(
    world: World, visit: Any
) -> None:
    subscribed(world, at=TODAY)
    with visit() as visitor:
        visitor.sign_in("owner@harbour.example", PASSWORD)
        visitor.open("/usage/")
        deaf = "addEventListener('resize', event => event.stopImmediatePropagation(), {capture: true})"
        visitor.page.evaluate(deaf)
        visitor.page.set_viewport_size({"width": 360, "height": 800})

        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_reader_chooses_language_and_light(world: World, visit: Any) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.sign_in("viewer@harbour.example", PASSWORD)
        root = page.locator("html")

        page.click("[data-theme-toggle]")
        expect(root).to_have_attribute("data-bs-theme", "dark")
        visitor.open("/usage/")
        expect(root).to_have_attribute("data-bs-theme", "dark")

        page.click("button[name=language]")
        expect(root).to_have_attribute("lang", "zh-Hans")
        assert page.url.endswith("/usage/")
        assert visitor.complaints == []


def test_it_all_works_without_script(world: World, visit: Any) -> None:
    with visit(script=False) as visitor:
        page = visitor.page
        visitor.sign_in("owner@harbour.example", PASSWORD)

        visitor.open("/plans/growth/")
        page.fill("#id_use-mau", "4500")
        page.get_by_role("button", name="Calculate", exact=True).click()
        expect(page.locator("#result")).to_contain_text("CN¥420.00")
        page.locator("#result a.btn").click()
        page.check("input[name=collection][value=offline]")
        page.locator("form.calc button[type=submit]").click()

        page.wait_for_url("**/invoices/inv_*/")
        page.locator("tbody a").first.click()
        page.wait_for_url("**/why/")
        expect(page.locator(".reasons li").first).to_be_visible()


def test_a_card_is_added_on_the_hosted_page(world: World, visit: Any, sandbox: SandboxProcess) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.sign_in("billing@harbour.example", PASSWORD)
        visitor.open("/payment-method/")

        page.locator("main form button").click()
        page.wait_for_url(f"{sandbox.url}/**")
        page.locator("form button").first.click()

        page.wait_for_url(f"{visitor.address}/payment-method/")
        with override("en"):
            said = gettext("The card ending in %(last4)s is on file; open invoices are charged to it.")
        expect(page.locator("main")).to_contain_text(said % {"last4": "4242"})
        visitor.check()


def test_a_hurried_double_click_subscribes_once(world: World, visit: Any) -> None:
    with visit() as visitor:
        page = visitor.page
        visitor.sign_in("owner@harbour.example", PASSWORD)
        visitor.open("/plans/starter/subscribe/")
        page.check("input[name=collection][value=offline]")

        page.locator("form.calc button[type=submit]").dblclick(no_wait_after=True)

        page.wait_for_url("**/invoices/inv_*/")
        assert Subscription.objects.count() == 1
