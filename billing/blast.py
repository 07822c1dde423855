"""The blast radius of a draft: what each live agreement's last period costs under it.

Nothing is written and no live row is touched: frozen readings and the stored context of the last invoice
go through the rater twice, under the terms it was rated by and under the candidate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

from billing.blast_spread import Moved, Spread, spreads
from billing.dues import Calendar, advance_dues, arrears_dues, meters_of
from billing.models import Invoice
from billing.rated_from import frozen_of, parts_of, readings_by_id
from billing.selectors_gather import Standpoint, calendar_of, observed
from billing.selectors_reach import Reached, last_invoices, reached_by, versions_by_hash
from billing.services.drafting import DraftLine, Part, lines_of, settled
from billing.values import Due, Quantities
from plans.errors import DomainError, _
from plans.models import PlanVersion
from plans.selectors import terms_of
from plans.terms import Document, Terms
from plans.timespan import Period
from usage.models import Reading

MOST = 500  # agreements rated for a page; the command `blast_radius` rates all


class NothingBilled(DomainError):  # noqa: N818
    """An agreement without an invoice that could be rated again."""

    code = "nothing_billed"
    text = _("It has no invoice yet that could be rated again.")


class NotFrozen(DomainError):  # noqa: N818
    """The candidate charges for a meter of which the last period has no reading."""

    code = "not_frozen"
    text = _("Its last period has no frozen figures of: %(meters)s.")


class TermsGone(DomainError):  # noqa: N818
    """The terms of the last invoice are not among the stored versions."""

    code = "terms_gone"
    text = _("The terms its last invoice was rated by are not stored.")


@dataclass(frozen=True, slots=True)
class LineMove:
    """What one charge came to and would come to, in minor units."""

    label: Mapping[str, str]
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Rated:
    """An agreement's last period under both terms."""

    reached: Reached
    period: Period
    moved: Moved
    lines: Sequence[LineMove]
    lost: Sequence[str]  # options held that the candidate does not offer


@dataclass(frozen=True, slots=True)
class Unrated:
    """An agreement whose last period has no price under the candidate, and why."""

    reached: Reached
    reason: DomainError


@dataclass(frozen=True, slots=True)
class Blast:
    """Whom a candidate concerns and by how much."""

    exempt: list[Reached] = field(default_factory=list)
    rated: list[Rated] = field(default_factory=list)
    unrated: list[Unrated] = field(default_factory=list)
    beyond: list[Reached] = field(default_factory=list)  # more than were rated at once

    @property
    def spreads(self) -> list[Spread]:
        """The deltas by currency."""
        return spreads(one.moved for one in self.rated)

    @property
    def count(self) -> int:
        """All live agreements on the plan."""
        return len(self.exempt) + len(self.rated) + len(self.unrated) + len(self.beyond)


def blast_of(version: PlanVersion, terms: Terms, *, at: datetime, most: int | None = MOST) -> Blast:
    """Rate the last period of every live agreement on the version's plan under `terms`.

    Those whose prices are locked at `at` are exempt. A fixed number of queries, however many there are.
    """
    reached = reached_by(version, at)
    open_ones = [one for one in reached if not one.is_exempt(at)]
    asked = open_ones if most is None else open_ones[:most]
    blast = Blast([one for one in reached if one.is_exempt(at)], beyond=open_ones[len(asked) :])
    for one in _each(asked, terms):
        (blast.rated if isinstance(one, Rated) else blast.unrated).append(one)  # type: ignore[arg-type]
    return blast


