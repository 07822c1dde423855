"""At which instants an agreement falls due: the edges of its charges' periods, by the terms of its phases."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Aggregate, F, Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from billing.cadence import Cadence
from billing.dues import Rhythm, due_edges, rhythm_of
from billing.selectors_gather import calendar_of
from plans.models import PlanVersion
from plans.models.plans import VersionState
from plans.selectors import TermsDamaged, terms_of
from plans.terms import Charge
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.models.agreements import Term
from subscriptions.phases import Stretch

SHORTEST_MONTH = timedelta(days=27)  # from edge to edge it is never less, clock changes included
AHEAD = (timedelta(days=32), timedelta(days=400))  # nearly every agreement has an edge in the first
DAMAGED = Rhythm((), ((Charge(code="damaged"), Cadence("month", "anniversary")),))
_KNOWN: dict[tuple[str, str], Rhythm] = {}  # by terms hash and term; published terms never change


def with_edges(rows: QuerySet[Subscription]) -> QuerySet[Subscription]:
    """Read agreements with all that `edges_of` needs, in a constant number of queries."""
    phases = SubscriptionPhase.objects.select_related("plan_version").defer(
        "plan_version__terms", "plan_version__source", "plan_version__entitlements"
    )
    return rows.select_related("customer").prefetch_related(Prefetch("phases", phases), "add_ons")


def reaching(rows: QuerySet[Subscription], last: Aggregate, until: datetime) -> QuerySet[Subscription]:
    """Leave out the agreements that cannot have an edge between their `last` one and `until`.

    Those billed by the agreement's months only (most) have none for four weeks. `reached` is added: the
    last edge, the anchor where there is none.
    """
    fine = SubscriptionPhase.objects.filter(plan_version__in=fine_versions()).values("subscription")
    rows = rows.annotate(reached=Coalesce(last, F("anchor")))
    soon = Q(reached__lt=until - SHORTEST_MONTH) | Q(span__endswith__lte=until) | Q(pk__in=fine)
    return rows.filter(soon, Q(span__endswith__isnull=True) | Q(reached__lt=F("span__endswith")))


def edges_of(subscription: Subscription, after: datetime, until: datetime) -> list[datetime]:
    """Return the edges in (after, until] at which something falls due, earliest first; the start is none."""
    calendar, found = calendar_of(subscription), set[datetime]()
    for phase in subscription.phases.all():
        stretch = Stretch(phase.span.lower, phase.span.upper, phase.plan_version_id)
        rhythm = _rhythm(phase.plan_version, subscription.term)
        found |= set(
            due_edges(
                rhythm, calendar, stretch, after=max(after, calendar.anchor), until=until,
                held=lambda at: _held(subscription, at),
            )
        )  # fmt: skip
    return sorted(edge for edge in found if edge > calendar.anchor)


def next_edge(subscription: Subscription, after: datetime) -> datetime | None:
    """Return the next instant after `after` at which something falls due, None where nothing will."""
    for ahead in AHEAD:
        if found := edges_of(subscription, after, after + ahead):
            return found[0]
    return None


def _held(subscription: Subscription, at: datetime) -> Collection[str]:
    return {
        one.option
        for one in subscription.add_ons.all()
        if one.span.lower <= at and (one.span.upper is None or at < one.span.upper)
    }


def fine_versions() -> list[int]:
    """Return the published versions (keys) with an edge between those of the agreement's months."""
    rows = PlanVersion.objects.exclude(state=VersionState.DRAFT).defer("terms", "source", "entitlements")
    return [row.pk for row in rows if any(not _rhythm(row, term).is_monthly for term in Term.values)]


def _rhythm(version: PlanVersion, term: str) -> Rhythm:
    key = (version.terms_hash, term)
    if key not in _KNOWN:
        try:
            _KNOWN[key] = rhythm_of(terms_of(version).document, term)
        except TermsDamaged:  # its customers are parked when their month is rated; the others go on
            return DAMAGED
    return _KNOWN[key]
