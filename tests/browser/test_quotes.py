"""A calculation saved as a quote and accepted: both languages, a narrow window, dark, without script."""

from typing import Any

import pytest

from billing.models import Quote
from subscriptions.models import Subscription
from tests.portal.world import PASSWORD, World

ASKED = "use-mau=4500&use-traffic=250&modules=moderation&sla=gold&seats=5"


@pytest.mark.parametrize(
    ("language", "width", "theme", "script"),
    [("en", 1280, "light", True), ("zh-hans", 360, "dark", True), ("en", 360, "light", False)],
)
def test_from_the_calculator_to_a_subscription(
    world: World, visit: Any, language: str, width: int, theme: str, script: bool
) -> None:
    with visit(language=language, width=width, theme=theme, script=script) as visitor:
        visitor.sign_in("owner@harbour.example", PASSWORD)
        page = visitor.open(f"/plans/growth/?{ASKED}")
        if script:  # the button keeps what the result shows, not what the page was opened with
            page.fill("#id_use-mau", "12000")
            page.wait_for_url("**use-mau=12000**")
            page.wait_for_function("!document.querySelector('#result.htmx-request')")
        if script:
            visitor.check()
        page.click("#result button[form=save-quote]")
        page.wait_for_url("**/quotes/quo_*/")
        quote = Quote.objects.get()
        assert quote.asked["usage"]["mau"] == ("12000" if script else "4500")
        page.locator("details.why summary").first.click()
        if script:
            visitor.check()
        page.click("main a.btn-primary")
        page.wait_for_url("**/subscribe/?quote=**")
        if script:
            visitor.check()
        page.check("input[value=offline]")
        page.click("main button[type=submit]")
        page.wait_for_url("**/invoices/inv_*/")
        visitor.open("/quotes/")
        if script:
            visitor.check()

    assert Subscription.objects.get().quote == quote
