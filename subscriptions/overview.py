"""What the portal shows of agreements: one row each, in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Prefetch, Q, Sum
from django.db.models.functions import Coalesce

from plans.models import FeatureModule, Plan, PlanVersion, SlaTier, SupportTier
from plans.timespan import Period
from subscriptions.anchors import current_period
from subscriptions.models import AddOn, Customer, Subscription, SubscriptionPhase
from subscriptions.selectors import subscriptions_of, term_period, within, zone_of

SOLD: dict[str, type[FeatureModule | SlaTier | SupportTier]] = {
    "module": FeatureModule,
    "sla": SlaTier,
    "support": SupportTier,
}


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """One agreement as the pages show it at an instant."""

    agreement: Subscription
    version: PlanVersion
    held: list[str]  # names of modules and tiers in the reader's language
    seats: int
    is_live: bool
    period: Period | None  # the month under way; None when not live
    term: Period | None
    ends_at: datetime | None

    @property
    def plan(self) -> Plan:
        """The plan in force, or the last one that was."""
        return self.version.plan


def option_names(options: set[str]) -> dict[str, str]:
    """Return the reader's name of each option; one query per kind that occurs."""
    names: dict[str, str] = {}
    for kind, model in SOLD.items():
        codes = {o.partition(".")[2] for o in options if o.startswith(f"{kind}.")}
        if codes:
            names |= {f"{kind}.{row.code}": row.name for row in model.objects.filter(code__in=codes)}
    return names


def agreement_rows(
    customer: Customer, at: datetime, *, only: Subscription | None = None
) -> list[AgreementRow]:
    """Return a customer's agreements at `at`, newest first, ended ones included."""
    phases = SubscriptionPhase.objects.select_related("plan_version__plan").order_by("span")
    held = AddOn.objects.filter(span__contains=at).order_by("option")
    found = subscriptions_of(customer).prefetch_related(
        Prefetch("phases", phases, to_attr="shown_phases"), Prefetch("add_ons", held, to_attr="shown_options")
    )
    found = found.annotate(
        shown_seats=Coalesce(Sum("seat_changes__delta", filter=Q(seat_changes__at__lte=at)), 0)
    )
    rows = list(found.filter(pk=only.pk) if only else found)
    names = option_names({one.option for row in rows for one in row.shown_options})
    return [_row(row, names, at) for row in rows]


def _row(agreement: Subscription, names: dict[str, str], at: datetime) -> AgreementRow:
    phases: list[SubscriptionPhase] = agreement.shown_phases  # type: ignore[attr-defined]  # Prefetch's to_attr
    begun = [phase for phase in phases if phase.span.lower <= at] or phases[:1]
    live = within(agreement, at)
    zone = zone_of(agreement.customer)
    options = [one.option for one in agreement.shown_options]  # type: ignore[attr-defined]  # Prefetch's to_attr
    return AgreementRow(
        agreement,
        begun[-1].plan_version,
        [names.get(option, option) for option in options],
        agreement.shown_seats,  # type: ignore[attr-defined]  # annotation
        live,
        current_period(agreement.anchor, zone, at, 1) if live else None,
        term_period(agreement, at) if live else None,
        agreement.span.upper,
    )
