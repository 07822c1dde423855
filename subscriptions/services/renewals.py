"""Move an agreement to a newer version at a renewal: one phase ends at the edge, the next begins there."""

from collections.abc import Iterable
from datetime import datetime

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange as Span

from plans.actor import Actor
from plans.history import changes
from plans.selectors import terms_of
from subscriptions.models import Subscription, SubscriptionPhase
from subscriptions.moves import carried
from subscriptions.selectors import with_parts
from subscriptions.selectors_moves import Move, Movers, holdings_at, moving_plans
from subscriptions.services.rows import lock_subscription


def renew(edges: Iterable[tuple[Subscription, datetime]], *, by: Actor) -> list[Move]:
    """Carry out the moves that fall on these renewals, earliest first; a repeat finds none.

    Decided by the edge alone, so a night that runs late moves at the right instant. A move that is
    hindered is left out: `Movers.coming` tells staff and the customer why.
    """
    pairs = sorted(edges, key=lambda pair: pair[1])
    keys = {agreement.pk for agreement, _edge in pairs}
    plans = SubscriptionPhase.objects.filter(subscription__in=keys).values_list("plan_version__plan")
    plan_ids = moving_plans(plan for (plan,) in plans.distinct())
    if not plan_ids:
        return []
    movers = Movers(plan_ids)
    done = []
    for agreement, edge in pairs:
        move = _moved(movers, agreement, edge, by=by)
        if move is not None:
            done.append(move)
    return done


def _moved(movers: Movers, agreement: Subscription, edge: datetime, *, by: Actor) -> Move | None:
    with changes(by):
        lock_subscription(agreement)
        fresh = with_parts(Subscription.objects.filter(pk=agreement.pk)).get()
        move = movers.move_at(fresh, edge)
        if move is None or move.hindered_by:
            return None
        end = move.phase.span.upper
        labels, facts = carried(terms_of(move.version).document, holdings_at(fresh, move.phase, edge))
        move.phase.span = Span(move.phase.span.lower, edge)
        move.phase.save(update_fields=["span"])
        SubscriptionPhase.objects.create(
            subscription=fresh,
            plan_version=move.version,
            span=Span(edge, end),
            labels=labels,
            facts=facts,
        )
    return move
