"""docs/worked-bills.md keeps its word: its bills come out, its mistakes say what it says they say."""

import re
from pathlib import Path

import pytest

from billing.oracle import read_case, run_case
from plans.catalogue import CatalogueInvalid
from plans.errors import DomainError

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = ("worked-bills.md", "worked-bills.zh-CN.md")
BILLS = [
    pytest.param(text, id=f"{name}-{text.split()[1]}")
    for name in PAGES
    for text in re.findall(r"```yaml\n(id: .*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
]
CASE = """\
id: x
terms:
  currency: EUR
  labels: {%s}
  meters: {messages: {unit: messages}}
  facts: {yearly: money}
  charges:
    - {code: usage, of: %s, steps: [%s]}
    - {code: base, steps: [{price: {flat: 1}}]}
situation: {%s}
expected: {amount: 0, unit: EUR}
"""
PRICE = "{price: {each: 1}}"
ALLOWANCE = (
    "{included: {of: yearly, steps: [{table: {mode: volume, bands: [{upto: 9, flat: 1}, {flat: 5}]}}]}}"
)
MISTAKES = [
    ("", "messages", "{price: {bands: [{upto: 3, each: 1}, {each: 2}]}}", ""),
    ("", "seats", "{times: 9}", ""),
    ("", "messages", f"{ALLOWANCE}, {PRICE}", ""),
    ("", "messages", "{price: {each: -5}}", ""),
    ("", "messages", "{price: {each: 5%}}", ""),
    ("", "messages", "{draw: {pool: pack}}, {price: {each: 1}}", ""),
    ("", "messages", "{price: {mode: volume, bands: [{upto: 3, each: 1}, {upto: 5, each: 2}]}}", ""),
    ("", "messages", PRICE, "facts: {edition: team}"),
    ("", "messages", PRICE, "usage: {mesages: 5}"),
    ("", "seats", PRICE, ""),
    ("", "messages", PRICE, "period: 2026-06-01"),
    ("", "messages", f"{PRICE}, {{prorate: {{by: day, span: left}}}}", ""),
    ("", "messages", "{round: 0.01, price: {each: 1}}", ""),
    ("", "messages", "{price: {pick: term, cases: {monthly: {each: 1}}}}", ""),
]


def test_both_pages_have_their_bills():
    assert len(BILLS) == 22


@pytest.mark.parametrize("text", BILLS)
def test_a_bill_of_the_page_comes_out(text):
    outcome = run_case(read_case(text))

    assert outcome.passed, f"got {outcome.got.amount} {outcome.got.unit}"


def sentences(text: str) -> list[str]:
    try:
        run_case(read_case(text))
    except CatalogueInvalid as error:
        return [one.sentence() for one in error.problems]
    except DomainError as error:
        return [str(error)]
    return []


@pytest.mark.parametrize("given", MISTAKES)
def test_a_mistake_says_what_the_page_says(given):
    page = (DOCS / PAGES[0]).read_text("utf-8")
    table = page[page.index("## 6") : page.index("## 7")]
    rows = [row.split("|")[2].strip() for row in table.splitlines() if row.startswith("| ")]

    (said,) = sentences(CASE % given)

    assert any(said.startswith(row) for row in rows), said


@pytest.mark.parametrize(
    ("charge", "meter", "given"),
    [
        ("of: seats", "unit: users", "{usage: {seats: 5}}"),
        ("of: users", "unit: users, reduce: [{take: distinct}]", "{usage: {users: 12500}}"),
        ("of: minutes", "unit: minutes, where: {licence: none}", "{usage: {minutes: 30}}"),
        ("of: users, split: app", "unit: users", "{usage: {users: 90}}"),
        ("of: users", "unit: users", "{usage: {users: 90}, facts: {currency: CNX}}"),
    ],
)
def test_what_would_silently_count_as_nothing_says_what_the_page_says(charge, meter, given):
    page = (DOCS / PAGES[0]).read_text("utf-8")
    name = "minutes" if "minutes" in meter else "users"
    currency = "[USD, CNY]" if "CNX" in given else "EUR"
    text = (
        f"id: x\nterms:\n  currency: {currency}\n  meters: {{{name}: {{{meter}}}}}\n"
        f"  charges: [{{code: a, {charge}, steps: [{{price: {{each: 1}}}}]}}]\n"
        f"situation: {given.replace(', facts: {currency: CNX}', '')}\nexpected: {{amount: 1, unit: EUR}}\n"
    )

    (said,) = sentences(text)

    assert any(said.startswith(row.split("|")[2].strip()) for row in page.splitlines() if row.count("|") > 3)


def test_a_spend_above_its_charges_says_what_the_page_says():
    text = CASE % ("", "{spend: [base]}", "{times: 1}", "")

    assert sentences(text) == ["“base” stands below this charge. A charge sees only those above it."]
