"""One row of everything the admin shows, written without services: pages are what is tested."""

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

from django.db import connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from billing.models import (
    BillingJob,
    BillingRun,
    EarlyExit,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    LedgerTransaction,
    PackHolding,
    ParkedCustomer,
    PaymentAttempt,
    PaymentMethod,
    ReleaseReview,
    SlaAssessment,
    SlaAward,
    SlaCondition,
    SlaCredit,
    SlaGrant,
    StripeEvent,
    StripeLink,
    StripeOperation,
)
from plans.models import Coupon, Feature, FeatureModule, Meter, ModuleRule, PlanVersion, SlaTier, SupportTier
from subscriptions.models import App, Customer, Redemption, Subscription
from tests.factories import (
    DECEMBER,
    NOVEMBER,
    NOW,
    make_app,
    make_key,
    make_subscription,
    make_user,
    make_version,
)
from usage.models import (
    AvailabilityReport,
    CellChange,
    DirtyCell,
    EventConflict,
    EventVoid,
    ExcludedWindow,
    IngestBatch,
    QuarantinedEvent,
    QuotaWarning,
    Reading,
    ReportExpectation,
    UsageReport,
    UsageRollup,
)
from usage.partitions import ensure_days

MONTH = Span(NOVEMBER, DECEMBER)
HASH = "a" * 64


@transaction.atomic  # the ledger balances at commit
def fill(number: int) -> Subscription:
    """Make one row of every kind; `number` keeps codes and keys apart."""
    version = make_version()
    add_catalogue(number, version)
    subscription = make_subscription(version=version, seats=2)
    customer = subscription.customer
    make_user(customer=customer)
    make_key(["usage:write"])
    add_usage(number, subscription)
    add_money(number, subscription)
    add_promises(number, subscription)
    add_work(number, subscription)
    return subscription


def add_catalogue(number: int, version: PlanVersion) -> None:
    """Meter, feature, module with a rule, tiers and a draft."""
    names = {"name_en": "A name", "name_zh": "名称"}
    meter = Meter.objects.create(
        code=f"meter{number}", kind="sum", event_type="message.sent", unit="messages", **names
    )
    Feature.objects.create(code=f"feature{number}", type="allowance", meter=meter, **names)
    module = FeatureModule.objects.create(code=f"module{number}", grants={"history": "90"}, **names)
    other = FeatureModule.objects.create(code=f"other{number}", **names)
    ModuleRule.objects.create(module=module, kind="requires", other=other)
    version.modules.add(module)
    SlaTier.objects.create(code=f"sla{number}", target=Decimal("99.95"), **names)
    SupportTier.objects.create(
        code=f"support{number}", channels=["mail"], response_minutes={"high": 60}, **names
    )
    PlanVersion.objects.create(plan=version.plan, number=version.number + 1)
    Coupon.objects.create(code=f"coupon{number}", redeem_code=f"COUPON{number}", **names)


def add_promises(number: int, subscription: Subscription) -> None:
    """A redeemed coupon and a settled early exit."""
    coupon = Coupon.objects.get(code=f"coupon{number}")
    Redemption.objects.create(
        coupon=coupon,
        customer=subscription.customer,
        subscription=subscription,
        number=1,
        at=NOW,
        by="user:1",
    )
    EarlyExit.objects.create(
        customer=subscription.customer, subscription=subscription, currency="USD", term=MONTH,
        ends_at=DECEMBER, paid=1200, monthly=150, months_used=2, refund=900,
        facts={"paid": "12"}, terms_hash=HASH, at=NOW, by="user:1",
    )  # fmt: skip


