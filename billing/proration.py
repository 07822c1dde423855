"""Which part of a period is covered, as exact fractions. PURE."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from plans.errors import DomainError, _
from plans.terms import Prorate
from plans.timespan import Period, local_days, local_months, month_steps


class MissingInstant(DomainError):  # noqa: N818
    """`span: used` and `left` need the instant of the change."""

    code = "missing_instant"
    text = _("The part used or left cannot be told without the instant of the change.")


def fractions(
    rule: Prorate, period: Period, *, spans: Sequence[Period], at: datetime | None, zone: ZoneInfo
) -> list[tuple[int, int]]:
    """Return (covered, whole) for the period, or for each calendar month touched (`of: month`).

    A started day counts whole and belongs to what begins in it: `left` includes the day of the
    change, `used` does not, so the two add up to the whole. Seconds are real ones (in
    microseconds here), so a month that loses an hour is shorter.
    """
    covering = _covering(rule, period, spans, at)
    if rule.of == "period":
        return [_fraction(rule, period, covering, at, zone)]
    found = [_fraction(rule, month, covering, at, zone) for month in local_months(period, zone)]
    return [(covered, whole) for covered, whole in found if covered] or [(0, 1)]


def _covering(rule: Prorate, period: Period, spans: Sequence[Period], at: datetime | None) -> list[Period]:
    """Return the spans that count, clipped to the period and merged."""
    edge: Period | None = period
    if rule.span != "active":
        if at is None:
            raise MissingInstant
        edge = _side(rule.span, period, at)
    if edge is None:
        return []
    parts = (span.overlap(edge) for span in (spans or [period]))
    return list(_merged(sorted(part for part in parts if part is not None)))


def _side(span: str, period: Period, at: datetime) -> Period | None:
    """Return the part of the period before (`used`) or from (`left`) an instant."""
    at = min(max(at, period.start), period.end)
    if span == "used":
        return Period(period.start, at) if at > period.start else None
    return Period(at, period.end) if at < period.end else None


def _merged(spans: Sequence[Period]) -> Iterator[Period]:
    """Yield sorted spans with overlaps joined, so that nothing counts twice."""
    open_span: Period | None = None
    for span in spans:
        if open_span is not None and span.start <= open_span.end:
            open_span = Period(open_span.start, max(open_span.end, span.end))
            continue
        if open_span is not None:
            yield open_span
        open_span = span
    if open_span is not None:
        yield open_span


def _fraction(
    rule: Prorate, window: Period, covering: Sequence[Period], at: datetime | None, zone: ZoneInfo
) -> tuple[int, int]:
    if rule.by == "second":
        inside = (span.overlap(window) for span in covering)
        return sum(part.microseconds for part in inside if part), window.microseconds
    units = list(local_days(window, zone) if rule.by == "day" else month_steps(window, zone))
    return sum(_counts(rule, unit, covering, at) for unit in units), len(units)


def _counts(rule: Prorate, unit: Period, covering: Sequence[Period], at: datetime | None) -> bool:
    """Return whether a started day or month counts; the unit of a change counts as left, not as used."""
    touched = any(unit.overlap(span) for span in covering)
    return touched and not (rule.span == "used" and at is not None and at < unit.end)
