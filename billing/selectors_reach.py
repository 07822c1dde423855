"""Whom a new version of a plan concerns: every live agreement on the plan, and its last invoice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing.models import Invoice, InvoiceKind, InvoiceStatus
from plans.models import PlanVersion
from subscriptions.models import Subscription, SubscriptionPhase


@dataclass(frozen=True, slots=True)
class Reached:
    """A live agreement on the plan, the version it is pinned to, and until when its price is locked."""

    subscription: Subscription
    version: PlanVersion
    locked_until: datetime | None

    def is_exempt(self, at: datetime) -> bool:
        """Tell whether its prices are locked at `at`: no new version reaches it before."""
        return self.locked_until is not None and self.locked_until > at


def reached_by(version: PlanVersion, at: datetime) -> list[Reached]:
    """Return the agreements live on any version of the plan at `at`, in one query."""
    phases = (
        SubscriptionPhase.objects.filter(plan_version__plan=version.plan_id, span__contains=at)
        .filter(subscription__span__contains=at)
        .select_related("subscription__customer", "subscription__app", "plan_version__plan")
        .defer("plan_version__source", "plan_version__terms", "plan_version__entitlements")
        .order_by("subscription__customer__name", "subscription_id")
    )
    return [Reached(one.subscription, one.plan_version, one.price_lock_until) for one in phases]


def last_invoices(subscriptions: Sequence[Subscription]) -> dict[int, Invoice]:
    """Return each agreement's last start or period invoice that says what it was rated from; one query."""
    rows = (
        Invoice.objects.filter(subscription__in=subscriptions)
        .filter(kind__in=[InvoiceKind.START, InvoiceKind.CYCLE], inputs__has_key="parts")
        .exclude(Q(status=InvoiceStatus.VOID) | Q(status=InvoiceStatus.DRAFT))
        .order_by("subscription_id", "-period_start")
        .distinct("subscription_id")
    )
    return {row.subscription_id: row for row in rows}


def versions_by_hash(hashes: set[str]) -> dict[str, PlanVersion]:
    """Return a published version for each terms hash, in one query."""
    rows = PlanVersion.objects.filter(terms_hash__in=hashes).order_by("-pk")
    return {row.terms_hash: row for row in rows}
