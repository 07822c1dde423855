"""Packs across bills: bought in a month, drawn over two, ended by their rule; never drawn twice."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from billing.books import offences
from billing.models import Invoice, InvoiceLine, PackDraw, PackHolding, ParkedCustomer
from billing.selectors import upcoming_bill
from billing.selectors_packs import pack_rows, packs_held
from billing.services.nightly import run_night
from billing.services.packs import grant_pack
from billing.services.subscribing import subscribe
from plans.errors import DomainError
from plans.models import PlanVersion
from subscriptions.models import Customer, Subscription
from tests.billing.audit_world import proved
from tests.billing.world import EDGE, START, TERMS, begin, make_plan
from tests.factories import TESTER, make_app, make_customer
from tests.usage.world import event, send
from usage.services import roll_up_all

pytestmark = pytest.mark.django_db
GRACE = timedelta(hours=24)
EDGES = [EDGE, datetime(2026, 11, 9, 16, tzinfo=UTC), datetime(2026, 12, 9, 16, tzinfo=UTC)]
BOUGHT = datetime(2026, 9, 20, 7, tzinfo=UTC)  # 20 September, 15:00 in Shanghai
DAY = timedelta(days=1)


def plan(**pool: Any) -> PlanVersion:
    """Make a plan: 40 base, messages at 1 per 1,000 of what no pack covers."""
    messages = {
        "code": "messages", "tags": ["usage"], "of": "messages",
        "steps": [{"draw": {"pool": "prepaid"}}, {"price": {"each": "1", "per": "1000"}}],
    }  # fmt: skip
    return make_plan(charges=[TERMS["charges"][0], messages], pools={"prepaid": pool}, figures=[])


def month_pack() -> PlanVersion:
    return plan(covers_from="day", expires={"months": "1", "end": "day"})


def pack(customer: Customer, units: str = "10000", **more: Any) -> PackHolding:
    return grant_pack(
        customer=customer, pool="prepaid", quantity=Decimal(units), reason="order 17",
        **{"at": BOUGHT, "by": TESTER, **more},
    )  # fmt: skip


def use(subscription: Subscription, *rows: tuple[str, str]) -> None:
    """Report (local time of Shanghai, messages)."""
    app = subscription.app or subscription.customer.apps.get()
    for at, value in rows:
        when = datetime.fromisoformat(f"2026-{at}+08:00").astimezone(UTC)
        send(event(app, at=when, type="messages", value=value), at=when, backfill=True)
    roll_up_all()


def paid() -> list[int]:
    """Return what the messages of each cycle came to, adjustments included."""
    rows = Invoice.objects.filter(kind="cycle").order_by("period_start", "pk")
    return [sum(row.lines.filter(charge="messages").values_list("amount", flat=True)) for row in rows]


def drawn() -> list[int]:
    return [int(units) for units in PackDraw.objects.order_by("pk").values_list("quantity", flat=True)]


def healthy() -> None:
    assert not ParkedCustomer.objects.exists()
    proved()
    assert offences() == []


def story() -> tuple[Subscription, PackHolding]:
    subscription, _start = begin(version=month_pack())
    holding = pack(subscription.customer)
    use(
        subscription,
        ("09-19T23:59", "3000"),  # the day before the purchase: 3.00
        ("09-20T00:30", "2000"),  # its day, before its hour
        ("09-25T10:00", "4000"),
        ("10-12T10:00", "1000"),
        ("10-20T23:59", "2000"),  # its last day
        ("10-21T00:00", "5000"),  # 5.00
    )
    return subscription, holding


def test_a_pack_bought_in_a_month_is_drawn_over_two_invoices_and_ends():
    """10,000 − 6,000 in the first month − 3,000 in the second; the last 1,000 end unused."""
    subscription, holding = story()

    for edge in EDGES:
        run_night(edge + GRACE)

    assert paid() == [300, 500, 0]
    assert drawn() == [6000, 3000]
    (row,) = pack_rows(subscription.customer, EDGES[2])
    assert (row.holding, row.left, row.ended) == (holding, 1000, True)
    assert row.ends_at == datetime(2026, 10, 20, 16, tzinfo=UTC)
    assert [(int(one.before), int(one.draw.quantity), int(one.after)) for one in row.draws] == [
        (10000, 6000, 4000), (4000, 3000, 1000),
    ]  # fmt: skip
    healthy()


def test_a_second_night_changes_nothing():
    story()
    run_night(EDGES[0] + GRACE)

    assert not run_night(EDGES[0] + GRACE).changed

    assert drawn() == [6000]


def test_the_upcoming_bill_draws_from_what_is_left():
    subscription, _holding = story()
    run_night(EDGES[0] + GRACE)

    shown = upcoming_bill(subscription, EDGES[1] - DAY)

    assert shown is not None
    assert {line.charge: line.amount for line in shown.lines} == {"base": 4000, "messages": 500}
    assert drawn() == [6000]


def test_two_agreements_of_one_customer_share_a_pack_on_one_night():
    customer = make_customer(billing_zone="Asia/Shanghai")
    version = plan()
    agreements = [
        subscribe(
            customer=customer, version=version, term="monthly", options={}, collection="offline",
            app=make_app(customer, code=f"app_{n}"), at=START, by=TESTER,
        )[0]
        for n in range(2)
    ]  # fmt: skip
    pack(customer)
    for one in agreements:
        use(one, ("09-25T10:00", "8000"))

    run_night(EDGE + GRACE)

    assert sorted(drawn()) == [2000, 8000]
    assert sorted(paid()) == [0, 600]
    assert packs_held([customer.pk], at=EDGE) == {}
    healthy()


def test_the_pack_that_ends_first_is_drawn_first():
    subscription, _start = begin(version=plan())
    later = pack(subscription.customer, "500", expires_at=EDGE + 60 * DAY)
    sooner = pack(subscription.customer, "300", expires_at=EDGE + 30 * DAY)
    use(subscription, ("09-25T10:00", "400"))

    run_night(EDGE + GRACE)

    found = {draw.holding: int(draw.quantity) for draw in PackDraw.objects.select_related("holding")}
    assert found == {sooner: 300, later: 100}
    healthy()


def test_late_usage_draws_what_is_left_and_no_more():
    """500 are left when 800 come late. The month's own 100 draw first, so 400 of the late ones are paid."""
    subscription, _start = begin(version=plan())
    pack(subscription.customer, "1500")
    use(subscription, ("09-25T10:00", "1000"))
    run_night(EDGES[0] + GRACE)
    use(subscription, ("09-26T10:00", "800"), ("10-15T10:00", "100"))

    run_night(EDGES[1] + GRACE)
    run_night(EDGES[2] + GRACE)

    lines = InvoiceLine.objects.filter(charge="messages", invoice__kind="cycle").order_by("pk")
    assert [(line.kind, line.amount) for line in lines] == [
        ("charge", 0), ("charge", 0), ("adjustment", 40), ("charge", 0),
    ]  # fmt: skip
    assert drawn() == [1000, 100, 400]
    assert packs_held([subscription.customer_id], at=EDGES[2]) == {}
    healthy()


