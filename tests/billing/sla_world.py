"""A plan of one base fee with one SLA tier, loaded as a catalogue; reports, exclusions, nights."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from billing.services.runs import run_jobs, tick
from plans.models import PlanVersion
from plans.timespan import Period
from subscriptions.models import App, Subscription
from tests.billing.world import begin
from tests.factories import NOW, ON_SALE, load_text
from usage.models import AvailabilityReport, ExcludedWindow

CATALOGUE = """\
sla_tiers:
  - code: cloud
    names: {{en: Cloud, zh-Hans: 云}}
{tier}
plans:
  - code: im
    names: {{en: IM, zh-Hans: 即时通信}}
    versions:
      - number: {number}
        effective_at: {date}
        terms:
          currency: [USD, CNY]
          round: {{line: minor}}
          pools: {{messages: {{order: first_expiring}}}}
          charges:
            - code: base
              name: {{en: Base, zh-Hans: 基础}}
              tags: [plan]
              steps: [{{price: {{flat: 40}}}}]
            - code: extra
              name: {{en: Extra, zh-Hans: 附加}}
              tags: [extra]
              steps: [{{price: {{flat: 5}}}}]
        sla_tiers: [cloud]
"""
HELD = {"sla.cloud": Decimal(1)}


def indented(tier: str) -> str:
    """Return the lines of a tier, less their own margin, at the depth of the catalogue."""
    lines = [line for line in tier.splitlines() if line.strip()]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join("    " + line[margin:] for line in lines)


def load(tier: str, *, number: int = 1) -> PlanVersion:
    """Load the catalogue with this tier; another number is another version."""
    date = (ON_SALE + timedelta(days=number)).isoformat()
    text = CATALOGUE.format(tier=indented(tier), number=number, date=date)
    load_text(text, at=NOW)
    return PlanVersion.objects.get(number=number)


def agreed(tier: str, **more: Any) -> Subscription:
    """A customer of Shanghai with one app, on the plan since 10 September, 40.00 a month."""
    return begin(version=load(tier), options=HELD, **more)[0]


def app_of(subscription: Subscription) -> App:
    """The customer's only app."""
    return subscription.customer.apps.get()


def report(
    subscription: Subscription,
    window: Period,
    lost: str,
    *,
    failed: Sequence[Period] = (),
    region: str = "eu",
    revision: int = 1,
) -> AvailabilityReport:
    """Report a window in minutes, `lost` of them."""
    total = Decimal(window.microseconds) / 60_000_000
    return AvailabilityReport.objects.create(
        app=app_of(subscription),
        region=region,
        window=(window.start, window.end),
        unit="minutes",
        good=total - Decimal(lost),
        total=total,
        failed=[[one.start.isoformat(), one.end.isoformat()] for one in failed],
        revision=revision,
        content_hash=f"{lost}/{revision}",
        reported_at=window.end,
        by="key:test",
    )


def exclude(span: Period, *, notice: timedelta | None = None, **fields: Any) -> ExcludedWindow:
    """State maintenance for everybody, announced so long before it began."""
    given = {
        "reference": f"CHG-{ExcludedWindow.objects.count()}",
        "revision": 1,
        "kind": "maintenance",
        "notice_at": span.start - notice if notice is not None else None,
        "reason": "upgrade",
        "content_hash": "x",
        "stated_at": span.start,
        "by": "key:test",
        **fields,
    }
    return ExcludedWindow.objects.create(span=(span.start, span.end), **given)


def night(at: datetime) -> int:
    """Tick and carry out what is due; return how many windows and periods were new or open again."""
    new = tick(at)
    while run_jobs(at):
        pass
    return new
