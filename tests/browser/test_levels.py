"""From an invoice down to raw events and out with the audit kit, in a real browser, in both languages."""

import io
import re
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect

from billing.audit.pack import kit_zip
from tests.billing import test_fine_proofs as fine
from tests.factories import make_user
from tests.portal.world import PASSWORD

pytestmark = pytest.mark.e2e
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize(
    ("what", "language", "width", "theme"),
    [
        ("users of bands", "en", 1280, "light"),
        ("users of bands", "zh-hans", 360, "dark"),
        ("worths", "zh-hans", 1280, "light"),
        ("bands", "en", 360, "dark"),
    ],
)
def test_from_why_to_the_events_and_the_kit(
    transactional_db: None, settings: Any, visit: Any, what: str, language: str, width: int, theme: str
) -> None:
    settings.RATECARD_CLOCK = "tests.portal.world.today"
    invoice = fine.FINE[what][0]()
    make_user("reader@harbour.example", customer=invoice.customer, role="owner", password=PASSWORD)

    with visit(language=language, width=width, theme=theme) as visitor:
        page = visitor.page
        visitor.sign_in("reader@harbour.example", PASSWORD)
        visitor.open(f"/invoices/{invoice.public_id}/")
        page.locator("tbody a[data-opens]").first.click()
        expect(page.locator(".why-box .why-headline")).to_be_visible()
        visitor.check()
        page.locator(".why-box .reasons a").first.click()
        page.wait_for_url("**/readings/rdg_*/")
        assert page.locator("tbody tr").count() == fine.FINE[what][1]
        visitor.check()
        _speaks(page, language)
        page.locator("tbody a").first.click()
        page.wait_for_url("**/cells/1/")
        expect(page.locator("tbody tr").first).to_be_visible()
        visitor.check()
        _speaks(page, language)
        visitor.open(f"/invoices/{invoice.public_id}/")
        with page.expect_download() as waiting:
            page.locator("a[href$='/audit-kit/']").click()
        kit = waiting.value.path().read_bytes()
        visitor.check()

    assert kit == kit_zip(invoice)
    assert "verify.py" in zipfile.ZipFile(io.BytesIO(kit)).namelist()


def _speaks(page: Any, language: str) -> None:
    """Headings and what stands beside facts are in the reader's language."""
    texts = page.locator("h1, h2, th, dt").all_inner_texts()
    assert texts
    if language == "zh-hans":
        assert all(CHINESE.search(text) for text in texts), texts