def _each(asked: Sequence[Reached], candidate: Terms) -> Iterator[Rated | Unrated]:
    invoices = last_invoices([one.subscription for one in asked])
    stored = [part for one in invoices.values() for part in one.inputs["parts"]]
    versions = versions_by_hash({part["terms"] for part in stored})
    readings = readings_by_id(
        pk for one in invoices.values() for _start, _end, pks in one.inputs["readings"] for pk in pks
    )

    @cache
    def find(terms_hash: str) -> Terms:
        if terms_hash not in versions:
            raise TermsGone
        return terms_of(versions[terms_hash])

    for one in asked:
        try:
            invoice = invoices.get(one.subscription.pk)
            if invoice is None:
                raise NothingBilled
            yield _rated(one, invoice, candidate, find, readings)
        except DomainError as reason:
            yield Unrated(one, reason)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What both ratings of one agreement share."""

    calendar: Calendar
    k: int  # the edge of the last invoice
    quantities: Quantities
    readings: Sequence[Reading]


def _rated(
    reached: Reached,
    invoice: Invoice,
    candidate: Terms,
    find: Callable[[str], Terms],
    readings: Mapping[int, Reading],
) -> Rated:
    calendar = calendar_of(reached.subscription)
    frozen = frozen_of(invoice.inputs["readings"], readings)
    used = [row for rows in frozen.values() for row in rows]
    ground = _Ground(calendar, _edge_of(invoice, calendar), observed(frozen, calendar.zone), used)
    views = [part.view for part in parts_of(invoice.inputs, find)]
    if not views:
        raise NothingBilled
    old = _parts(ground, views[0], views[-1])
    new = _parts(ground, *(Standpoint(candidate, view.context) for view in (views[0], views[-1])))
    _refuse_unknown_meters(old, new)
    before, after = (_lines(ground, parts) for parts in (old, new))
    sums = (sum(line.amount for line in lines) for lines in (before, after))
    held = {option for view in views for option, count in view.context.options.items() if count}
    return Rated(
        reached,
        calendar.months(max(ground.k - 1, 0), 1),
        Moved(reached.subscription.currency, *sums),
        _line_moves(before, after),
        sorted(held - set(candidate.document.options)),
    )


def _edge_of(invoice: Invoice, calendar: Calendar) -> int:
    """Return which edge of the agreement an invoice fell due at."""
    start, anchor = (one.astimezone(calendar.zone) for one in (invoice.period_start, calendar.anchor))
    near = (start.year - anchor.year) * 12 + start.month - anchor.month
    found = (k for k in (near, near - 1, near + 1) if k >= 0 and calendar.edge(k) == invoice.period_start)
    return next(found, max(near, 0))


def _parts(ground: _Ground, past: Standpoint, ahead: Standpoint) -> list[Part]:
    """Return the last period's usage and the fees that run at its end, whenever those were paid."""
    fees = Part(ahead, _running_fees(ahead.terms.document, ground.calendar, ground.k))
    if ground.k == 0:
        return settled([fees])
    return settled([Part(past, arrears_dues(past.terms.document, ground.calendar, ground.k)), fees])


def _running_fees(document: Document, calendar: Calendar, k: int) -> list[Due]:
    """Return the advance dues of the last edge each fell due at, so a year's fee is seen in every month."""
    found: dict[str, Due] = {}
    for edge in range(max(0, k - 11), k + 1):
        found |= {due.charge: due for due in advance_dues(document, calendar, edge)}
    return [found[charge.code] for charge in document.charges if charge.code in found]


def _refuse_unknown_meters(old: Sequence[Part], new: Sequence[Part]) -> None:
    frozen, needed = (
        {
            code
            for part in parts
            for codes in meters_of(part.view.terms.document, part.dues).values()
            for code in codes
        }
        for parts in (old, new)
    )
    if missing := sorted(needed - frozen):
        raise NotFrozen(meters=", ".join(missing))


def _lines(ground: _Ground, parts: Sequence[Part]) -> list[DraftLine]:
    return lines_of(list(parts), ground.quantities, (), ground.calendar.zone, ground.readings)


def _line_moves(before: Sequence[DraftLine], after: Sequence[DraftLine]) -> list[LineMove]:
    """Return what each charge moves by, those of the old terms first; a charge's lines are added up."""
    found: dict[str, LineMove] = {}
    for lines, side in ((before, "old"), (after, "new")):
        for line in lines:
            known = found.get(line.charge) or LineMove(line.label, 0, 0)
            old = known.old + (line.amount if side == "old" else 0)
            new = known.new + (line.amount if side == "new" else 0)
            found[line.charge] = LineMove(known.label, old, new)
    return [one for one in found.values() if one.old or one.new]
