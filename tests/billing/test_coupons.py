# ruff: noqa: E501 — a catalogue and one case a row read best unbroken
"""Stories: a code takes something off for some months; limits hold; a file comes back the same."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import Invoice
from billing.services.invoicing import issue_cycle
from billing.services.subscribing import subscribe
from billing.verifying import faults_of
from plans.actor import NIGHT
from plans.catalogue import read_catalogue
from plans.catalogue_yaml import dump_yaml
from plans.errors import DomainError
from plans.models import PlanVersion
from plans.problems import TermsInvalid
from plans.selectors import stored_catalogue
from plans.services import apply_catalogue
from plans.terms import to_tree
from subscriptions.models import Customer, Redemption, Subscription
from subscriptions.services import add_option, redeem
from tests.factories import TESTER, load_text, make_customer

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)
MARCH, APRIL, MAY, JUNE = (datetime(2026, month, 1, tzinfo=UTC) for month in range(3, 7))

FILE = """\
coupons:
  - code: spring
    names: {en: Spring, zh-Hans: 春季优惠}
    valid: {from: 2026-03-01T00:00:00+08:00, until: 2026-05-01T00:00:00+08:00}
    periods: 2
    limit: 3
    once_per_customer: true
    stacks: true
    redeem: FLOWERS-26
    charges:
      - {code: spring_off, name: {en: Spring coupon, zh-Hans: 春季优惠券}, credit: true, of: {spend: [plan]}, steps: [{times: 0.25}]}
  - code: flat
    names: {en: Ten off, zh-Hans: 立减十元}
    charges:
      - code: flat_off
        name: {en: Ten off, zh-Hans: 立减十元}
        credit: true
        of: 10
        steps: [{price: {each: 1}}, {at_most: {spend: [plan]}}]
plans:
  - code: growth
    names: {en: Growth, zh-Hans: 成长版}
    versions:
      - number: 1
        effective_at: 2026-01-01T00:00:00+00:00
        coupons: [spring, flat]
        terms: {currency: USD, charges: [{code: base, name: {en: Base, zh-Hans: 基础}, tags: [plan], steps: [{price: {flat: 40}}]}]}
        closing:
          - {code: vat, name: {en: VAT, zh-Hans: 增值税}, tags: [tax], of: {spend: [plan, spring_off, flat_off]}, steps: [{times: 0.1}, {round: 0.01}]}
