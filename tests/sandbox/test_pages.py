"""The pages for people: both languages, every status, nothing that a name could smuggle in."""

import re

import pytest
import requests

from config.sandbox import labels, money


@pytest.fixture
def browse(sandbox):
    def get(path, language="en"):
        return requests.get(f"{sandbox.url}{path}", headers={"Accept-Language": language}, timeout=5)

    return get


def test_an_empty_sandbox_says_so(browse):
    page = browse("/").text

    assert "No invoices yet." in page
    assert "No customers yet." in page
    assert '<html lang="en">' in page


def test_the_first_page_lists_invoices_and_customers(desk, browse):
    customer = desk.customer()
    desk.finalised(customer, 10_000, number="R-1")
    desk.draft(customer, 5000)

    page = browse("/").text

    assert all(text in page for text in ("R-1", "$100.00", "Alpha Ltd", "Visa •••• 4242", "draft", "paid"))


def test_chinese_for_those_who_read_it(desk, browse):
    invoice = desk.finalised(desk.customer(), 12_300, currency="cny")

    page = browse(f"/i/{invoice.id}", "zh-CN,zh;q=0.9,en;q=0.5").text

    assert '<html lang="zh-CN">' in page
    assert all(text in page for text in ("账单", "已支付", "CN¥123.00", "此账单已付清"))
    assert "还没有账单" not in page


def test_a_session_s_own_locale_comes_first(desk, browse):
    session = desk.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "cny", "locale": "zh", "success_url": "https://a.example"}
    )

    assert "添加银行卡" in browse(f"/c/pay/{session.id}").text


def test_names_are_text(desk, browse):
    nasty = "<script>alert(1)</script>\"'&"
    customer = desk.customer(name=nasty, email="a@b.example")
    invoice = desk.v1.invoices.create({"customer": customer.id, "currency": "usd", "description": nasty})
    desk.v1.invoices.add_lines(invoice.id, {"lines": [{"amount": 100, "description": nasty}]})
    desk.v1.invoices.finalize_invoice(invoice.id)
    session = desk.v1.checkout.sessions.create(
        {
            "mode": "setup",
            "currency": "usd",
            "customer": customer.id,
            "success_url": "https://a.example/?a=\"'<",
        }
    )

    for path in ("/", f"/i/{invoice.id}", f"/c/pay/{session.id}"):
        page = browse(path).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page


def test_no_page_loads_anything_from_elsewhere(desk, browse, sandbox):
    invoice = desk.finalised(desk.customer(None), 1000)

    for path in ("/", f"/i/{invoice.id}"):
        links = re.findall(r'(?:src|href|action)="([^"]*)"', browse(path).text)
        assert links
        assert all(link.startswith("/") for link in links)


@pytest.mark.parametrize("status", ["draft", "open", "paid", "void", "uncollectible"])
def test_every_status_has_a_page(desk, browse, status):
    invoice = desk.draft(desk.customer(), 1000)
    if status != "draft":
        desk.v1.invoices.finalize_invoice(invoice.id)
    verb = {"paid": "pay", "void": "void_invoice", "uncollectible": "mark_uncollectible"}.get(status)
    if verb:
        getattr(desk.v1.invoices, verb)(invoice.id)

    answer = browse(f"/i/{invoice.id}")

    assert (answer.status_code, f"status {status}" in answer.text) == (200, True)
    assert ("<form" in answer.text) == (status in {"open", "uncollectible"})


@pytest.mark.parametrize("path", ["/i/in_none", "/c/pay/cs_none", "/authenticate/pi_none", "/nowhere", "/i"])
def test_an_address_that_leads_nowhere(browse, path):
    answer = browse(path)

    assert answer.status_code == 404
    assert "no such page" in answer.text


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (0, "usd", "$0.00"),
        (5, "usd", "$0.05"),
        (-123_456_789, "eur", "−€1,234,567.89"),
        (1234, "jpy", "JP¥1,234"),
        (1234, "cny", "CN¥12.34"),
        (1234, "kwd", "1.234 KWD"),
        (-5, "chf", "−0.05 CHF"),
    ],
)
def test_money_is_written_with_the_currency_s_places(amount, currency, text):
    assert money.written(amount, currency) == text


def test_every_word_of_a_page_has_its_chinese(desk, browse):
    """Pages in Chinese show no English sentence of ours (names and numbers aside)."""
    invoice = desk.finalised(desk.customer("pm_card_authenticationRequired"), 1000)
    session = desk.v1.checkout.sessions.create(
        {"mode": "setup", "currency": "usd", "success_url": "https://a.example"}
    )
    intent = invoice.payments.data[0].payment.payment_intent
    for path in ("/", f"/i/{invoice.id}", f"/c/pay/{session.id}", f"/authenticate/{intent}", "/nowhere"):
        text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", browse(path, "zh").text, flags=re.S)
        english = set(re.findall(r"[A-Za-z]{3,}", text))
        allowed = {"Stripe", "Alpha", "Ltd", "pay", "alpha", "example", "Visa", "UTC", "Line", "CN"}
        assert {word for word in english - allowed if word not in invoice.number} == set()
    assert set(labels.ZH.values()) - {""}
