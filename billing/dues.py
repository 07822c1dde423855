"""Which charges one invoice holds, and for which service periods. PURE.

Base fees are due in advance, usage in arrears; charges over lines of both kinds (tax, a support
fee) stand on every invoice that has a line they refer to. An edge is an instant at which a period of
some charge begins or ends; what falls due there shares one invoice. The periods of the calendar are cut
to the agreement at its start and its end: the service period stays whole, its spans say what is covered.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.cadence import DAYS, Cadence, Calendar
from billing.values import Due
from plans.terms import Charge, Document
from plans.terms_timing import Timing, billed_every, timings
from plans.terms_walk import spends_in
from plans.timespan import MICROSECOND, Period, local_date, local_midnight, shift_months
from subscriptions.phases import Stretch

__all__ = [
    "Cadence",
    "Calendar",
    "Rhythm",
    "accumulated",
    "advance_dues",
    "arrears_dues",
    "companions",
    "due_edges",
    "earlier_windows",
    "meters_of",
    "month_dues",
    "rhythm_of",
    "running_dues",
    "span_of",
    "unfinished",
]


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What an agreement on some terms is billed for in advance and in arrears, in document order."""

    advance: tuple[tuple[Charge, Cadence], ...]
    arrears: tuple[tuple[Charge, Cadence], ...]

    @property
    def is_monthly(self) -> bool:
        """True when nothing falls due between the edges of the agreement's months."""
        return all(cadence.is_anniversary_months for _charge, cadence in (*self.advance, *self.arrears))


def rhythm_of(document: Document, term: str) -> Rhythm:
    """Return the cadence of every charge of a document; charges over lines of both kinds have none."""
    charges = {charge.code: charge for charge in document.charges}
    rules = timings(document)

    def of(when: str) -> tuple[tuple[Charge, Cadence], ...]:
        return tuple(
            (charges[code], _cadence(rule, term)) for code, rule in rules.items() if rule.when == when
        )

    return Rhythm(of("advance"), of("arrears"))


def _cadence(rule: Timing, term: str) -> Cadence:
    return Cadence(billed_every(rule.every, term), rule.anchor)


def advance_dues(document: Document, calendar: Calendar, edge: datetime) -> list[Due]:
    """Return what is paid in advance at an edge: periods that begin there, at the anchor also cut ones."""
    return [
        due
        for charge, cadence in rhythm_of(document, calendar.term).advance
        if (due := _beginning(charge, cadence, calendar, edge)) is not None
    ]


def arrears_dues(document: Document, calendar: Calendar, edge: datetime) -> list[Due]:
    """Return what an edge settles: the periods that end there, at the agreement's end also cut ones."""
    return [
        due
        for charge, cadence in rhythm_of(document, calendar.term).arrears
        if (due := _ending(charge, cadence, calendar, edge)) is not None
    ]


def month_dues(document: Document, calendar: Calendar) -> list[Due]:
    """Return what the agreement's first month of usage comes to; what is billed more often, as one bill.

    For a preview with figures by month: of a charge billed by day or week nobody knows them by day.
    """
    month = calendar.months(0, 1)
    return [
        Due(charge.code, month)
        for charge, cadence in rhythm_of(document, calendar.term).arrears
        if cadence.every in DAYS or cadence.every == "month"
    ]


def running_dues(document: Document, calendar: Calendar, edge: datetime) -> list[Due]:
    """Return what is paid in advance for the periods under way at an edge, whenever that was paid."""
    running = (
        _due(charge, cadence.period(calendar, edge), calendar)
        for charge, cadence in rhythm_of(document, calendar.term).advance
    )
    return [due for due in running if due is not None]


def unfinished(document: Document, calendar: Calendar, edge: datetime) -> list[str]:
    """Return the charges in arrears (codes) with a period that is under way at an edge."""
    return [
        charge.code
        for charge, cadence in rhythm_of(document, calendar.term).arrears
        if edge > calendar.anchor and _ending(charge, cadence, calendar, edge) is None
    ]


def _beginning(charge: Charge, cadence: Cadence, calendar: Calendar, edge: datetime) -> Due | None:
    if calendar.end is not None and edge >= calendar.end:
        return None
    period = cadence.period(calendar, edge)
    return _due(charge, period, calendar) if edge in (period.start, calendar.anchor) else None


