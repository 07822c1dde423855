"""What a coming move to a newer version means in money: the fixed fees before and after, by charge."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from billing.dues import advance_dues, companions
from billing.models.lines import in_reader_language
from billing.previews import in_minor
from billing.rating import rate
from billing.selectors_gather import Standpoint, billable, calendar_of, last_instant, standpoint
from billing.wording import label_of
from plans.composition import COUPON
from plans.errors import DomainError
from plans.selectors import terms_of
from plans.terms import to_tree
from plans.terms_timing import timings
from subscriptions.anchors import index_at
from subscriptions.models import Subscription
from subscriptions.moves import carried, plain_facts
from subscriptions.selectors import zone_of
from subscriptions.selectors_moves import Move, Movers, holdings_at, moving_plans


@dataclass(frozen=True, slots=True)
class FeeChange:
    """One fixed charge of a term, in minor units before and after."""

    label: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class MoveNotice:
    """A coming move as pages show it. `fees` is None where a side cannot be rated."""

    move: Move
    currency: str
    fees: list[FeeChange] | None
    before: int
    after: int
    usage_changes: bool


def coming_moves(subscriptions: Iterable[Subscription], at: datetime) -> dict[int, MoveNotice]:
    """Return the coming move of each live agreement that has one; a constant number of queries."""
    keys = [one.pk for one in subscriptions]
    rows = list(billable(Subscription.objects.filter(pk__in=keys, span__contains=at))) if keys else []
    plans = moving_plans(phase.plan_version.plan_id for row in rows for phase in row.phases.all())
    if not plans:
        return {}
    movers = Movers(plans)
    found = ((row, movers.coming(row, at)) for row in rows)
    return {row.pk: _notice(row, move) for row, move in found if move is not None}


def _notice(subscription: Subscription, move: Move) -> MoveNotice:
    old, new = terms_of(move.phase.plan_version).document, terms_of(move.version).document
    usage = [
        [to_tree(charge) for charge in one.charges if timings(one)[charge.code].meters] for one in (old, new)
    ]
    pair = _fees(subscription, move)
    before, after = pair or ({}, {})
    changes = [
        FeeChange(label, before.get(label, 0), after.get(label, 0))
        for label in dict.fromkeys([*before, *after])
        if before.get(label, 0) != after.get(label, 0)
    ]
    return MoveNotice(
        move,
        subscription.currency,
        None if pair is None else changes,
        sum(before.values()),
        sum(after.values()),
        usage[0] != usage[1],
    )


def _fees(subscription: Subscription, move: Move) -> tuple[dict[str, int], dict[str, int]] | None:
    if move.hindered_by:
        return None
    zone = zone_of(subscription.customer)
    k = index_at(subscription.anchor, zone, move.edge)
    before = calendar_of(subscription).months(k - 1, 1)
    view = standpoint(subscription, move.phase.plan_version, last_instant(before))
    view = _without_coupons(view)
    held = holdings_at(subscription, move.phase, move.edge)
    terms = terms_of(move.version)
    labels, facts = carried(terms.document, held)
    context = replace(
        view.context,
        labels={**view.context.labels, **labels},
        facts={**view.context.facts, **plain_facts(facts)},
    )
    try:
        old = _amounts(subscription, view, k)
        return old, _amounts(subscription, Standpoint(terms, context), k)
    except DomainError:
        return None


def _without_coupons(view: Standpoint) -> Standpoint:
    """Leave coupons out: they end, and the comparison is about prices."""
    kept = {name: held for name, held in view.context.options.items() if not name.startswith(COUPON)}
    return replace(view, context=replace(view.context, options=kept))


def _amounts(subscription: Subscription, view: Standpoint, k: int) -> dict[str, int]:
    """Return the fixed fees due at an edge by their label, in minor units."""
    document, calendar = view.terms.document, calendar_of(subscription)
    dues = advance_dues(document, calendar, calendar.edge(k))
    if not dues:
        return {}
    rating = rate(view.terms, {}, [*dues, *companions(document, dues)], view.context)
    found: dict[str, int] = {}
    amounts = in_minor([line.amount for line in rating.lines], rating.total, rating.currency)
    for line, amount in zip(rating.lines, amounts, strict=True):
        label = in_reader_language(label_of(line.label, line.charge))
        found[label] = found.get(label, 0) + amount
    return {label: amount for label, amount in found.items() if amount}
