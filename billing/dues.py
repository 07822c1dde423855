"""Which charges one invoice holds, and for which service periods. PURE.

Base fees are due in advance, usage in arrears; charges over lines of both kinds (tax, a support
fee) stand on every invoice that has a line they refer to.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from billing.errors import UnbillableCadence
from billing.values import Due
from plans.terms import Document
from plans.terms_timing import Timing, billed_every, timings
from plans.terms_walk import spends_in
from plans.timespan import Period
from subscriptions.anchors import edge_at

MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True, slots=True)
class Calendar:
    """What the periods of one agreement are counted from."""

    anchor: datetime
    zone: ZoneInfo
    term: str

    def edge(self, k: int) -> datetime:
        """Return where the k-th month of the agreement starts."""
        return edge_at(self.anchor, self.zone, k)

    def months(self, first: int, count: int) -> Period:
        """Return the period of `count` months from the `first`."""
        return Period(self.edge(first), self.edge(first + count))


def advance_dues(document: Document, calendar: Calendar, k: int) -> list[Due]:
    """Return what is paid in advance at the k-th edge (0: the start)."""
    return [
        Due(code, calendar.months(k, length))
        for code, length in _lengths(document, calendar, "advance")
        if k % length == 0
    ]


def arrears_dues(document: Document, calendar: Calendar, k: int) -> list[Due]:
    """Return what the k-th edge settles: the periods that end there."""
    return [
        Due(code, calendar.months(k - length, length))
        for code, length in _lengths(document, calendar, "arrears")
        if k > 0 and k % length == 0
    ]


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
    """Return the span from the first to the last instant of some dues (at least one)."""
    periods = [one.period for one in dues]
    return Period(min(one.start for one in periods), max(one.end for one in periods))


def meters_of(document: Document, dues: Iterable[Due]) -> dict[Period, frozenset[str]]:
    """Return the meters that must be frozen, by period."""
    rules = timings(document)
    found: dict[Period, frozenset[str]] = {}
    for one in dues:
        if rules[one.charge].meters:
            found[one.period] = found.get(one.period, frozenset()) | rules[one.charge].meters
    return found


def _lengths(document: Document, calendar: Calendar, when: str) -> Iterator[tuple[str, int]]:
    for code, timing in timings(document).items():
        if timing.when == when:
            yield code, months_of(code, timing, calendar.term)


def months_of(code: str, timing: Timing, term: str) -> int:
    """Return how many months one bill of a charge covers; UnbillableCadence for days and weeks."""
    every = billed_every(timing.every, term)
    if every not in MONTHS:
        raise UnbillableCadence(charge=code, every=every)
    return MONTHS[every]