def _ending(charge: Charge, cadence: Cadence, calendar: Calendar, edge: datetime) -> Due | None:
    if edge <= calendar.anchor:
        return None
    period = cadence.before(calendar, edge)
    return _due(charge, period, calendar) if edge in (period.end, calendar.end) else None


def _due(charge: Charge, period: Period, calendar: Calendar) -> Due | None:
    covered = calendar.covered(period)
    if covered is None:
        return None
    return Due(charge.code, period, () if covered == period else (covered,))


Held = Callable[[datetime], Collection[str]]  # the options that are held at an instant


def due_edges(
    rhythm: Rhythm, calendar: Calendar, phase: Stretch, *, after: datetime, until: datetime, held: Held
) -> Iterator[datetime]:
    """Yield the edges of a phase in (after, until] at which something falls due under its terms.

    What is in arrears falls due after the phase's start, at its end too; what is in advance from its start
    on, and not at its end. Edges may come twice and in any order. A period in arrears that is under way
    at the end of a phase makes an edge of it: it has to be settled, or looked at.
    """
    last = until if phase.end is None else min(until, phase.end)
    first = max(after, phase.start)
    for charge, cadence in rhythm.arrears if first < last else ():
        edges = cadence.edges(calendar, first, last)
        edges += [last] if last == phase.end and edges[-1:] != [last] else []
        yield from (edge for edge in edges if _holds(charge, held, edge - MICROSECOND))
    first = max(after, phase.start - MICROSECOND)
    for charge, cadence in rhythm.advance if first < last else ():
        edges = [edge for edge in cadence.edges(calendar, first, last) if edge != phase.end]
        yield from (edge for edge in edges if _holds(charge, held, edge))


def _holds(charge: Charge, held: Held, at: datetime) -> bool:
    return not charge.held or set(charge.held) <= set(held(at))


def companions(document: Document, dues: Iterable[Due]) -> list[Due]:
    """Return the charges over lines of both kinds that refer to one of `dues`, for their whole span."""
    found = list(dues)
    charges = {charge.code: charge for charge in document.charges}
    named = {one.charge for one in found} | {tag for one in found for tag in charges[one.charge].tags}
    added: list[Due] = []
    for code, timing in timings(document).items():
        if timing.when == "any" and found and spends_in(charges[code]) & named:
            added.append(Due(code, span_of(found)))
            named |= {code, *charges[code].tags}
    return added


def span_of(dues: Iterable[Due]) -> Period:
    """Return the span from the first to the last covered instant of some dues (at least one)."""
    periods = [one.covered for one in dues]
    return Period(min(one.start for one in periods), max(one.end for one in periods))


Windows = dict[Period, frozenset[str]]  # a span of time -> the meters that are counted over it


def meters_of(document: Document, dues: Iterable[Due], zone: ZoneInfo) -> Windows:
    """Return the meters that must be frozen, by period; earlier windows of accumulating charges included."""
    return _windows(document, dues, zone, lambda pairs: [one for pair in pairs for one in pair])


def earlier_windows(document: Document, dues: Iterable[Due], zone: ZoneInfo) -> Windows:
    """Return of those what lies before a bill and is subtracted from it: earlier bills counted it already."""
    return _windows(document, dues, zone, lambda pairs: [one for pair in pairs for one in pair[1:]])


Pairs = list[tuple[Period, ...]]


def _windows(
    document: Document, dues: Iterable[Due], zone: ZoneInfo, chosen: Callable[[Pairs], list[Period]]
) -> Windows:
    rules = timings(document)
    resets = {charge.code: charge.resets for charge in document.charges}
    found: Windows = {}
    for one in dues:
        if meters := rules[one.charge].meters:
            for window in chosen(accumulated(one.period, resets[one.charge], zone)):
                found[window] = found.get(window, frozenset()) | meters
    return found


def accumulated(period: Period, resets: str | None, zone: ZoneInfo) -> Pairs:
    """Return (so far, before) for each calendar month or year touched; `before` is left out where empty."""
    if resets is None:
        return [(period,)]
    first = local_date(period.start, zone).replace(day=1)
    first = first.replace(month=1) if resets == "year" else first
    found: Pairs = []
    start = local_midnight(first, zone)
    while start < period.end:
        first = shift_months(first, 12 if resets == "year" else 1)
        end = min(local_midnight(first, zone), period.end)
        before = (Period(start, period.start),) if start < period.start else ()
        found.append((Period(start, end), *before))
        start = local_midnight(first, zone)
    return found
