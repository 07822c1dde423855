"""One window of one availability promise: what was measured, what was paid for it, the credit. PURE.

The fee of a window is what the base lines charged for the time they share with it: a base line
whose service period is the window counts whole, one that reaches over it by the share of its true
length. A discount counts by the part of it that was given on base lines, so the cap is what was paid.

A report counts with its part inside the window: what failed by the failed ranges where they are known,
else by time. Time of the window that nobody reported counts as good, at the reported rate of use.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from billing.derivation import Node
from billing.values import Context, Due, RatedFigure
from plans.money import EXACT, exact, split_minor, to_minor, to_multiple
from plans.terms import Document
from plans.timespan import Period

HUNDRED = Decimal(100)
CLAIM = timedelta(days=10)  # so long after a window its missing reports are waited for
MINUTE = 60_000_000  # in microseconds
SHOWN = Decimal("0.00000001")  # availability is kept to eight places; credits use the exact quotient


@dataclass(frozen=True, slots=True)
class Measured:
    """One report: good of total (minutes, user-minutes or requests) in one window."""

    app: str
    region: str
    window: Period
    unit: str
    good: Decimal
    total: Decimal
    failed: tuple[Period, ...] = ()  # where known


@dataclass(frozen=True, slots=True)
class Paid:
    """A line that paid for time: minor units for a period, credits negative."""

    period: Period
    amount: int


@dataclass(frozen=True, slots=True)
class Part:
    """One app and region of a window."""

    app: str
    region: str
    unit: str
    good: Decimal
    total: Decimal

    @property
    def availability(self) -> Decimal:
        """Percent of what was measured."""
        return EXACT.divide(EXACT.multiply(self.good, HUNDRED), self.total)


def counted(reports: Iterable[Measured]) -> list[Measured]:
    """Return reports that do not overlap in one app and region; of two that do, the longer one counts."""
    chosen: list[Measured] = []
    for report in sorted(reports, key=lambda one: (-one.window.microseconds, one.window.start)):
        same = [one for one in chosen if (one.app, one.region) == (report.app, report.region)]
        if all(one.window.overlap(report.window) is None for one in same):
            chosen.append(report)
    return chosen


def within(reports: Iterable[Measured], window: Period) -> list[Measured]:
    """Return the reports cut to a window."""
    return [part for report in counted(reports) if (part := _cut(report, window)) is not None]


def _cut(report: Measured, window: Period) -> Measured | None:
    shared = report.window.overlap(window)
    if shared is None or shared == report.window:
        return report if shared else None
    failed = [part for span in report.failed if (part := span.overlap(shared)) is not None]
    inside, whole = (
        (_length(failed), _length(report.failed))
        if report.failed
        else (shared.microseconds, report.window.microseconds)
    )
    with exact():
        total = report.total * shared.microseconds / report.window.microseconds
        lost = min((report.total - report.good) * inside / whole, total)
        return replace(report, window=shared, good=total - lost, total=total, failed=tuple(failed))


def _length(spans: Iterable[Period]) -> int:
    """Return the microseconds that at least one of the spans covers."""
    covered, last = 0, None
    for span in sorted(spans):
        start = span.start if last is None else max(span.start, last)
        if start < span.end:
            covered, last = covered + Period(start, span.end).microseconds, span.end
    return covered


def unreported(reports: Iterable[Measured], window: Period, apps: Iterable[str]) -> list[str]:
    """Return the apps (and the regions of theirs) that are not reported for the whole window."""
    found = _reported(within(reports, window))
    gaps = [" ".join(place).strip() for place, length in found.items() if length < window.microseconds]
    return sorted([*gaps, *_silent(apps, found)])


def _reported(reports: Iterable[Measured]) -> dict[tuple[str, str], int]:
    """Return how many microseconds of each app and region are reported; reports do not overlap here."""
    found: dict[tuple[str, str], int] = {}
    for report in reports:
        place = (report.app, report.region)
        found[place] = found.get(place, 0) + report.window.microseconds
    return found


def _silent(apps: Iterable[str], reported: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(set(apps) - {app for app, _region in reported})


def parts(reports: Iterable[Measured], window: Period, apps: Iterable[str]) -> list[Part]:
    """Add up good and total of the window for each app, region and unit; every app has a part."""
    shown = within(reports, window)
    sums: dict[tuple[str, str, str], tuple[Decimal, Decimal]] = {}
    for report in shown:
        key = (report.app, report.region, report.unit)
        good, total = sums.get(key, (Decimal(0), Decimal(0)))
        sums[key] = (EXACT.add(good, report.good), EXACT.add(total, report.total))
    reported = _reported(shown)
    found = [_filled(key, *sums[key], reported[key[:2]], window) for key in sums]
    minutes = EXACT.divide(Decimal(window.microseconds), Decimal(MINUTE))
    found += [Part(app, "", "minutes", minutes, minutes) for app in _silent(apps, reported)]
    return sorted(found, key=lambda part: (part.app, part.region, part.unit))


def _filled(key: tuple[str, str, str], good: Decimal, total: Decimal, reported: int, window: Period) -> Part:
    """Return a part in which the time that nobody reported counts as good."""
    with exact():
        full = total * window.microseconds / reported
        return Part(*key, full - (total - good), full)


def fee_of(lines: Iterable[Paid], window: Period) -> int:
    """Return what was charged for the window, in minor units; each line by the share it overlaps."""
    with exact():
        whole = Decimal(0)
        for line in lines:
            shared = line.period.overlap(window)
            if shared is not None:
                whole += Decimal(line.amount * shared.microseconds) / line.period.microseconds
        return max(int(to_multiple(whole, Decimal(1))), 0)


def on_base(amount: int, tree: Node, base: Container[str]) -> int:
    """Return the part of a discount (minor units) that was given on base lines of the sum it is of."""
    summed = _first_spend(tree)
    if summed is None or not summed.output:
        return 0
    with exact():
        given = sum((leaf.output for leaf in summed.children if leaf.argument["key"] in base), Decimal(0))
        return int(to_multiple(amount * given / summed.output, Decimal(1)))


def _first_spend(tree: Node) -> Node | None:
    if tree.word == "spend":
        return tree
    return next((found for child in tree.children if (found := _first_spend(child)) is not None), None)


def shares(fee: int, measured: Sequence[Part]) -> list[int]:
    """Share the fee among apps and regions by what was measured there; equally where units differ."""
    units = {part.unit for part in measured}
    weights: list[Decimal | int] = [part.total if len(units) == 1 else 1 for part in measured]
    return split_minor(fee, weights)


def figure_of(document: Document, option: str) -> str | None:
    """Return the code of the credit figure that a tier brought into the terms."""
    return next((figure.code for figure in document.figures if option in figure.held), None)


@dataclass(frozen=True, slots=True)
class Judged:
    """One part with its fee and credit, in minor units."""

    part: Part
    fee: int
    amount: int
    derivation: Node


def capped(part: Part, fee: int, figure: RatedFigure) -> Judged:
    """Return the part's credit in minor units: never below nothing, never above its fee."""
    amount = min(max(to_minor(figure.amount, figure.unit), 0), fee)
    return Judged(part, fee, amount, figure.derivation)


def question(window: Period, code: str) -> Due:
    """Return what the figure is rated for."""
    return Due(code, window)


def facts_of(context: Context, part: Part, fee: Decimal) -> Context:
    """Return the context in which the tier's figure is rated: the fee and the availability as facts."""
    facts = {**context.facts, "fee": fee, "availability": part.availability}
    return Context(context.zone, facts, context.labels, context.options, context.split, context.packs)
