"""What a basket would cost is what its invoice then says."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils.translation import override

from billing.explain import sentences
from billing.services.quoting import preview_terms
from plans.selectors import terms_of
from tests.billing.world import begin, make_plan
from tests.factories import make_customer, make_key

pytestmark = pytest.mark.django_db
MODERATION = {"module.moderation": Decimal(1)}


def quote(version, *, term="monthly", currency="USD", **quantities: int):
    figures = {code: Decimal(value) for code, value in quantities.items()}
    return preview_terms(
        terms_of(version), term=term, currency=currency, options=MODERATION, seats=0, quantities=figures
    )


@pytest.mark.parametrize("term", ["monthly", "annual"])
def test_the_start_of_a_preview_is_the_start_invoice(term):
    version = make_plan()

    shown = quote(version, term=term).start

    _subscription, invoice = begin(version=version, term=term, options=MODERATION)
    assert [(line.key, line.amount) for line in shown.lines] == [
        (line.line_key, line.amount) for line in invoice.lines.order_by("position")
    ]
    assert shown.total == invoice.total


def test_a_month_of_assumed_usage_is_rated_apart():
    shown = quote(make_plan(), mau=7, messages=71000)

    assert {line.charge: line.amount for line in shown.month.lines} == {"users": 502, "messages": 900}
    assert shown.month.total == 1402


def test_a_line_of_a_preview_says_why_without_asking_the_database(django_assert_num_queries):
    month = quote(make_plan(), currency="CNY", messages=71000).month
    line = next(one for one in month.lines if one.charge == "messages")

    with django_assert_num_queries(0):
        told = line.sentences

    assert told == [
        "Measured: messages = 71,000 messages",
        "71,000 − 50,000 included = 21,000",
        "21,000: 3 started blocks of 10,000 × CN¥3.00 = CN¥9.00",
    ]


def test_sums_name_the_lines_they_add():
    _subscription, invoice = begin(term="annual", options=MODERATION)

    told = [(one.text, one.value) for one in sentences(invoice.lines.get(charge="annual"))]

    assert told == [
        ("Sum of these lines of the invoice", "$720.00"),
        ("Base fee", "$480.00"),
        ("Moderation", "$240.00"),
        ("$720.00 × 0.2", "$144.00"),
        ("Subtracted as a credit", "-$144.00"),
    ]
    with override("zh-hans"):
        assert sentences(invoice.lines.get(charge="annual"))[1].text == "基础费用"


def get(path: str, text: str):
    return Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {text}"})


def test_programs_read_their_own_invoices_and_nobody_elses():
    subscription, invoice = begin(options=MODERATION)
    _key, text = make_key(["billing:read"], subscription.customer)
    _key, stranger = make_key(["billing:read"], make_customer())
    _key, unscoped = make_key(["usage:read"], subscription.customer)
    path = f"invoices/{invoice.public_id}"

    listed = get("invoices", text).json()
    whole = get(path, text).json()
    tree = get(f"{path}/lines/1/derivation", text).json()

    assert [one["id"] for one in listed["data"]] == [invoice.public_id]
    assert whole["total"] == sum(line["amount"] for line in whole["lines"]) == 6000
    assert whole["lines"][0]["name"] == {"en": "Base fee", "zh-Hans": "基础费用"}
    assert (tree["exact_amount"], tree["derivation"]["output"]) == ("40", "40")
    assert get(path, stranger).status_code == get(f"{path}/lines/1/derivation", stranger).status_code == 404
    assert get(f"{path}/lines/99/derivation", text).status_code == 404
    assert get(path, unscoped).status_code == 403
    assert get("invoices", stranger).json()["data"] == []


def test_the_list_of_invoices_costs_the_same_queries_for_two_and_twenty(django_assert_num_queries):
    customer = make_customer()
    _key, text = make_key(["billing:read"], customer)
    version = make_plan()
    begin(customer=customer, version=version)
    get("invoices", text)
    with django_assert_num_queries(2):
        get("invoices", text)
    for family in ("a", "b", "c"):
        plan = make_plan().plan
        plan.family = family
        plan.save()
        begin(customer=customer, version=plan.versions.get())

    with django_assert_num_queries(2):
        assert len(get("invoices", text).json()["data"]) == 4
