"""Every page renders in both languages, in a constant number of queries, without inline code."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.services.invoicing import issue_start
from tests import factories
from tests.portal.conftest import SignIn
from tests.portal.world import TODAY, World, subscribed

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
OURS = [p for p in TEMPLATES.rglob("*.html") if "admin" not in p.relative_to(TEMPLATES).parts]
PAGES = [
    "/",
    "/usage/",
    "/plans/",
    "/plans/scale/",
    "/quotes/",
    "/subscriptions/",
    "/invoices/",
    "/keys/",
    "/team/",
    "/apps/",
]


def queries(client: Client, page: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(page).status_code == 200
    return len(seen)


def grow(world: World, more: int) -> None:
    """Add apps, members, keys, and agreements with their first invoices."""
    for number in range(more):
        app = factories.make_app(world.customer, name=f"App {number}")
        factories.make_user(customer=world.customer, role="viewer")
        factories.make_key(["usage:read"], world.customer)
        agreement = factories.make_subscription(
            world.customer, world.versions["starter"], app=app, at=TODAY - timedelta(days=3)
        )
        issue_start(agreement, at=TODAY - timedelta(days=3), by=factories.TESTER)


def test_every_page_takes_a_constant_number_of_queries(world: World, sign_in: SignIn) -> None:
    grow(world, 1)
    client = sign_in()
    for page in PAGES:
        client.get(page)  # what is remembered for long is remembered now
    few = {page: queries(client, page) for page in PAGES}

    grow(world, 4)

    many = {page: queries(client, page) for page in PAGES}
    assert {page: many[page] - few[page] for page in PAGES if many[page] > few[page]} == {}


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh-hans", "zh-Hans")])
def test_every_page_is_written_in_the_readers_language(
    world: World, sign_in: SignIn, language: str, tag: str
) -> None:
    subscribed(world, at=TODAY)
    client = sign_in("owner", language)

    for page in [*PAGES, "/payment-method/", "/plans/growth/subscribe/"]:
        response = client.get(page)

        text = response.content.decode()
        assert (page, response.status_code, response["Content-Language"]) == (page, 200, language)
        assert f'<html lang="{tag}"' in text
    assert ("成长版" in client.get("/plans/").content.decode()) == (language == "zh-hans")


def test_nothing_yet_says_the_next_step(world: World, sign_in: SignIn) -> None:
    client = sign_in()

    assert 'href="/plans/"' in client.get("/").content.decode()
    assert "No subscription yet" in client.get("/subscriptions/").content.decode()
    assert "No invoice yet" in client.get("/invoices/").content.decode()
    assert "Nothing is counted yet" in client.get("/usage/").content.decode()


@pytest.mark.parametrize("template", OURS, ids=lambda p: str(p.relative_to(TEMPLATES)))
def test_no_template_carries_inline_code_or_style(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert not re.search(r"\sstyle\s*=", text)
    assert not re.search(r"\son[a-z]+\s*=|hx-on|hx-vals=.js:|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)
    assert "<style" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")
    assert "https://" not in text


def test_errors_are_pages_of_their_own(world: World, sign_in: SignIn) -> None:
    client = sign_in()
    client.raise_request_exception = False

    missing = client.get("/no-such-page/")

    assert missing.status_code == 404
    assert "There is nothing here" in missing.content.decode()
    assert missing["X-Request-Id"] in missing.content.decode()
