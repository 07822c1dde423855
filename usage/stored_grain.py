"""How finely a reading was taken, as its manifest keeps it, so that it can be counted again. PURE."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from plans.timespan import Period
from usage.grain import REGION, Attributes, Grain, Slice, Worth

Stretches = dict[Attributes, tuple[Period, ...]]  # a time band, a day: its times in the period


def stored_grain(grain: Grain, period: Period, *, is_distinct: bool) -> dict[str, Any] | None:
    """Return what the manifest keeps of a grain; None where the meter is read by day all the same.

    `by` names the attributes of events that tell cells apart; `stretches` are the times of each band or day
    of distinct users; `rule` and `asked` say by what an event's worth was counted, and from which attributes.
    """
    if is_distinct:
        return {"by": list(grain.by), "stretches": _said(grain, period)} if grain.parts_users else None
    if not grain.needs_events:
        return None
    found: dict[str, Any] = {"by": [name for name in grain.by if name != REGION]}
    if grain.worth is not None:
        found |= {"rule": grain.rule, "asked": list(grain.asked)}
    return found


def _said(grain: Grain, period: Period) -> list[list[Any]]:
    """Return the times of each stretch; slices that follow each other are one."""
    found: dict[Attributes, list[Period]] = {}
    ends = [*(one.start for one in grain.slices[1:]), period.end]
    for one, end in zip(grain.slices, ends, strict=True):
        spans, span = found.setdefault(one.attributes, []), Period(one.start, end)
        if spans and spans[-1].end == span.start:
            spans[-1] = Period(spans[-1].start, span.end)
        else:
            spans.append(span)
    return [
        [dict(attributes), [[span.start.isoformat(), span.end.isoformat()] for span in spans]]
        for attributes, spans in sorted(found.items())
    ]


def stretches_of(stored: Mapping[str, Any]) -> Stretches:
    """Return the times of each stretch of a stored grain; none of adding and peak meters."""
    return {_pairs(told): tuple(map(_period, spans)) for told, spans in stored.get("stretches", [])}


def grain_again(
    stored: Mapping[str, Any], cells: Iterable[Period], period: Period, worth: Worth | None
) -> Grain:
    """Return the grain that a reading was taken by: its slices are those of its stretches or cells."""
    spans = [(one, told) for told, times in stretches_of(stored).items() for one in times]
    spans = spans or [(one, ()) for one in dict.fromkeys(cells)]
    slices = _slices(sorted(spans), period)
    return Grain(slices, stored["by"], cuts_days=True, worth=worth, asked=stored.get("asked", []))


def _slices(spans: Sequence[tuple[Period, Attributes]], period: Period) -> list[Slice]:
    """Return slices without a gap: a time in which nothing was counted is one of its own."""
    found, reached = [], period.start
    for span, told in spans:
        if span.start > reached:
            found.append(Slice(reached))
        found.append(Slice(span.start, told))
        reached = span.end
    return [*found, Slice(reached)] if reached < period.end else found


def _pairs(told: Mapping[str, str]) -> Attributes:
    return tuple(sorted(told.items()))


def _period(span: Sequence[str]) -> Period:
    return Period(datetime.fromisoformat(span[0]), datetime.fromisoformat(span[1]))
