"""A plan manager at work: draft, edit bands, preview, blast radius, publish; then the customer's price."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Locator, Page, expect

from billing.admin import samples
from billing.admin.shown import priced
from billing.models import Quote
from plans.catalogue import read_catalogue
from plans.models import Plan, PlanVersion
from plans.selectors_catalogue import draft_terms
from plans.services import new_draft, save_source
from plans.terms import to_tree
from tests.browser.conftest import SERIOUS, Visitor
from tests.browser.test_admin_walk import enter
from tests.factories import TESTER, make_user
from tests.portal.world import PASSWORD, World

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
ROOT = Path(__file__).resolve().parents[2]
TRAFFIC = "terms.charges[3].steps[0].price.cases.CNY"


def growth(world: World) -> PlanVersion:
    sold = world.versions["growth"]
    return new_draft(sold.plan, clone=sold, by=TESTER)


def change(version: PlanVersion) -> str:
    return reverse("admin:plans_planversion_change", args=[version.pk])


def sign_in(visitor: Visitor) -> Page:
    """Come in by the one door there is."""
    page = visitor.open(reverse("admin:index"))
    page.fill("#id_login", "staff@example.com")
    page.fill("#id_password", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(f"{visitor.address}{reverse('admin:index')}")
    return page


def unfold(page: Page, name: str) -> None:
    """Open the charge of that name."""
    page.locator("summary", has_text=name).first.click()


def bands(page: Page, path: str = TRAFFIC) -> Locator:
    return page.locator(f'[data-path="{path}"] table.rc-bands').first


def cell(page: Page, column: str, row: int, path: str = TRAFFIC) -> Locator:
    return bands(page, path).get_by_label(f"{column}, row {row}", exact=True)


def column(page: Page, name: str) -> list[str]:
    """Return what stands in a column, from the top."""
    inputs = bands(page).locator(f'input[aria-label^="{name}, "]')
    return [inputs.nth(index).input_value() for index in range(inputs.count())]


def rated_at_each_scale(draft: PlanVersion) -> list[tuple[str, str]]:
    """Return what a month costs by the rater itself, at 1,000, 10,000 and 100,000 users."""
    terms = draft_terms(draft)
    meters = samples.meters_in(terms)
    found = []
    for users in samples.SCALES:
        amount = samples.first_month(terms, "USD", samples.assumed_usage(meters, users))
        assert isinstance(amount, int)
        found.append((f"{users:,}", priced(amount, "USD")))
    return found


def accessible(page: Page) -> None:
    found = Axe().run(page, context={"include": [[".rc-editor"]]}).response["violations"]
    bad = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found if one["impact"] in SERIOUS]
    assert bad == []


def test_from_draft_to_the_customers_price(world: World, visit: Any) -> None:
    make_user("staff@example.com", is_staff=True, password=PASSWORD)
    plan = Plan.objects.get(code="growth")
    with visit() as visitor:
        page = sign_in(visitor)
        visitor.open(reverse("admin:plans_plan_change", args=[plan.pk]))
        page.get_by_role("link", name="New version").click()
        page.get_by_role("button", name="Make the draft").click()
        live = page.locator("[data-live]")
        expect(live).to_have_attribute("data-state", "fresh")

        live.get_by_label("Currency").select_option("CNY")
        live.get_by_label("Traffic (GB)").fill("500")
        own = live.locator("tr", has=page.get_by_role("rowheader", name="Own figures"))
        expect(own).to_contain_text("CNY 1,190.00")  # 700, 200 GB at 1.4 and 200 GB at 1.05
        expect(own).to_contain_text("unchanged against growth v1")

        unfold(page, "Traffic")
        cell(page, "up to", 2).fill("200")
        cell(page, "each", 2).fill("2")
        expect(own).to_contain_text("CNY 1,215.00")  # 700, 100 GB at 2 and 300 GB at 1.05
        expect(own).to_contain_text("+CNY 25.00")

        page.locator(f'[data-path="{TRAFFIC}"] [data-add-row]').first.click()
        cell(page, "up to", 5).fill("400")
        cell(page, "each", 5).fill("1.5")
        faults = page.locator("[data-problems]")
        expect(faults).to_contain_text("Only the last band may be open")
        expect(bands(page)).to_contain_text("Only the last band may be open")
        tbody = bands(page).locator("tbody")
        tbody.nth(4).get_by_label("Move up: row 5").click()
        tbody.nth(3).get_by_label("Move up: row 4").press("Enter")
        expect(faults).to_contain_text("Nothing keeps this draft from being published.")
        assert column(page, "up to") == ["100", "200", "400", "1000", ""]
        assert column(page, "each") == ["0", "2", "1.5", "1.05", "0.7"]
        expect(own).to_contain_text("CNY 1,305.00")  # 700, 200, 200 GB at 1.5, 100 GB at 1.05

        page.locator("button[name=_continue]").click()
        expect(page.locator("body")).to_contain_text("was changed successfully")
        draft = PlanVersion.objects.get(plan=plan, number=2)
        expect(live).to_have_attribute("data-state", "fresh")
        for users, price in rated_at_each_scale(draft):
            row = live.locator("tr", has=page.get_by_role("rowheader", name=f"{users} users", exact=True))
            expect(row).to_contain_text(price)
        tariff = draft.source["terms"]["charges"][3]["steps"][0]["price"]["cases"]["CNY"]
        assert tariff["bands"][2] == {"upto": "400", "each": "1.5"}

        page.get_by_role("link", name="Publish…").click()
        expect(page.locator("h1.rc-title")).to_have_text("Publish growth v2")
        page.locator("textarea[name=reason]").fill("Traffic costs us more")
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator("body")).to_contain_text("is published, on sale from")
        assert visitor.complaints == []

    with visit() as customer:
        customer.sign_in("owner@harbour.example", PASSWORD)
        page = customer.open("/plans/growth/")
        page.fill("#id_use-traffic", "500")
        result = page.locator("#result")
        expect(result.locator(".big")).to_have_text("CN¥1,305.00")
        result.locator("a.btn").click()
        page.wait_for_url(re.compile("/plans/growth/subscribe/"))
        expect(page.locator("main")).to_contain_text("CN¥700.00")

        page = customer.open("/plans/growth/?use-traffic=500")
        page.get_by_role("button", name="Save this quote").click()
        page.wait_for_url(re.compile("/quotes/quo_"))
        quote = Quote.objects.get()
        assert (quote.plan_version, quote.start_total) == (draft, 70_000)
        expect(page.locator("main")).to_contain_text(quote.number)
        expect(page.locator("main")).to_contain_text("CN¥605.00")  # the traffic of the month
        assert customer.complaints == []


def test_a_plan_is_written_from_nothing(world: World, visit: Any) -> None:
    plan = Plan.objects.create(code="fresh", name_en="Fresh", name_zh="新套餐")
    draft = new_draft(plan, by=TESTER)
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(draft))
        faults = page.locator("[data-problems]")
        expect(page.locator("[data-live-status]")).to_have_text(
            "There is no price until what is listed is mended."
        )

        page.get_by_label("Kind: currency").select_option(label="one currency")
        page.locator('[data-path="terms.currency"] input').fill("USD")
        page.get_by_role("button", name="Add: charges").click()
        charge = page.locator('[data-path="terms.charges[0]"]')
        expect(charge.get_by_label("code", exact=True)).to_be_focused()
        charge.get_by_label("code", exact=True).fill("base")
        charge.get_by_label("English").fill("Base fee")
        charge.get_by_label("Chinese").fill("基础费")
        charge.get_by_role("button", name="Add: steps").click()
        page.get_by_label("Kind: row 1").select_option("price")
        expect(faults).to_contain_text("names no price")
        charge.get_by_label("flat", exact=True).fill("9")

        expect(faults).to_contain_text("Nothing keeps this draft from being published.")
        expect(page.locator("[data-live-result]")).to_contain_text("USD 9.00")
        expect(charge.locator("summary")).to_contain_text("Base fee")
        page.locator("button[name=_continue]").click()
        expect(page.locator("body")).to_contain_text("was changed successfully")
        assert visitor.complaints == []
    draft.refresh_from_db()
    name = {"en": "Base fee", "zh-Hans": "基础费"}
    steps = [{"price": {"flat": "9"}}]
    assert draft.source == {
        "terms": {"currency": "USD", "charges": [{"code": "base", "name": name, "steps": steps}]}
    }


def test_rows_are_moved_by_dragging_and_by_keyboard(world: World, visit: Any) -> None:
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(growth(world)))
        unfold(page, "Traffic")
        tbody = bands(page).locator("tbody")

        tbody.nth(2).locator(".rc-handle").drag_to(tbody.nth(0))
        assert column(page, "up to") == ["1000", "100", "300", ""]
        tbody.nth(0).get_by_label("Move down: row 1").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")  # the focus went along
        assert column(page, "up to") == ["100", "300", "1000", ""]
        expect(page.locator("[data-said]")).to_have_text("Moved to position 3 of 4.")

        tbody.nth(1).get_by_label("Remove: row 2").click()
        assert column(page, "up to") == ["100", "1000", ""]
        expect(tbody.nth(1).get_by_label("Remove: row 2")).to_be_focused()


def test_a_formula_is_built_from_names_and_unmade(world: World, visit: Any) -> None:
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(growth(world)))
        unfold(page, "Active users")
        step = page.locator('[data-path="terms.charges[2].steps[0].included"]')

        step.locator("input").focus()
        offered = page.locator(f"#{step.locator('input').get_attribute('list')} option")
        names = [offered.nth(index).get_attribute("value") for index in range(offered.count())]
        assert {"mau", "seats", "module.moderation"} <= set(names)

        step.get_by_label("Formula: included").click()
        step.locator("select.rc-shape").select_option("times")
        operand = page.locator('[data-path="terms.charges[2].steps[0].included.times[1]"] input')
        operand.fill("seats")
        tree = page.evaluate("document.querySelector('[data-editor]').editor.root()")
        assert tree["terms"]["charges"][2]["steps"][0] == {"included": {"times": ["2000", "seats"]}}

        step.get_by_role("button", name="Plain number").first.click()
        expect(step.locator("input")).to_have_value("2000")
        expect(page.locator("[data-live]")).to_have_attribute("data-state", "fresh")
        assert visitor.complaints == []


def test_one_price_becomes_a_price_for_each_currency(world: World, visit: Any) -> None:
    draft = growth(world)
    source = {
        "terms": {
            "currency": ["USD", "CNY"],
            "charges": [{"code": "fee", "steps": [{"price": {"flat": "9"}}]}],
        }
    }
    save_source(draft, source=source, by=TESTER)
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(draft))
        unfold(page, "fee")

        page.locator(".rc-shaped-tariff select.rc-shape").first.select_option("choice")

        tree = page.evaluate("document.querySelector('[data-editor]').editor.root()")
        cases = {"USD": {"flat": "9"}, "CNY": {"flat": "9"}}
        assert tree["terms"]["charges"][0]["steps"] == [{"price": {"pick": "currency", "cases": cases}}]


def test_a_fault_is_beside_its_field_and_the_list_leads_there(world: World, visit: Any) -> None:
    draft = growth(world)
    source = json.loads(json.dumps(draft.source))
    source["terms"]["charges"][3]["steps"][0]["price"]["cases"]["CNY"]["bands"][1]["upto"] = "50"
    save_source(draft, source=source, by=TESTER)
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(draft))

        page.locator("[data-problems] button").first.click()

        expect(cell(page, "up to", 2)).to_be_focused()
        expect(bands(page)).to_contain_text("The edge 50 is not above the one before it, 100.")
        cell(page, "up to", 2).fill("150")
        expect(page.locator("[data-problems]")).to_contain_text(
            "Nothing keeps this draft from being published."
        )
        expect(page.locator(".rc-fault")).to_have_count(0)


def test_form_and_text_are_one_document(world: World, visit: Any) -> None:
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(growth(world)))
        unfold(page, "Traffic")
        cell(page, "each", 2).fill("3")

        page.get_by_role("tab", name="Text").click()
        area = page.locator("textarea[name=source]")
        expect(area).to_have_value(re.compile(r"upto: 300, each: 3\}"))
        area.fill(area.input_value().replace("upto: 300, each: 3}", "upto: 310, each: 3}"))
        page.get_by_role("tab", name="Form").click()
        unfold(page, "Traffic")
        expect(cell(page, "up to", 2)).to_have_value("310")

        page.get_by_role("tab", name="Text").click()
        area.fill("terms: [")
        page.get_by_role("tab", name="Form").click()
        expect(page.locator("[data-problems]")).to_contain_text("A value is expected here")
        expect(area).to_be_visible()


DRAW = """documents => {
  const editor = document.querySelector('[data-editor]').editor;
  return documents.filter(([name, tree]) => {
    const before = JSON.stringify(tree);
    editor.box.root = tree;
    editor.draw();
    for (let folded = true; folded;) {
      const closed = [...editor.form.querySelectorAll('details:not([open])')];
      closed.forEach(one => one.open = true);
      folded = closed.length > 0;
    }
    return JSON.stringify(editor.root()) !== before || !editor.form.querySelector('input');
  }).map(([name]) => name);
}"""


def documents() -> list[Any]:
    """Return every worked bill and every version of the catalogues as an editor gets it."""
    oracles = [
        [path.stem, {"terms": yaml.load(path.read_text("utf-8"), yaml.BaseLoader)["terms"]}]
        for path in sorted((ROOT / "tests/oracles").glob("*.yaml"))
    ]
    files = [read_catalogue(path.read_text("utf-8")) for path in sorted((ROOT / "catalogues").glob("*.yaml"))]
    sold = [
        [
            plan.code,
            {key: part for key, part in to_tree(one).items() if key not in ("number", "effective_at")},
        ]
        for file in files
        for plan in file.plans
        for one in plan.versions
    ]
    return [*oracles, *sold]


def test_drawing_a_document_changes_nothing_in_it(world: World, visit: Any) -> None:
    with visit() as visitor:
        enter(visitor)
        page = visitor.open(change(growth(world)))
        expect(page.locator("[data-live]")).to_have_attribute("data-state", "fresh")

        assert page.evaluate(DRAW, documents()) == []
        assert visitor.complaints == []


@pytest.mark.parametrize(("language", "theme", "width"), [("en", "light", 1280), ("zh-hans", "dark", 768)])
def test_the_editor_is_accessible_and_fits(
    world: World, visit: Any, language: str, theme: str, width: int
) -> None:
    draft = growth(world)
    with visit(language=language, theme=theme, width=width) as visitor:
        enter(visitor)
        page = visitor.open(change(draft))
        expect(page.locator("[data-live]")).to_have_attribute("data-state", "fresh")
        page.locator('[data-path="terms.charges[3]"] summary').click()
        expect(bands(page)).to_be_visible()

        accessible(page)
        wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0
        assert visitor.complaints == []


def test_without_script_the_text_is_edited_and_priced(world: World, visit: Any) -> None:
    with visit(script=False) as visitor:
        enter(visitor)
        page = visitor.open(change(growth(world)))
        area = page.locator("textarea[name=source]")
        area.fill(area.input_value().replace("flat: 700", "flat: 710"))
        page.locator("button[name=_continue]").click()
        page.get_by_role("link", name="Price preview").click()
        page.locator("select[name=currency]").select_option("CNY")
        page.get_by_role("button", name="Calculate").click()

        expect(page.locator("body")).to_contain_text("CNY 710.00")