def test_a_void_invoice_gives_its_draws_back():
    subscription, _holding = story()
    run_night(EDGES[0] + GRACE)

    Invoice.objects.filter(kind="cycle").update(status="void")

    (held,) = packs_held([subscription.customer_id], at=EDGE)[subscription.customer_id]["prepaid"]
    assert held.left == 10000


def test_a_pool_with_a_size_is_filled_again_each_month():
    version = plan(size="1000")
    subscription, _start = begin(version=version)
    use(subscription, ("09-25T10:00", "1500"), ("10-15T10:00", "1200"))

    for edge in EDGES[:2]:
        run_night(edge + GRACE)

    assert paid() == [50, 20]
    assert drawn() == []
    healthy()


def test_a_grant_is_safe_twice():
    customer = make_customer()
    plan()

    first = pack(customer, key="order-17")
    again = pack(customer, key="order-17", at=BOUGHT + DAY)

    assert first == again
    assert PackHolding.objects.count() == 1
    with pytest.raises(DomainError) as refusal:
        pack(customer, "5", key="order-17")
    assert refusal.value.code == "key_reused"


@pytest.mark.parametrize(
    ("units", "more", "code"),
    [
        ("0", {}, "pack_without_units"),
        ("-1", {}, "pack_without_units"),
        ("NaN", {}, "pack_without_units"),
        ("Infinity", {}, "pack_without_units"),
        ("1E+15", {}, "pack_without_units"),
        ("0.0000000000001", {}, "pack_without_units"),
        ("1", {"expires_at": BOUGHT}, "pack_ends_too_early"),
        ("1", {"pool": "prepaied"}, "pack_pool_unknown"),
        ("1", {"reason": "  "}, "pack_reason_missing"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_by_name(units: str, more: dict[str, Any], code: str):
    plan()
    given = {"pool": "prepaid", "reason": "order 17", **more}

    with pytest.raises(DomainError) as refusal:
        grant_pack(customer=make_customer(), quantity=Decimal(units), at=BOUGHT, by=TESTER, **given)

    assert refusal.value.code == code
    assert not PackHolding.objects.exists()


def test_the_database_refuses_a_draw_beyond_the_pack_a_strangers_and_an_edit():
    _subscription, holding = story()
    run_night(EDGES[0] + GRACE)
    line = InvoiceLine.objects.get(charge="base", invoice__kind="cycle")
    stranger, _start = begin(version=month_pack())
    other = InvoiceLine.objects.get(invoice__subscription=stranger, charge="base")

    for change in (
        lambda: PackDraw.objects.create(holding=holding, line=line, quantity=Decimal("4000.000000000001")),
        lambda: PackDraw.objects.create(holding=holding, line=other, quantity=Decimal(1)),
        lambda: PackDraw.objects.create(holding=holding, line=line, quantity=Decimal(0)),
        lambda: PackDraw.objects.update(quantity=1),
        lambda: PackHolding.objects.update(quantity=1),
        lambda: PackDraw.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert drawn() == [6000]


def test_I6_the_books_find_a_pack_that_was_overdrawn_behind_their_back():
    _subscription, holding = story()
    run_night(EDGES[0] + GRACE)
    line = InvoiceLine.objects.get(charge="base", invoice__kind="cycle")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "INSERT INTO billing_packdraw (holding_id, line_id, quantity) VALUES (%s, %s, 4001)",
            [holding.pk, line.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")

    assert {one.invariant for one in offences()} == {"I6 packs"}