"""


def load(text: str = FILE) -> PlanVersion:
    load_text(text, at=JANUARY)
    return PlanVersion.objects.get()


def bought(
    version: PlanVersion, *, coupon: str = "", at: datetime = MARCH, customer: Customer | None = None
) -> tuple[Subscription, Invoice]:
    return subscribe(
        customer=customer or make_customer(), version=version, term="monthly", options={},
        collection="offline", at=at, by=TESTER, coupon=coupon,
    )  # fmt: skip


def amounts(invoice: Invoice) -> dict[str, int]:
    assert faults_of(invoice) == []
    return {line.charge: line.amount for line in invoice.lines.order_by("position")}


def billed(subscription: Subscription, edge: datetime) -> dict[str, int]:
    return amounts(issue_cycle(subscription, edge, at=edge + timedelta(hours=26), by=NIGHT))


@pytest.mark.django_db
def test_a_coupon_lasts_its_months_and_comes_before_the_tax() -> None:
    subscription, start = bought(load(), coupon=" flowers-26 ")

    assert amounts(start) == {"base": 4000, "spring_off": -1000, "vat": 300}
    assert billed(subscription, APRIL) == {"base": 4000, "spring_off": -1000, "vat": 300}
    assert billed(subscription, MAY) == {"base": 4000, "vat": 400}
    assert subscription.add_ons.get().span.upper == MAY


@pytest.mark.django_db
def test_staff_redeem_from_the_next_month_on_and_twice_is_once() -> None:
    subscription, _start = bought(load())
    first = redeem(subscription, code="FLOWERS-26", at=MARCH + timedelta(days=9), by=TESTER)
    again = redeem(subscription, code="FLOWERS-26", at=MARCH + timedelta(days=9), by=TESTER)

    assert first == again
    assert (first.span.lower, first.span.upper) == (APRIL, JUNE)
    assert Redemption.objects.count() == 1
    assert billed(subscription, APRIL)["spring_off"] == -1000


@pytest.mark.django_db
def test_a_coupon_without_months_stays() -> None:
    subscription, _start = bought(load(), coupon="flat")

    assert [billed(subscription, edge)["flat_off"] for edge in (APRIL, MAY)] == [-1000, -1000]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "at", "refused"),
    [
        ("nothing", MARCH, "coupon_unknown"),
        ("spring", MARCH, "coupon_unknown"),  # the public code is not what customers type
        ("FLOWERS-26", datetime(2026, 2, 28, 15, 59, tzinfo=UTC), "coupon_not_valid"),
        (
            "FLOWERS-26",
            datetime(2026, 4, 30, 16, 0, tzinfo=UTC),
            "coupon_not_valid",
        ),  # its first closed instant
    ],
)
def test_a_code_is_refused_with_its_reason_and_nothing_is_sold(code: str, at: datetime, refused: str) -> None:
    version = load()

    with pytest.raises(DomainError) as error:
        bought(version, coupon=code, at=at)

    assert error.value.code == refused
    assert not Subscription.objects.exists()


@pytest.mark.django_db
def test_once_per_customer_the_limit_and_coupons_that_do_not_stack() -> None:
    version, customer = load(), make_customer()
    subscription, _start = bought(version, coupon="FLOWERS-26", customer=customer)

    with pytest.raises(DomainError) as beside:  # the flat one does not stack
        redeem(subscription, code="flat", at=MARCH, by=TESTER)
    for _each in range(2):
        bought(version, coupon="FLOWERS-26")
    with pytest.raises(DomainError) as spent:
        bought(version, coupon="FLOWERS-26")
    with pytest.raises(DomainError) as by_name:
        add_option(subscription, option="coupon.flat", at=MARCH, by=TESTER)

    codes = [error.value.code for error in (beside, spent, by_name)]
    assert codes == ["coupons_do_not_stack", "coupon_used_up", "coupon_by_code"]


@pytest.mark.django_db
def test_a_customer_uses_it_once_whatever_is_subscribed() -> None:
    version, customer = load(), make_customer()
    first, _start = bought(version, coupon="FLOWERS-26", customer=customer)
    first.span = (MARCH, APRIL)
    first.save(update_fields=["span"])

    with pytest.raises(DomainError) as refused:
        bought(version, coupon="FLOWERS-26", customer=customer, at=APRIL)

    assert refused.value.code == "coupon_used_before"


@pytest.mark.django_db
def test_the_database_keeps_the_limit_too() -> None:
    bought(load(), coupon="FLOWERS-26")
    row = Redemption.objects.get()

    other, _start = bought(PlanVersion.objects.get())
    fourth = Redemption(coupon=row.coupon, customer=other.customer, subscription=other, number=4, most=3)
    fourth.at, fourth.by = MARCH, "x"

    with pytest.raises(IntegrityError, match="redemption_within_limit"), transaction.atomic():
        fourth.save()
    assert Redemption.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_at_once_never_pass_the_limit() -> None:
    version = load()
    agreements = [bought(version)[0] for _each in range(8)]
    said: list[str] = []

    def one(subscription: Subscription) -> None:
        try:
            redeem(subscription, code="FLOWERS-26", at=MARCH, by=TESTER)
            said.append("redeemed")
        except DomainError as error:
            said.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(row,)) for row in agreements]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(said) == ["coupon_used_up"] * 5 + ["redeemed"] * 3
    assert sorted(Redemption.objects.values_list("number", flat=True)) == [1, 2, 3]


@pytest.mark.django_db
def test_a_file_with_coupons_comes_back_without_loss() -> None:
    load()

    written = dump_yaml(to_tree(stored_catalogue()))
    again = apply_catalogue(read_catalogue(written), at=JANUARY, by=TESTER)

    assert {change.kind for change in again} == {"unchanged"}
    assert {change.kind for change in apply_catalogue(read_catalogue(FILE), at=JANUARY, by=TESTER)} == {
        "unchanged"
    }
    kept = read_catalogue(written).coupons
    assert [(one.code, one.redeem, one.limit, one.periods) for one in kept] == [
        ("spring", "FLOWERS-26", 3, 2),
        ("flat", None, None, None),
    ]


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("credit: true, of: {spend: [plan]}", "of: {spend: [plan]}", "coupons[0].charges[0].credit", "coupon_not_credit"),
        ("{each: 1}}, {at_most: {spend: [plan]}}", "{each: 1}}", "coupons[1].charges[0]", "coupon_unbounded"),
        ("periods: 2", "periods: 0", "coupons[0].periods", "out_of_range"),
        ("until: 2026-05-01", "until: 2026-02-01", "coupons[0].valid.until", "validity_not_rising"),
        ("redeem: FLOWERS-26", "redeem: flat", "coupons[0].redeem", "duplicate_code"),
        ("coupons: [spring, flat]", "coupons: [spring, gone]", "plans[0].versions[0].coupons[1]", "unknown_reference"),
        ("terms: {", "features: {chat: latest}\n        terms: {", "plans[0].versions[0].features.chat", "not_offered"),
        ("terms: {", "early_exit: claw_back\n        terms: {labels: {term: [annual]}, ", "plans[0].versions[0].early_exit", "no_monthly_price"),
        ("terms: {", "terms: {wording: {region: {en: x}}, ", "plans[0].versions[0].terms.wording.region", "name_of_nothing"),
    ],
)  # fmt: skip
def test_faults_have_their_place(old: str, new: str, path: str, code: str) -> None:
    with pytest.raises(TermsInvalid) as refused:
        read_catalogue(FILE.replace(old, new))

    found: list[Any] = [(one.path, one.code) for one in refused.value.problems]
    assert (path, code) in found