def add_usage(number: int, subscription: Subscription) -> None:
    """A batch with an event, a cell, a reading, refusals, availability."""
    app, meter = make_app(subscription.customer, region="cn-north"), Meter.objects.get(code=f"meter{number}")
    batch = IngestBatch.objects.create(
        n=1, day_min=date(2026, 11, 20), day_max=date(2026, 11, 20), app_ids=[app.pk], by=f"key:{number}"
    )
    ensure_days([date(2026, 11, 20)])
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO usage_usageevent (app_id, event_key, meter_id, occurred_at, value, region, batch_id,"
            " received_at) VALUES (%s, %s, %s, %s, 1, '', %s, %s)",
            [app.pk, uuid4(), meter.pk, NOW, batch.pk, NOW],
        )
    cell = {"app": app, "meter": meter, "cell_start": NOVEMBER, "cell_end": NOVEMBER + timedelta(days=1)}
    figures = dict.fromkeys(("sum", "min", "max", "last"), Decimal("12.5"))
    UsageRollup.objects.create(
        **cell, **figures, count=3, last_at=NOVEMBER, last_key=uuid4(), updated_at=NOW, region="cn-north"
    )
    DirtyCell.objects.create(**cell, reason="corrected", by="user:1", marked_at=NOW)
    Reading.objects.create(
        customer=subscription.customer,
        subscription=subscription,
        meter=meter,
        app=app,
        period=MONTH,
        value=Decimal("12.5"),
        cells=[{"start": NOVEMBER.isoformat(), "value": "12.5"}],
        manifest_hash=HASH,
        frozen_at=DECEMBER,
    )
    QuotaWarning.objects.create(
        subscription=subscription, customer=subscription.customer, feature=Feature.objects.earliest("pk"),
        period_start=NOVEMBER, period_end=NOW, percent=80, limit=100, used=80, at=NOW,
    )  # fmt: skip
    add_refused(number, app, meter)
    add_statements(number, app)
    add_reports(number, app)


def add_refused(number: int, app: App, meter: Meter) -> None:
    """A void event, what it changed, a conflict, an event in quarantine."""
    EventVoid.objects.create(
        app=app,
        event_key=uuid4(),
        event_batch_id=1,
        occurred_at=NOW,
        meter_ids=[meter.pk],
        batch_id=2,
        reason="sent twice",
        by="user:1",
        voided_at=NOW,
    )
    said = {"sum": "3", "count": 2, "min": "1", "max": "2", "last": None}
    CellChange.objects.create(
        app=app, meter=meter, cell_start=NOVEMBER, batches=[2], after=said, reason="sent twice", by="user:1"
    )
    EventConflict.objects.create(
        app=app,
        event_key=uuid4(),
        source="gateway",
        event_id="e1",
        kept_hash=1,
        refused_hash=2,
        by=f"key:{number}",
    )
    QuarantinedEvent.objects.create(
        identity=uuid4(), payload_hash=1, reason="unknown_app", subject="app_x", type="message.sent",
        body={"id": "e1"}, by=f"key:{number}", expires_at=DECEMBER,
    )  # fmt: skip


def add_statements(number: int, app: App) -> None:
    """What is said of an app's availability."""
    ExcludedWindow.objects.create(
        reference=f"CHG-{number}", revision=1, app=app, span=MONTH, kind="maintenance", reason="upgrade",
        content_hash=HASH, stated_at=NOW, by="key:1",
    )  # fmt: skip
    AvailabilityReport.objects.create(
        app=app, region="cn-north", window=MONTH, unit="minutes", good=43000, total=43200, revision=1,
        content_hash=HASH, reported_at=NOW, by="key:1",
    )  # fmt: skip


def add_reports(number: int, app: App) -> None:
    """A meter that is reported by day, one report of it, and what is expected."""
    meter = Meter.objects.create(
        code=f"daily{number}",
        kind="gauge",
        unit="users",
        source="daily_reports",
        name_en="Days",
        name_zh="日",
    )
    UsageReport.objects.create(
        app=app, meter=meter, kind="day", label="2026-11-01", value=Decimal("12.5"), revision=1,
        span=(NOVEMBER, NOVEMBER + timedelta(days=1)), content_hash=HASH, reported_at=NOW, by="key:1",
    )  # fmt: skip
    ReportExpectation.objects.create(meter=meter, app=app, since=date(2026, 11, 1))


def add_money(number: int, subscription: Subscription) -> None:
    """An issued invoice with lines, a failed attempt, a card, an SLA credit, a ledger transaction."""
    customer = subscription.customer
    invoice = make_invoice(number, subscription)
    PaymentAttempt.objects.create(
        invoice=invoice, customer=customer, provider_id=f"pi_{number}", number=1, outcome="declined",
        code="card_declined", message="Your card was declined.", at=DECEMBER,
    )  # fmt: skip
    PaymentMethod.objects.create(
        customer=customer, stripe_id=f"pm_{number}", brand="visa", last4="4242", exp_month=8, exp_year=2030
    )
    assessment = SlaAssessment.objects.create(
        customer=customer, subscription=subscription, sla_code="gold", window=MONTH,
        availability=Decimal("99.5"), target=Decimal("99.95"), fee=4000,
        amount=400, currency="USD", inputs_hash=HASH, terms_hash=HASH,
        assessed_at=DECEMBER,
    )  # fmt: skip
    PackHolding.objects.create(
        customer=customer,
        pool="prepaid",
        quantity=Decimal(1000),
        bought_at=NOW,
        reason="order",
        key=f"k{number}",
        by="t",
    )
    SlaCredit.objects.create(
        assessment=assessment, customer=customer, subscription=subscription, sla_code="gold", window=MONTH,
        revision=1, amount=400, currency="USD", earned_at=DECEMBER,
    )  # fmt: skip
    add_awards(assessment)
    add_ledger(number, customer)


