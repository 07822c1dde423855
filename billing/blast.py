"""The blast radius of a draft: what each live agreement's last period costs under it.

Nothing is written and no live row is touched: frozen readings and the stored context of the last invoice
go through the rater twice, under the terms it was rated by and under the candidate.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from billing.blast_spread import Moved, Spread, spreads
from billing.cadence import Cadence, Calendar
from billing.dues import arrears_dues, meters_of, running_dues
from billing.models import Invoice
from billing.rated_from import frozen_of, parts_of, readings_by_id
from billing.selectors_due import Part, settled
from billing.selectors_gather import Standpoint, calendar_of, observed
from billing.selectors_reach import Reached, last_invoices, reached_by, versions_by_hash
from billing.services.drafting import DraftLine, lines_of
from billing.values import Quantities
from plans.errors import DomainError, _
from plans.models import PlanVersion
from plans.selectors import terms_of
from plans.terms import Terms
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
    edge: datetime  # at which the last invoice fell due
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
    ground = _Ground(calendar, invoice.period_start, observed(frozen, calendar.zone), used)
    views = [part.view for part in parts_of(invoice.inputs, find)]
    if not views:
        raise NothingBilled
    old = _parts(ground, views[0], views[-1])
    new = _parts(ground, *(Standpoint(candidate, view.context) for view in (views[0], views[-1])))
    _refuse_unknown_meters(old, new, calendar.zone)
    before, after = (_lines(ground, parts) for parts in (old, new))
    sums = (sum(line.amount for line in lines) for lines in (before, after))
    held = {option for view in views for option, count in view.context.options.items() if count}
    return Rated(
        reached,
        _month(ground),
        Moved(reached.subscription.currency, *sums),
        _line_moves(before, after),
        sorted(held - set(candidate.document.options)),
    )


def _month(ground: _Ground) -> Period:
    """Return the agreement's month that ended at the last invoice, or that it began."""
    months = Cadence("month", "anniversary")
    if ground.edge <= ground.calendar.anchor:
        return months.period(ground.calendar, ground.edge)
    return months.before(ground.calendar, ground.edge)


def _parts(ground: _Ground, past: Standpoint, ahead: Standpoint) -> list[Part]:
    """Return the last period's usage and the fees that run at its end, whenever those were paid."""
    fees = Part(ahead, running_dues(ahead.terms.document, ground.calendar, ground.edge))
    if ground.edge <= ground.calendar.anchor:
        return settled([fees])
    return settled([Part(past, arrears_dues(past.terms.document, ground.calendar, ground.edge)), fees])


def _refuse_unknown_meters(old: Sequence[Part], new: Sequence[Part], zone: ZoneInfo) -> None:
    """Refuse what the candidate counts and the last period did not: another meter, or over another span."""
    frozen, needed = (
        {
            (period, code)
            for part in parts
            for period, codes in meters_of(part.view.terms.document, part.dues, zone).items()
            for code in codes
        }
        for parts in (old, new)
    )
    if missing := sorted({code for _period, code in needed - frozen}):
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
