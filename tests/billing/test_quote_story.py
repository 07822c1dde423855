"""One month of usage through every door: quoted, accepted, watched as it grows, invoiced, derived again."""

import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from billing.errors_quotes import QuoteStale
from billing.models import Quote
from billing.quote_request import QuoteRequest
from billing.selectors import upcoming_bill
from billing.services.accepting import accept_quote
from billing.services.invoicing import issue_cycle
from billing.services.quotes import make_quote
from billing.situation import Situation
from billing.situation_run import answer
from billing.verifying import faults_of
from billing.verifying_quotes import quote_faults
from plans.actor import NIGHT
from plans.selectors import terms_of
from plans.shape import build
from subscriptions.models import Customer
from tests.billing.test_usage_bills import report
from tests.billing.world import ANCHOR, EDGE, START, TAX, TERMS, make_plan
from tests.factories import TESTER, make_app, make_customer, make_subscription

pytestmark = pytest.mark.django_db
SUPPORT = {
    "code": "support",
    "name": {"en": "Support", "zh-Hans": "技术支持"},
    "tags": ["module"],
    "of": {"spend": ["plan", "usage"]},
    "steps": [{"times": "0.05"}, {"at_least": "2.505"}],
}
USED = {"mau": "7", "messages": "71000"}  # what `report` sends
WORDS = ("key", "charge", "quantity", "unit", "amount")


@pytest.fixture
def customer() -> Customer:
    found = make_customer(billing_zone="Asia/Shanghai")
    make_app(found)
    return found


def quoted(customer: Customer | None, *, term: str = "monthly", at=START, **more) -> Quote:
    """Quote a plan with a fee over base and usage, a tax over all of it, and rounding of the total."""
    base, *others = TERMS["charges"]
    version = make_plan(charges=[base, *others[:-1], SUPPORT, others[-1], TAX], round={"total": "0.01"})
    # An offer names its modules by row; here the option is asked for by its own name.
    request = QuoteRequest(
        plan=version.plan.code, term=term, options={"module.moderation": "1"}, usage=USED, **more
    )  # type: ignore[arg-type]
    return make_quote(request, customer=customer, at=at, by=TESTER)


def said(line) -> tuple:
    """Return what a line says, wherever it stands."""
    if isinstance(line, dict):
        quantity = None if line["quantity"] is None else Decimal(line["quantity"])
        return line["key"], line["charge"], quantity, line["unit"], line["amount"]
    key = getattr(line, "line_key", None) or line.key
    return key, line.charge, line.quantity, line.unit, line.amount


def lines(quote: Quote, invoice: str) -> list[tuple]:
    return [said(line) for line in quote.lines if line["invoice"] == invoice]


@pytest.mark.parametrize("term", ["monthly", "annual"])
def test_a_quote_the_upcoming_bill_and_the_invoice_say_the_same_lines_and_cents(customer, term):
    quote = quoted(customer, term=term)

    subscription, start = accept_quote(
        quote, collection="offline", app=None, key="form_1", at=START, by=TESTER
    )
    assert [said(line) for line in start.lines.order_by("position")] == lines(quote, "start")
    assert start.total == quote.start_total

    report(subscription)
    upcoming = upcoming_bill(subscription, EDGE - timedelta(minutes=1))
    assert upcoming is not None
    assert [said(line) for line in upcoming.lines] == lines(quote, "cycle")
    assert (upcoming.total, upcoming.period.start) == (quote.cycle_total, ANCHOR)

    issued = issue_cycle(subscription, EDGE, at=EDGE + timedelta(hours=26), by=NIGHT)
    assert [said(line) for line in issued.lines.order_by("position")] == lines(quote, "cycle")
    assert issued.total == quote.cycle_total
    assert issued.total > 0
    exact = {line.line_key: line.exact_amount for line in issued.lines.all()}
    assert exact == {
        line["key"]: Decimal(line["exact_amount"]) for line in quote.lines if line["invoice"] == "cycle"
    }

    assert (faults_of(start), faults_of(issued), quote_faults(quote)) == ([], [], [])


def test_a_situation_on_paper_says_what_the_quote_says(customer):
    """The usage of the quoted month as `manage.py rate` reads it; annual, so no next base beside it."""
    quote = quoted(customer, term="annual")
    problems: list = []
    written = {
        "zone": "Asia/Shanghai",
        "period": {"from": "2026-09-10", "to": "2026-10-10"},
        "facts": {"seats": "0", "term": "annual", "currency": "USD"},
        "usage": USED,
        "ask": "users",
    }
    found = {}
    for charge in ("users", "messages"):
        situation = build({**written, "ask": charge}, Situation, "", problems)
        found[charge] = answer(terms_of(quote.plan_version), situation).amount

    assert problems == []
    assert {
        line["charge"]: Decimal(line["exact_amount"]) for line in quote.lines if line["charge"] in found
    } == found


def test_a_quote_is_made_once_for_the_same_inputs(customer):
    first = quoted(customer)
    request = QuoteRequest(
        plan=first.asked["plan"], options={"module.moderation": "1"}, usage=dict(reversed(USED.items()))
    )

    again = make_quote(request, customer=customer, at=START, by=TESTER)
    later = make_quote(request, customer=customer, at=START + timedelta(seconds=1), by=TESTER)

    assert (again.pk, again.inputs_hash) == (first.pk, first.inputs_hash)
    assert later.pk != first.pk
    assert [said(line) for line in later.lines] == [said(line) for line in first.lines]


