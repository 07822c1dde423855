"""`dev.py screenshots`: the pictures of the READMEs, taken from the running copy in both languages."""

import argparse
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from config.dev.errors import Refused
from config.dev.places import ROOT

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)  # fmt: skip
LANGUAGES = {"en": ("en", "en-US"), "zh": ("zh-hans", "zh-CN")}  # file suffix -> cookie, browser's locale
SIZE = {"width": 1280, "height": 1000}
Found = Mapping[str, Any]


def running(folder: Path) -> Found:
    """Return the running copy's run.json; Refused when nothing runs or the demo world is missing."""
    path = folder / "run.json"
    if not path.is_file():
        raise Refused(f"Nothing runs in {folder}. Start it first: python3 dev.py run")
    found: Found = json.loads(path.read_text(encoding="utf-8"))
    if not found["logins"].get("owner"):
        raise Refused("This copy has no demo world. Start one without --no-demo.")
    return found


def chromium() -> str:
    """Return the system's Chromium; Refused with the command that brings it."""
    for name in BROWSERS:
        if path := shutil.which(name):
            return path
    raise Refused("No Chromium was found. Run: apt-get install -y chromium fonts-noto-cjk")


@contextmanager
def signed_in(browser: Browser, found: Found, role: str, language: str) -> Iterator[Page]:
    """Open a window signed in as a role, in a language."""
    cookie, locale = LANGUAGES[language]
    context = browser.new_context(
        viewport=SIZE,  # type: ignore[arg-type]  # a TypedDict of the same two keys
        locale=locale,
        color_scheme="light",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "django_language", "value": cookie, "url": found["portal"]}])
    page = context.new_page()
    page.goto(found["login_url"])
    login = found["logins"][role]
    page.fill("#id_login", login["email"])
    page.fill("#id_password", login["password"])
    page.click("main form button[type=submit]")
    page.wait_for_load_state("networkidle")
    yield page
    context.close()


def overview(page: Page, found: Found) -> None:
    """Show plan, usage, upcoming bill."""
    page.goto(f"{found['portal']}/")
    page.wait_for_load_state("networkidle")


def price_list(page: Page, found: Found) -> None:
    """Show the plans side by side."""
    page.goto(f"{found['portal']}/plans/")


def calculator(page: Page, found: Found) -> None:
    """Show a price worked out for a month's figures."""
    page.goto(f"{found['portal']}/plans/growth/?use-mau=12000&use-traffic=450&modules=moderation&sla=gold")


def invoice(page: Page, found: Found) -> None:
    """Show the newest invoice with the reasons of its first line that has a quantity."""
    page.goto(f"{found['portal']}/invoices/")
    page.locator("tbody a").first.click()
    page.wait_for_load_state("networkidle")
    page.locator("tbody tr:has(td.num .muted) a").first.click()
    page.locator(".why-box").first.wait_for()


def admin(page: Page, found: Found) -> None:
    """Show the provider's desk."""
    page.goto(f"{found['admin']}/")
    page.wait_for_load_state("networkidle")


PICTURES: dict[str, tuple[str, Callable[[Page, Found], None]]] = {
    "portal": ("owner", overview),
    "plans": ("owner", price_list),
    "calculator": ("owner", calculator),
    "invoice": ("owner", invoice),
    "admin": ("staff", admin),
}


def take(browser: Browser, found: Found, target: Path) -> Iterator[Path]:
    """Take every picture in every language."""
    for language in LANGUAGES:
        for name, (role, show) in PICTURES.items():
            with signed_in(browser, found, role, language) as page:
                show(page, found)
                path = target / f"{name}-{language}.png"
                page.screenshot(path=path)
                yield path


def main(arguments: Sequence[str]) -> int:
    """Join the running copy and write the pictures."""
    parser = argparse.ArgumentParser(prog="dev.py screenshots")
    parser.add_argument("--data", type=Path, default=ROOT / "var", help="state folder of the running copy")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images", help="where the pictures go")
    options = parser.parse_args(arguments)
    found = running(options.data.expanduser().resolve())
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        for path in take(browser, found, options.out):
            print(f"  {path}", flush=True)
        browser.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Refused as refusal:
        sys.exit(f"ratecard: {refusal}")
