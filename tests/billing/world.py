"""What billing tests start from: terms with a base, users, messages and a term discount; readings; text."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from billing.models import Invoice
from billing.services.subscribing import subscribe
from plans.models import Meter, Plan, PlanVersion, SlaTier
from plans.money import from_minor
from subscriptions.models import App, Customer, Subscription
from tests.factories import TESTER, make_app, make_customer, make_version
from usage.models import AvailabilityReport

SHANGHAI = ZoneInfo("Asia/Shanghai")
START = datetime(2026, 9, 10, 3, 0, tzinfo=UTC)
ANCHOR = datetime(2026, 9, 9, 16, 0, tzinfo=UTC)  # midnight of 10 September in Shanghai
EDGE = datetime(2026, 10, 9, 16, 0, tzinfo=UTC)  # midnight of 10 October
NIGHT = EDGE + timedelta(hours=26)

TERMS: dict[str, Any] = {
    "currency": ["USD", "CNY"],
    "round": {"line": "minor"},
    "facts": {"fee": {"unit": "money"}, "availability": {"unit": "percent"}, "seats": {"unit": "seats"}},
    "options": ["module.moderation", "sla.gold"],
    "tags": ["sla_credit"],
    "meters": {
        "mau": {"unit": "users", "reduce": [{"take": "max", "per": ["app"]}, {"take": "sum"}]},
        "messages": {"unit": "messages"},
    },
    "charges": [
        {
            "code": "base",
            "name": {"en": "Base fee", "zh-Hans": "基础费用"},
            "tags": ["plan"],
            "steps": [
                {"price": {"pick": "currency", "cases": {"USD": {"flat": "40"}, "CNY": {"flat": "280"}}}}
            ],
        },
        {
            "code": "moderation",
            "name": {"en": "Moderation", "zh-Hans": "内容审核"},
            "tags": ["module"],
            "held": ["module.moderation"],
            "steps": [{"price": {"flat": "20"}}],
        },
        {
            "code": "users",
            "name": {"en": "Monthly active users", "zh-Hans": "月活跃用户"},
            "tags": ["usage"],
            "of": "mau",
            "steps": [{"included": "3"}, {"price": {"each": "1.255"}}],
        },
        {
            "code": "messages",
            "name": {"en": "Messages", "zh-Hans": "消息"},
            "tags": ["usage"],
            "of": "messages",
            "steps": [{"included": "50000"}, {"price": {"each": "3", "per": "10000", "partial": "ceil"}}],
        },
        {
            "code": "annual",
            "name": {"en": "Annual discount", "zh-Hans": "年付优惠"},
            "tags": ["discount"],
            "credit": "true",
            "of": {"spend": ["plan", "module"]},
            "steps": [{"times": {"pick": "term", "cases": {"monthly": "0", "annual": "0.2"}}}],
        },
    ],
    "figures": [
        {
            "code": "sla.gold",
            "held": ["sla.gold"],
            "of": "fee",
            "steps": [
                {
                    "table": {
                        "mode": "volume",
                        "by": "availability",
                        "bands": [
                            {"below": "99", "each": "0.25"},
                            {"below": "99.95", "each": "0.1"},
                            {"each": "0"},
                        ],
                    }
                },
                {"at_most": {"times": ["fee", "0.5"]}},
            ],
        }
    ],
}
TAX = {
    "code": "vat",
    "name": {"en": "VAT 20 %", "zh-Hans": "增值税 20 %"},
    "tags": ["tax"],
    "of": {"spend": ["plan", "module", "usage", "discount", "sla_credit"]},
    "steps": [{"times": "0.2"}],
}


def make_meters() -> None:
    """Make the meters that the terms refer to."""
    for code, kind in (("mau", "unique"), ("messages", "sum")):
        Meter.objects.get_or_create(
            code=code,
            defaults={"name_en": code, "name_zh": code, "kind": kind, "unit": code, "event_type": code},
        )


def make_plan(**changes: Any) -> PlanVersion:
    """Make a published version of the terms above, with their meters and the gold SLA tier."""
    make_meters()
    SlaTier.objects.get_or_create(
        code="gold", defaults={"name_en": "Gold", "name_zh": "金牌", "target": Decimal("99.95")}
    )
    plan = Plan.objects.create(code=f"growth-{Plan.objects.count()}", name_en="Growth", name_zh="成长版")
    version = make_version({**TERMS, **changes}, plan=plan)
    version.sla_tiers.add(SlaTier.objects.get(code="gold"))
    return version


def begin(
    *,
    customer: Customer | None = None,
    version: PlanVersion | None = None,
    term: str = "monthly",
    collection: str = "offline",
    options: Mapping[str, Decimal] | None = None,
    at: datetime = START,
) -> tuple[Subscription, Invoice]:
    """Subscribe a customer (of Shanghai, unless given) with one app."""
    owner = customer or make_customer(billing_zone="Asia/Shanghai")
    if not owner.apps.exists():
        make_app(owner, code=f"app_{owner.public_id[4:]}")
    return subscribe(
        customer=owner,
        version=version or make_plan(),
        term=term,
        options=options or {},
        collection=collection,
        at=at,
        by=TESTER,
    )


def report_availability(
    app: App, good: str, total: str = "43200", *, month: tuple[int, int] = (2026, 9), revision: int = 1
) -> AvailabilityReport:
    """Report one calendar month (of Shanghai) of an app in minutes."""
    start = datetime(*month, 1, tzinfo=SHANGHAI)
    end = datetime(month[0], month[1] + 1, 1, tzinfo=SHANGHAI)
    return AvailabilityReport.objects.create(
        app=app,
        region="cn-north",
        window=(start, end),
        unit="minutes",
        good=Decimal(good),
        total=Decimal(total),
        revision=revision,
        content_hash=f"{good}/{total}/{revision}",
        reported_at=end,
        by="key:test",
    )


def as_text(invoice: Invoice) -> str:
    """Write an invoice so that a person can add it up."""
    zone = ZoneInfo(invoice.customer.billing_zone)
    rows = [
        f"{invoice.kind} invoice {invoice.number} in {invoice.currency}, {invoice.collection}",
        f"issued {invoice.issued_at.astimezone(zone):%Y-%m-%d %H:%M}, status {invoice.status}",
        "",
    ]
    for line in invoice.lines.order_by("position"):
        quantity = f"{line.quantity.normalize():f} {line.unit}" if line.unit else ""
        money = f"{from_minor(line.amount, invoice.currency):>12}"
        rows.append(f"{line.description['en']:<78}{quantity:>16}{money}")
    rows += ["-" * 106, f"{'total':<94}{from_minor(invoice.total, invoice.currency):>12}"]
    return "\n".join(rows) + "\n"
