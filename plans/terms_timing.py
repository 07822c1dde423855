"""When a charge is due: advance or arrears, how often, and how its printed price grows with that. PURE."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from plans.terms import Charge, Document
from plans.terms_walk import reachable_names, spends_in

_MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
_DAYS = {"day": 1, "week": 7}
# Peaks, averages and distinct users do not add up over two phases.
_SPLITTING = frozenset({"sum", "count"})
# Invoices of one night ask for the same few documents thousands of times; documents never change.
_known: "dict[int, tuple[Document, dict[str, Timing]]]" = {}
_MOST = 256


@dataclass(frozen=True, slots=True)
class Timing:
    """The due rules of one charge, defaults filled in.

    `any`: a charge over lines of both kinds (tax, a support fee); it is due with every invoice
    that has a line it refers to, and `every` is then `invoice`.
    """

    when: Literal["advance", "arrears", "any"]
    every: str  # term, day, week, month, quarter, half_year, year or invoice
    quoted: str
    meters: frozenset[str]
    on_change: Literal["split", "carry"]
    anchor: Literal["calendar", "anniversary"] = "anniversary"

    def factor(self, term: str) -> int:
        """Return how many quoted periods one billed period holds (12 for a year quoted by month)."""
        return whole_multiple(billed_every(self.every, term), billed_every(self.quoted, term)) or 1


def billed_every(every: str, term: str) -> str:
    """Return the cadence with `term` resolved by the subscription's own term."""
    if every != "term":
        return every
    return "year" if term == "annual" else "month"


def whole_multiple(every: str, quoted: str) -> int | None:
    """Return every ÷ quoted, or None where it is no whole number."""
    for lengths in (_MONTHS, _DAYS):
        if every in lengths and quoted in lengths and lengths[every] % lengths[quoted] == 0:
            return lengths[every] // lengths[quoted]
    return 1 if every == quoted else None


def timings(document: Document) -> Mapping[str, Timing]:
    """Return the timing of every charge by its code; worked out once for each of the last documents."""
    known = _known.get(id(document))
    if known is not None and known[0] is document:
        return known[1]
    found: dict[str, Timing] = {}
    for charge in document.charges:
        found[charge.code] = _timing(document, charge, found)
    if len(_known) >= _MOST:
        _known.clear()
    _known[id(document)] = document, found  # the document is held, so its id stays its own
    return found


def _timing(document: Document, charge: Charge, above: dict[str, Timing]) -> Timing:
    meters = frozenset(reachable_names(document, charge) & document.meters.keys())
    spends = spends_in(charge)
    when = charge.when or _default_when(document, above, meters, spends)
    every = charge.every or {"advance": "term", "arrears": "month", "any": "invoice"}[when]
    # A charge on charges sees amounts that are for the whole term already.
    quoted = charge.quoted or ("month" if every == "term" and not spends else every)
    carried = any(stage.take not in _SPLITTING for code in meters for stage in document.meters[code].reduce)
    on_change = charge.on_change or ("carry" if carried else "split")
    return Timing(when, every, quoted, meters, on_change, charge.anchor or "anniversary")


def _default_when(
    document: Document, above: dict[str, Timing], meters: frozenset[str], spends: set[str]
) -> Literal["advance", "arrears", "any"]:
    if meters:
        return "arrears"
    if not spends:
        return "advance"
    kinds = {
        above[other.code].when
        for other in document.charges
        if other.code in above and (other.code in spends or spends & set(other.tags))
    }
    if not kinds:
        return "advance"
    return kinds.pop() if len(kinds) == 1 else "any"
