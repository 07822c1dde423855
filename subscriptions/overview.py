"""What the portal shows of agreements: one row each, in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Prefetch, Q, Sum
from django.db.models.functions import Coalesce

from plans.models import Coupon, FeatureModule, Plan, PlanVersion, SlaTier, SupportTier
from plans.selectors import terms_of
from plans.templatetags.figures import quantity, tongue, unit
from plans.terms_asked import asked_of, said
from plans.timespan import Period
from subscriptions.anchors import current_period
from subscriptions.models import AddOn, Customer, Subscription, SubscriptionPhase
from subscriptions.models.agreements import Term
from subscriptions.selectors import subscriptions_of, term_period, within, zone_of

SOLD: dict[str, type[FeatureModule | SlaTier | SupportTier | Coupon]] = {
    "module": FeatureModule,
    "sla": SlaTier,
    "support": SupportTier,
    "coupon": Coupon,
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
    phase: SubscriptionPhase
    at: datetime

    @property
    def lock_until(self) -> datetime | None:
        """Until when the price is locked; None when it is not, no longer, or the agreement ends before."""
        until: datetime | None = self.phase.price_lock_until
        if until is not None and self.ends_at is not None and self.ends_at <= until:
            return None
        return until if until is not None and until > self.at else None

    @property
    def agreed(self) -> list[tuple[str, str]]:
        """What was agreed of labels and facts: name and value in the reader's language."""
        document, language = terms_of(self.version).document, "zh-Hans" if tongue() == "zh" else "en"
        labels = [
            (said(document, label, language), said(document, f"{label}.{value}", language))
            for label, value in self.phase.labels.items()
        ]
        asked = asked_of(document).facts
        return labels + [
            (said(document, fact, language), f"{quantity(Decimal(value))} {unit(asked.get(fact, ''))}")
            for fact, value in self.phase.facts.items()
        ]

    @property
    def may_leave_early(self) -> bool:
        """Whether months are paid that could be given up: an annual term beyond this month."""
        later = self.term is not None and self.period is not None and self.term.end > self.period.end
        return later and self.agreement.term == Term.ANNUAL and not self.agreement.left_early

    @property
    def shows_seats(self) -> bool:
        """Whether seats mean anything here: some are agreed, or the plan's terms ask for them."""
        return self.seats > 0 or b'"seats"' in terms_of(self.version).canonical

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
        begun[-1],
        at,
    )