def add_ledger(number: int, customer: Customer) -> None:
    """An invoice's transaction."""
    moved = LedgerTransaction.objects.create(
        business_key=f"invoice:{number}",
        kind="invoice",
        customer=customer,
        currency="USD",
        at=DECEMBER,
        by="test",
    )
    for account, amount in (("receivable", 4600), ("revenue", -4600)):
        LedgerEntry.objects.create(
            transaction=moved, customer=customer, currency="USD", account=account, amount=amount
        )


def add_awards(assessment: SlaAssessment) -> None:
    """An award that waits, days that are due, a condition."""
    owners = {"customer": assessment.customer, "subscription": assessment.subscription}
    SlaAward.objects.create(
        **owners, sla_code="gold", starts_at=NOVEMBER, ends_at=DECEMBER, assessment=assessment,
        form="credit", amount=400, currency="USD", state="pending",
    )  # fmt: skip
    SlaGrant.objects.create(
        **owners, assessment=assessment, sla_code="gold", starts_at=NOVEMBER, form="extra_days", quantity=3,
        given_at=DECEMBER,
    )  # fmt: skip
    SlaCondition.objects.create(
        subscription=assessment.subscription, label="review", value="done", since=NOW, reason="held",
        by="user:1",
    )  # fmt: skip


def make_invoice(number: int, subscription: Subscription, *, collection: str = "offline") -> Invoice:
    """An issued invoice of 46.00 USD: a base of 40 and usage of 6."""
    customer = subscription.customer
    invoice = Invoice.objects.create(
        customer=customer, subscription=subscription, kind="cycle", period_start=DECEMBER, span=MONTH,
        currency="USD", collection=collection, created_by="test",
    )  # fmt: skip
    for position, (charge, amount) in enumerate((("base", 4000), ("messages", 600)), start=1):
        exact = Decimal(amount) / 100
        InvoiceLine.objects.create(
            invoice=invoice, customer=customer, position=position, line_key=f"{charge}////", charge=charge,
            label={"en": charge.title(), "zh-Hans": charge}, span=MONTH, exact_amount=exact, amount=amount,
            terms_hash=HASH, engine="1", derivation={"word": "literal", "output": str(exact)},
        )  # fmt: skip
    invoice.status, invoice.subtotal, invoice.total = "open", 4600, 4600
    invoice.series, invoice.sequence, invoice.number = "RC", number + 1, f"RC-{number + 1:06}"
    invoice.issued_at, invoice.due_at, invoice.content_hash = DECEMBER, DECEMBER + timedelta(days=14), HASH
    invoice.save()
    return invoice


def add_work(number: int, subscription: Subscription) -> None:
    """Runs, jobs, a parked customer and Stripe rows."""
    customer: Customer = subscription.customer
    invoice = Invoice.objects.get(subscription=subscription)
    run = BillingRun.objects.create(kind="night", due_at=NOW + timedelta(hours=number))
    BillingJob.objects.create(
        run=run, customer=customer, subscription=subscription, step="cycle", period_start=DECEMBER,
        due_at=DECEMBER, invoice=invoice,
    )  # fmt: skip
    ParkedCustomer.objects.create(customer=customer, reason="negative_invoice", detail="why", parked_at=NOW)
    StripeLink.objects.create(
        kind="invoice", local_id=invoice.pk, stripe_id=f"in_{number}", url="https://pay.example.com/in"
    )
    StripeOperation.objects.create(
        kind="invoice.create", business_key=f"invoice:{number}", customer=customer, invoice=invoice,
        params={"currency": "usd"}, params_hash=HASH,
    )  # fmt: skip
    ReleaseReview.objects.create(
        version=subscription.phases.get().plan_version, draft_hash=HASH, terms_hash=HASH, effective_at=NOW,
        reach={"live": 1}, deltas={"currencies": {"USD": {"old": 4000, "new": 5000}}}, reviewer="user:1",
        at=NOW, reason="why",
    )  # fmt: skip
    StripeEvent.objects.create(
        event_id=f"evt_{number}", type="invoice.paid", livemode=False, created=NOW, body='{"id": "evt"}'
    )
