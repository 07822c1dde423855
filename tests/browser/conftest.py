"""A real Chromium against a live server; every page visited is checked for errors and by axe."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.portal.world import TODAY, World, make_world
from tests.sandbox_process import SandboxProcess, start_sandbox

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
]  # fmt: skip
SERIOUS = {"serious", "critical"}

# Playwright's event loop runs in this thread, so Django takes every query for a call from async code.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"


class Visitor:
    """One person at one window. What the console says against a page is kept in `complaints`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _console(self, message: Any) -> None:
        ours = str(message.location.get("url", "")).startswith(self.address)
        if ours and message.type in {"error", "warning"}:
            self.complaints.append(message.text)

    def open(self, path: str) -> Page:
        """Go to a page of the portal."""
        answer = self.page.goto(f"{self.address}{path}")
        assert answer is not None
        assert answer.status < 400, (path, answer.status)
        return self.page

    def sign_in(self, email: str, password: str) -> None:
        """Use the sign-in form."""
        self.open("/accounts/login/")
        self.page.fill("#id_login", email)
        self.page.fill("#id_password", password)
        self.page.click("main form button[type=submit]")
        self.page.wait_for_url(f"{self.address}/")

    def check(self) -> None:
        """The page fits its window, axe finds nothing serious, the console has said nothing."""
        wide = self.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{self.page.url} is {wide} pixels too wide"
        found = Axe().run(self.page).response["violations"]
        bad = [
            (one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS
        ]
        assert bad == [], self.page.url
        assert self.complaints == [], self.page.url


@pytest.fixture(scope="session")
def chrome() -> Iterator[Browser]:
    if CHROMIUM is None:
        sentence = "No Chromium was found; the browser tests need one (apt-get install chromium)."
        if os.environ.get("REQUIRE_E2E") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def world(transactional_db: None, settings: Any) -> World:
    settings.RATECARD_CLOCK = "tests.portal.world.today"
    return make_world(at=TODAY)


@pytest.fixture
def visit(chrome: Browser, live_server: Any) -> Any:
    """Open a window: `with visit(language=…, width=…, theme=…, script=…) as visitor`."""

    @contextmanager
    def window(
        *, language: str = "en", width: int = 1280, theme: str = "light", script: bool = True
    ) -> Iterator[Visitor]:
        context = chrome.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=theme,  # type: ignore[arg-type]
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        context.set_default_timeout(15_000)
        context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        yield Visitor(context.new_page(), live_server.url)
        context.close()

    return window


@pytest.fixture
def sandbox(tmp_path: Path, settings: Any) -> Iterator[SandboxProcess]:
    process = start_sandbox(tmp_path)
    settings.STRIPE_API_KEY = settings.STRIPE_SANDBOX_KEY
    settings.STRIPE_API_BASE = process.url
    yield process
    process.stop()
