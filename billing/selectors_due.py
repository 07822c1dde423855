"""What falls due at an edge of an agreement, under which terms, and what must be counted for it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.drawing import cover_edges, drawing_meters
from billing.dues import (
    advance_dues,
    arrears_dues,
    companions,
    earlier_windows,
    meters_of,
    unfinished,
)
from billing.errors import SeveralPhases
from billing.grains import grains
from billing.selectors_gather import (
    Standpoint,
    calendar_of,
    standpoint,
    version_at,
    version_over,
    within_agreement,
)
from billing.values import Due, Pack
from plans.timespan import MICROSECOND, Period
from subscriptions.models import Subscription
from usage.grain import Grain

Packs = Mapping[str, Sequence[Pack]]  # pool -> what the customer holds of it


@dataclass(frozen=True, slots=True)
class Part:
    """Dues that share terms and context."""

    view: Standpoint
    dues: list[Due]


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time over which meters are counted for the dues of one edge."""

    period: Period  # as the dues have it
    covered: Period  # its part in the agreement
    meters: Collection[str]
    grains: Mapping[str, Grain]
    is_earlier: bool  # it lies before a bill, and an earlier invoice has counted it


def parts_at(subscription: Subscription, edge: datetime, packs: Packs | None = None) -> list[Part]:
    """Return what is due at an edge: the past and the future, each under its own terms.

    Raises SeveralPhases where a period in arrears lies under more than one version, or is cut by a
    change of version.
    """
    parts = [*_past(subscription, edge), *_future(subscription, edge)]
    parts = [replace(part, view=_with_packs(part, packs or {})) for part in parts]
    return settled(parts)


def settled(parts: list[Part]) -> list[Part]:
    """Return parts as one invoice rates them: together where nothing changed, with taxes and shared fees."""
    return _with_companions(_united(parts))


def _past(subscription: Subscription, edge: datetime) -> Iterator[Part]:
    calendar = calendar_of(subscription)
    if edge <= calendar.anchor:
        return
    last = edge - MICROSECOND
    version = version_at(subscription, last)
    if version is None:
        raise SeveralPhases(subscription=subscription.public_id)
    view = standpoint(subscription, version, last)
    dues = arrears_dues(view.terms.document, calendar, edge)
    for due in dues:
        version_over(subscription, within_agreement(subscription, due.covered) or due.covered)
    following = version_at(subscription, edge)
    moves_on = following is not None and following.pk != version.pk
    if moves_on and unfinished(view.terms.document, calendar, edge):
        raise SeveralPhases(subscription=subscription.public_id)
    yield Part(view, dues)


def _future(subscription: Subscription, edge: datetime) -> Iterator[Part]:
    start = max(edge, subscription.span.lower)
    version = version_at(subscription, start)
    if version is not None:
        view = standpoint(subscription, version, start)
        yield Part(view, advance_dues(view.terms.document, calendar_of(subscription), edge))


def _with_packs(part: Part, packs: Packs) -> Standpoint:
    """Return the standpoint with the packs that the terms can draw from."""
    known = {pool: held for pool, held in packs.items() if pool in part.view.terms.document.pools and held}
    return replace(part.view, context=replace(part.view.context, packs=known)) if known else part.view


def _united(parts: list[Part]) -> list[Part]:
    """Rate the past and the future in one go where nothing changed between them."""
    if len(parts) == 2 and parts[0].view == parts[1].view:
        return [Part(parts[0].view, [*parts[0].dues, *parts[1].dues])]
    return [part for part in parts if part.dues] or parts[:1]


def _with_companions(parts: list[Part]) -> list[Part]:
    """Add taxes and fees over lines of both kinds; of two parts, the later terms decide them."""
    if not parts:
        return parts
    last = parts[-1]
    document = last.view.terms.document
    known = {charge.code for charge in document.charges}  # the earlier terms may charge what these do not
    seen = [due for part in parts for due in part.dues if due.charge in known]
    return [*parts[:-1], Part(last.view, [*last.dues, *companions(document, seen)])]


def windows_of(subscription: Subscription, parts: Sequence[Part]) -> list[Window]:
    """Return every span that has to be counted for the parts, with the meters to count.

    Raises SeveralPhases where a charge accumulates over more than one version.
    """
    found = []
    zone = calendar_of(subscription).zone
    for part in parts:
        document = part.view.terms.document
        earlier = earlier_windows(document, part.dues, zone)
        for period, meters in meters_of(document, part.dues, zone).items():
            covered = within_agreement(subscription, period)
            if covered is not None:
                version_over(subscription, covered)
                fine = grains_of([part], period, covered, zone)
                found.append(Window(period, covered, sorted(meters), fine, period in earlier))
    return found


def grains_of(parts: Iterable[Part], window: Period, covered: Period, zone: ZoneInfo) -> dict[str, Grain]:
    """Return the grains that parts ask for over one of their windows."""
    found: dict[str, Grain] = {}
    for part in parts:
        terms, document, packs = part.view.terms, part.view.terms.document, part.view.context.packs
        meters = meters_of(document, part.dues, zone).get(window, frozenset())
        drawing = drawing_meters(document, packs.keys()) & meters if packs else set()
        found |= grains(terms, meters - drawing, covered, zone)
        if drawing:
            found |= grains(terms, drawing, covered, zone, cover_edges(document, packs, zone))
    return found