def test_another_customers_first_purchase_or_zone_is_another_price(customer):
    """What a price may ask for is rated again at acceptance: a changed zone makes the quote stale."""
    quote = quoted(customer)
    Customer.objects.filter(pk=customer.pk).update(billing_zone="UTC")

    with pytest.raises(QuoteStale):
        accept_quote(quote, collection="offline", app=None, key="form_1", at=START, by=TESTER)

    assert not customer.subscriptions.exists()


def test_first_purchase_follows_from_the_customer(customer):
    promotion = {
        "code": "welcome",
        "name": {"en": "Welcome", "zh-Hans": "新客优惠"},
        "tags": ["discount"],
        "credit": "true",
        "of": {"spend": ["plan"]},
        "steps": [{"times": {"pick": "first_purchase", "cases": {"yes": "0.5", "no": "0"}}}],
    }
    version = make_plan(charges=[TERMS["charges"][0], promotion])
    request = QuoteRequest(plan=version.plan.code)

    first = make_quote(request, customer=customer, at=START, by=TESTER)
    make_subscription(customer, make_plan())
    second = make_quote(request, customer=customer, at=START + timedelta(days=1), by=TESTER)

    assert (first.start_total, second.start_total) == (2000, 4000)


def test_what_a_quote_was_agreed_for_is_agreed_with_it(customer):
    version = make_plan(
        labels={"partner": ["yes", "no"]},
        charges=[
            {
                "code": "base",
                "name": {"en": "Base", "zh-Hans": "基础费用"},
                "tags": ["plan"],
                "steps": [
                    {"price": {"pick": "partner", "cases": {"yes": {"flat": "10"}, "no": {"flat": "20"}}}}
                ],
            }
        ],
    )
    request = QuoteRequest(plan=version.plan.code, labels={"partner": "yes"})
    quote = make_quote(request, customer=customer, at=START, by=TESTER)

    assert quote.start_total == 1000
    agreement, invoice = accept_quote(
        quote, collection="offline", app=None, key="form_1", at=START, by=TESTER
    )
    assert agreement.phases.get().labels == {"partner": "yes"}
    assert invoice.total == 1000


@transaction.atomic
def committed(sql: str, *params) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize(
    "change",
    [
        "start_total = start_total + 1",
        "lines = '[]'",
        "inputs = '{}'",
        "expires_at = expires_at + interval '1 year'",
        "customer_id = NULL",
        "plan_version_id = plan_version_id + 1",
        "accepted_at = at",  # by nobody, without an agreement
        "number = 'Q-1'",
    ],
)
def test_a_quote_does_not_change_whoever_asks(customer, change):
    quoted(customer)

    with pytest.raises(DatabaseError):
        committed(f"UPDATE billing_quote SET {change}")


def test_an_accepted_quote_is_kept_for_ever(customer):
    quote = quoted(customer)
    accept_quote(quote, collection="offline", app=None, key="form_1", at=START, by=TESTER)

    for sql in ("DELETE FROM billing_quote", "UPDATE billing_quote SET accepted_by = 'user:other'"):
        with pytest.raises(DatabaseError):
            committed(sql)


def test_another_customers_agreement_cannot_accept_it(customer):
    quote = quoted(customer)
    other = make_subscription()

    with pytest.raises(DatabaseError):
        committed(
            "UPDATE billing_quote SET accepted_at=at, accepted_by='u', subscription_id=%s WHERE id=%s",
            other.pk, quote.pk,
        )  # fmt: skip


def test_totals_are_the_sums_of_lines(customer):
    quote = quoted(customer)
    values = {field.attname: getattr(quote, field.attname) for field in Quote._meta.concrete_fields}
    forged = {"id": None, "public_id": "quo_x", "number": "Q-x", "inputs_hash": "0" * 64}

    with pytest.raises(DatabaseError), transaction.atomic():
        Quote.objects.create(**{**values, **forged, "cycle_total": quote.cycle_total + 1})


def verified(*arguments: str) -> str:
    out = StringIO()
    call_command("verify_quote", *arguments, stdout=out)
    return out.getvalue()


def test_a_quote_is_derived_again_to_the_last_unit(customer):
    quote = quoted(customer)

    assert verified(quote.number) == verified("--all") == f"{quote.number}: sound\n"
    with pytest.raises(CommandError, match="no quote Q-0"):
        verified("Q-0")


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda q: q["lines"][0].update(exact_amount="41"), "its tree gives 40, not 41"),
        (lambda q: q["lines"][-1].update(amount=1), "do not add up"),
        (lambda q: q["inputs"].update(at="2026-01-01"), "inputs hash"),
        (lambda q: q["inputs"]["invoices"]["cycle"][0]["quantities"].update(mau=[]), "rated again its"),
        (lambda q: q["inputs"]["invoices"]["start"].clear(), "rated again it has"),
        (lambda q: q["inputs"]["invoices"]["cycle"][0].update(terms="0" * 64), "rated by the terms"),
    ],
)
def test_any_change_of_a_quote_shows(customer, forge, said):
    quote = quoted(customer)
    altered = json.loads(json.dumps({"lines": quote.lines, "inputs": quote.inputs}))
    forge(altered)
    quote.lines, quote.inputs = altered["lines"], altered["inputs"]

    assert any(said in fault for fault in quote_faults(quote))
