"""From when on raw events may still be read for a bill: what retention asks before it drops a day.

An agreement is settled up to its first edge that has no invoice yet (waiting, held, parked, or not even
planned), or up to now. Before that, raw events are read for two reasons only: a charge whose period, or
window so far, began earlier and ends later; and late usage, which counts the whole of a frozen period again
for 100 days. What came later still and is on no bill waits for people, and so do its events.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing.cadence import Cadence
from billing.dues import accumulated, rhythm_of
from billing.models import BillingJob
from billing.selectors_edges import edges_of, with_edges
from billing.selectors_gather import calendar_of
from billing.selectors_unbilled import MEMORY, unbilled
from plans.models import PlanVersion
from plans.selectors import TermsDamaged, terms_of
from plans.terms import Charge
from plans.terms_timing import timings
from plans.timespan import MICROSECOND
from subscriptions.models import App, Subscription
from usage.retention import Need
from usage.selectors_late import earliest_frozen

Counting = tuple[tuple[Charge, Cadence], ...]  # charges that count usage, and how often
UNKNOWN: Counting = ((Charge(code="damaged"), Cadence("year", "calendar")),)
_KNOWN: dict[tuple[str, str], Counting] = {}  # by terms hash and term; published terms never change


@dataclass(frozen=True, slots=True)
class _Standing:
    """How far an agreement is settled, and from when on its next invoices count usage."""

    settled: datetime  # nothing of before is to be invoiced for the first time
    counted_from: datetime | None  # None: no charge to come counts anything


def needs(apps: Collection[int], at: datetime) -> Mapping[int, Need]:
    """Return, by app, the need that reaches back furthest; an app without one may lose everything."""
    owners = dict(App.objects.filter(pk__in=apps).values_list("pk", "customer"))
    every = Q(app=None, customer__in=set(owners.values()))
    rows = {row.pk: row for row in with_edges(Subscription.objects.filter(Q(app__in=list(owners)) | every))}
    found: dict[int, Need] = {}
    for subscription, need in _of_agreements(rows, at):
        row = rows[subscription]
        own = [row.app_id] if row.app_id else [pk for pk, whose in owners.items() if whose == row.customer_id]
        for app in own:
            if app not in found or need.since < found[app].since:
                found[app] = need
    return found


def _of_agreements(rows: Mapping[int, Subscription], at: datetime) -> Iterator[tuple[int, Need]]:
    """Yield everything that agreements still need."""
    done, undone = _edges(rows, Q(state=BillingJob.State.DONE)), _edges(rows, ~Q(state=BillingJob.State.DONE))
    standing = {pk: _standing(row, done.get(pk, []), undone.get(pk, []), at) for pk, row in rows.items()}
    for pk, one in standing.items():
        if one.counted_from is not None:
            yield pk, Need(one.counted_from, "open", rows[pk].public_id)
    again = earliest_frozen({pk: one.settled - MEMORY for pk, one in standing.items()})
    for pk, since in again.items():
        yield pk, Need(since, "frozen", rows[pk].public_id)
    for late in unbilled(list(rows)):
        yield late.subscription.pk, Need(late.period.start, "unbilled", late.subscription.public_id)


def _edges(rows: Collection[int], which: Q) -> dict[int, list[datetime]]:
    """Return the edges of jobs by agreement, earliest first."""
    jobs = BillingJob.objects.filter(which, step=BillingJob.Step.CYCLE, subscription__in=list(rows))
    found: dict[int, list[datetime]] = {}
    for pk, edge in jobs.order_by("period_start").values_list("subscription", "period_start"):
        found.setdefault(pk, []).append(edge)
    return found


def _standing(row: Subscription, done: list[datetime], undone: list[datetime], at: datetime) -> _Standing:
    before = [edge for edge in done if not undone or edge < undone[0]]
    due = edges_of(row, before[-1] if before else row.anchor, at)  # no invoice yet, whether planned or not
    settled = min([at, *due[:1], *undone[:1]])
    ended: datetime | None = row.span.upper
    if ended is not None and settled >= ended and not due and not undone:
        return _Standing(settled, None)
    return _Standing(settled, min(_window_starts(row, settled), default=None))


def _window_starts(row: Subscription, settled: datetime) -> Iterator[datetime]:
    """Yield where the windows begin that charges will count at edges from `settled` on."""
    calendar = calendar_of(row)
    inside = max(settled - MICROSECOND, calendar.anchor)
    for phase in row.phases.all():
        if phase.span.upper is None or phase.span.upper >= settled:
            for charge, cadence in _counting(phase.plan_version, row.term):
                for pair in accumulated(cadence.period(calendar, inside), charge.resets, calendar.zone):
                    yield from (window.start for window in pair)


def _counting(version: PlanVersion, term: str) -> Counting:
    """Return the charges of a version that count usage; of terms nobody can read, that one may."""
    key = (version.terms_hash, term)
    if key not in _KNOWN:
        try:
            document = terms_of(version).document
        except TermsDamaged:
            return UNKNOWN
        rules, rhythm = timings(document), rhythm_of(document, term)
        pairs = (*rhythm.advance, *rhythm.arrears)
        _KNOWN[key] = tuple(pair for pair in pairs if rules[pair[0].code].meters)
    return _KNOWN[key]
