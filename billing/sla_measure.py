"""What was measured of one window: reports cut to it, without excluded time, added up by place. PURE.

A report counts with its part inside the window: what failed by the failed ranges where they are known,
else by time. Excluded time leaves failed and total alike. Time of the window that nobody reported counts as
good, at the reported rate of use.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from billing.sla_outages import Outages, joined, length, minutes, outages_of, without
from plans.money import exact
from plans.ratio import quotient
from plans.sla_terms import SmallestOutage
from plans.timespan import Period

HUNDRED = Decimal(100)


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
    covered: int | None = None  # microseconds, where excluded time has left less than the window

    @property
    def microseconds(self) -> int:
        """How much time it is about."""
        return self.window.microseconds if self.covered is None else self.covered

    @property
    def place(self) -> tuple[str, str]:
        """The app and its region."""
        return self.app, self.region


@dataclass(frozen=True, slots=True)
class Away:
    """Excluded time of one app or region; empty: of all."""

    span: Period
    app: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """How a promise counts: which time is left out, and which outages are too small."""

    away: tuple[Away, ...] = ()
    smallest: SmallestOutage | None = None

    def holes(self, place: tuple[str, str], window: Period) -> list[Period]:
        """Return the excluded time of a place within a window."""
        app, region = place
        mine = [one for one in self.away if one.app in ("", app) and one.region in ("", region)]
        return joined(part for one in mine if (part := one.span.overlap(window)) is not None)


PLAIN = Measure()


@dataclass(frozen=True, slots=True)
class Part:
    """One app and region of a window, and its outages in minutes."""

    app: str
    region: str
    unit: str
    good: Decimal
    total: Decimal
    minutes: Decimal = Decimal(0)  # of the window, without what is excluded
    failed_minutes: Decimal = Decimal(0)
    excluded_minutes: Decimal = Decimal(0)
    longest: Decimal = Decimal(0)
    outages: int = 0

    @property
    def availability(self) -> Decimal:
        """Percent of what was measured; of nothing, everything was good."""
        if not self.total:
            return HUNDRED
        with exact():
            return quotient(self.good * HUNDRED, self.total)


def counted(reports: Iterable[Measured]) -> list[Measured]:
    """Return reports that do not overlap in one app and region; of two that do, the longer one counts."""
    chosen: list[Measured] = []
    for report in sorted(reports, key=lambda one: (-one.window.microseconds, one.window.start)):
        same = [one for one in chosen if one.place == report.place]
        if all(one.window.overlap(report.window) is None for one in same):
            chosen.append(report)
    return chosen


def within(reports: Iterable[Measured], window: Period, measure: Measure = PLAIN) -> list[Measured]:
    """Return the reports cut to a window, without excluded time."""
    return [part for report in counted(reports) if (part := _cut(report, window, measure)) is not None]


def _cut(report: Measured, window: Period, measure: Measure) -> Measured | None:
    shared = report.window.overlap(window)
    if shared is None:
        return None
    kept = list(without(shared, measure.holes(report.place, shared)))
    if kept == [report.window]:
        return report
    failed = [part for span in report.failed if (part := span.overlap(shared)) is not None]
    counting = [part for span in failed for one in kept if (part := span.overlap(one)) is not None]
    covered = length(kept)
    inside, whole = (
        (length(counting), length(report.failed)) if report.failed else (covered, report.window.microseconds)
    )
    with exact():
        total = quotient(report.total * covered, report.window.microseconds)
        lost = min(quotient((report.total - report.good) * inside, whole), total)
        good = total - lost
    return replace(report, window=shared, good=good, total=total, failed=tuple(failed), covered=covered)


def unreported(reports: Iterable[Measured], window: Period, apps: Iterable[str]) -> list[str]:
    """Return the apps (and the regions of theirs) that are not reported for the whole window."""
    found = _reported(within(reports, window))
    gaps = [" ".join(place).strip() for place, known in found.items() if known < window.microseconds]
    return sorted([*gaps, *_silent(apps, found)])


def _reported(reports: Iterable[Measured]) -> dict[tuple[str, str], int]:
    """Return how many microseconds of each app and region are reported; reports do not overlap here."""
    found: dict[tuple[str, str], int] = {}
    for report in reports:
        found[report.place] = found.get(report.place, 0) + report.microseconds
    return found


def _silent(apps: Iterable[str], reported: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(set(apps) - {app for app, _region in reported})


def parts(
    reports: Iterable[Measured], window: Period, apps: Iterable[str], measure: Measure = PLAIN
) -> list[Part]:
    """Add up good and total of the window for each app, region and unit; every app has a part."""
    shown = within(reports, window, measure)
    groups: dict[tuple[str, str, str], list[Measured]] = {}
    for report in shown:
        groups.setdefault((*report.place, report.unit), []).append(report)
    reported = _reported(shown)
    found = [_part(group, reported[group[0].place], window, measure) for group in groups.values()]
    found += [_quiet(app, window, measure) for app in _silent(apps, reported)]
    return sorted(found, key=lambda part: (part.app, part.region, part.unit))


def _quiet(app: str, window: Period, measure: Measure) -> Part:
    """Return the part of an app of which nothing was reported: all good."""
    away = length(measure.holes((app, ""), window))
    left = minutes(window.microseconds - away)
    return Part(app, "", "minutes", left, left, minutes=left, excluded_minutes=minutes(away))


def _part(group: Sequence[Measured], reported: int, window: Period, measure: Measure) -> Part:
    """Return a part in which the time that nobody reported counts as good."""
    first = group[0]
    holes = measure.holes(first.place, window)
    outages = outages_of((span for one in group for span in one.failed), holes, measure.smallest)
    with exact():
        left = window.microseconds - length(holes)
        total = sum((one.total for one in group), Decimal(0))
        full = quotient(total * left, reported) if reported else Decimal(0)
        lost = min(_lost(group, outages, measure), full)
        wall = full if first.unit == "minutes" else minutes(left)
        known = all(one.failed or one.good == one.total for one in group)
        failed = outages.kept if known and first.unit != "minutes" else _shared(wall, lost, full)
        return Part(
            first.app, first.region, first.unit, full - lost, full,
            minutes=wall, failed_minutes=min(failed, wall), excluded_minutes=minutes(length(holes)),
            longest=outages.longest, outages=outages.count,
        )  # fmt: skip


def _shared(whole: Decimal, part: Decimal, of: Decimal) -> Decimal:
    """Return whole × part ÷ of; of nothing, nothing."""
    return quotient(whole * part, of) if of else of


def _lost(group: Sequence[Measured], outages: Outages, measure: Measure) -> Decimal:
    """Return what failed of a place; of minutes with known ranges, what the promise counts of those."""
    ranged = sum((one.total - one.good for one in group if one.failed), Decimal(0))
    others = sum((one.total - one.good for one in group if not one.failed), Decimal(0))
    if measure.smallest is None or not outages.raw:
        return ranged + others
    if group[0].unit == "minutes":
        return outages.kept + others
    return quotient(ranged * outages.kept, outages.raw) + others
