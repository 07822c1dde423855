"""Failed ranges into outages: joined, without what is excluded, small ones dropped, minutes rounded. PURE."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from plans.money import add_up, to_multiple
from plans.ratio import quotient
from plans.sla_terms import SmallestOutage
from plans.timespan import Period

MINUTE = Decimal(60_000_000)  # in microseconds
WHOLE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Outages:
    """What is left of the failed ranges of one place, in minutes."""

    raw: Decimal  # as reported, joined
    kept: Decimal  # as counted
    longest: Decimal
    count: int


def joined(spans: Iterable[Period]) -> list[Period]:
    """Return spans that touch or overlap as one each, earliest first."""
    found: list[Period] = []
    for span in sorted(spans):
        if found and span.start <= found[-1].end:
            found[-1] = Period(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def without(span: Period, holes: Sequence[Period]) -> Iterator[Period]:
    """Yield the parts of a span that no hole covers; holes are joined and sorted."""
    start = span.start
    for hole in holes:
        if hole.end <= start or hole.start >= span.end:
            continue
        if start < hole.start:
            yield Period(start, hole.start)
        start = max(start, hole.end)
    if start < span.end:
        yield Period(start, span.end)


def length(spans: Iterable[Period]) -> int:
    """Return the microseconds that at least one of the spans covers."""
    return sum(span.microseconds for span in joined(spans))


def minutes(microseconds: int) -> Decimal:
    """Return microseconds as exact minutes."""
    return quotient(microseconds, MINUTE)


def outages_of(failed: Iterable[Period], holes: Sequence[Period], smallest: SmallestOutage | None) -> Outages:
    """Return what counts of some failed ranges.

    Ranges that touch are one outage, also where a report ends. What excluded time leaves of an outage is
    what is compared with the smallest one, and rounded.
    """
    raw, kept, longest, count = 0, Decimal(0), Decimal(0), 0
    for outage in joined(failed):
        left = sum(part.microseconds for part in without(outage, holes))
        raw += left
        said = _counted(minutes(left), smallest)
        if said > 0:
            kept, longest, count = add_up((kept, said)), max(longest, said), count + 1
    return Outages(minutes(raw), kept, longest, count)


def _counted(length_: Decimal, smallest: SmallestOutage | None) -> Decimal:
    if smallest is None:
        return length_
    if length_ < Decimal(smallest.minutes):
        return Decimal(0)
    return length_ if smallest.partial is None else to_multiple(length_, WHOLE, smallest.partial)
