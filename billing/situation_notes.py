"""What a situation says that changes nothing, or is counted otherwise than its writer may think. PURE.

A note is no fault: the bill stands. It has a path and a sentence as a fault has.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from billing.situation import Part, Situation, events_of, instant, period_of, zone_of
from plans.problems import Problem
from plans.terms import Document
from plans.terms_attributes import ALWAYS, BAND, CLOCK, read_attributes
from plans.timespan import Period, local_date, local_midnight, shift_months

_MONTHS = {1: "month", 3: "quarter", 6: "half_year", 12: "year"}
_DAYS = {1: "day", 7: "week"}
_OWN = frozenset({"value", "at", "for"})  # what every entry of usage may say


def notes_of(document: Document, situation: Situation) -> list[Problem]:
    """Return the notes to a situation that its terms can rate, each once however many bills it has."""
    zone = zone_of(situation.zone)
    bills: list[tuple[str, Part]] = [(f"bills[{i}].", part) for i, part in enumerate(situation.bills)]
    parts = bills or [("", situation)]
    periods = [period_of(part if part.period else situation, zone) for _prefix, part in parts]
    found = list(_cadence(document, zip([prefix for prefix, _part in parts], periods, strict=True), zone))
    outside = _Outside(any(charge.resets for charge in document.charges), periods)
    for (prefix, part), period in zip(parts, periods, strict=True):
        given = part if part.usage or part.split else situation
        at = prefix if given is part else ""
        found += [
            one.at(at + one.path)
            for one in (*usage_notes(document, given), *outside.of(document, given, period, zone))
        ]
    unique = {(one.code, one.params.get("name"), one.params.get("attribute")): one for one in reversed(found)}
    return list(reversed(unique.values()))


def usage_notes(document: Document, part: Part) -> list[Problem]:
    """Return the notes to what is used: attributes that nothing reads, times that are missing."""
    unread: dict[tuple[str, str], Problem] = {}
    timeless: dict[str, Problem] = {}
    known = {code: read_attributes(document, code) | CLOCK | ALWAYS for code in document.meters}
    for code, attributes, path in events_of(document, part):
        for name in sorted(attributes.keys() - known.get(code, attributes.keys()) - _OWN):
            params = {"name": code, "attribute": name}
            unread.setdefault((code, name), Problem(f"{path}.{name}", "note_unread", params))
        schedule = document.schedules.get(getattr(document.meters.get(code), "schedule", None) or "")
        if schedule is not None and not attributes.keys() & {"at", BAND}:
            params = {"name": code, "band": schedule.otherwise}
            timeless.setdefault(code, Problem(path, "note_band", params))
    return [*unread.values(), *timeless.values()]


def outside_notes(
    document: Document, part: Part, counted: Mapping[str, Sequence[Period]], zone: ZoneInfo
) -> Iterator[Problem]:
    """Yield a note for each meter with entries in none of the periods that it is counted for."""
    for code, periods in counted.items():
        if code in part.usage and periods:
            own = Part(usage={code: part.usage[code]})
            yield from _Outside(True, list(periods)).of(document, own, periods[0], zone)


def _cadence(document: Document, periods: Iterable[tuple[str, Period]], zone: ZoneInfo) -> Iterator[Problem]:
    """Yield a note for each charge whose own period is not that of a bill it stands on."""
    for prefix, period in periods:
        length = length_of(period, zone)
        for charge in document.charges:
            if charge.every not in (None, "term", length):
                params = {"name": charge.code, "every": str(charge.every), "length": length}
                yield Problem(f"{prefix}period", "note_period", params)


def length_of(period: Period, zone: ZoneInfo) -> str:
    """Return the word of the grammar for how long a period is, or its number of days."""
    first, last = local_date(period.start, zone), local_date(period.end, zone)
    if not _whole_days(period, (first, last), zone):
        return f"{period.start.isoformat()} – {period.end.isoformat()}"
    for months, word in _MONTHS.items():
        if shift_months(first, months) == last:
            return word
    days = (last - first).days
    return _DAYS.get(days, f"{days} × day")


def _whole_days(period: Period, days: tuple[date, date], zone: ZoneInfo) -> bool:
    return all(
        local_midnight(day, zone) == at for day, at in zip(days, (period.start, period.end), strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Outside:
    """Which entries lie outside their bill; what accumulates sees those of the other bills too."""

    accumulates: bool
    periods: list[Period] = field(default_factory=list)

    def of(self, document: Document, part: Part, period: Period, zone: ZoneInfo) -> Iterator[Problem]:
        """Yield one note for each meter, at its first such entry."""
        counted: dict[str, tuple[str, int]] = {}
        for code, attributes, path in events_of(document, part):
            if "at" not in attributes:
                continue
            at = instant(attributes["at"], zone, path)
            if at not in period and not (self.accumulates and any(at in one for one in self.periods)):
                first, count = counted.get(code, (path, 0))
                counted[code] = first, count + 1
        for code, (path, count) in counted.items():
            params = {
                "name": code,
                "count": str(count),
                "start": period.start.astimezone(zone).isoformat(),
                "end": period.end.astimezone(zone).isoformat(),
            }
            yield Problem(f"{path}.at", "note_outside", params)
