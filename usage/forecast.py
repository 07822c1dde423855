"""How much of a meter a period will have at its end: the floor, the expected, the 90th percentile. PURE.

Deterministic and small enough to explain. A day to come is taken to be as its weekday was over the last four
weeks on average (`usual`). How far days lay above their weekday's average is the surprise; the 90th
percentile of surprises, times the square root of the number of days left (good and bad days partly cancel),
is what the high figure adds. Of peaks the highest day counts, so neither sum nor root is taken. Of distinct
users, who come back, only new ones count: as many as on the same day of the period before, without one as
many as on the mean of this period's last seven days. Days that are not reported yet are `unknown`: nothing is
learnt from them, as they would count 0.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from math import isqrt

DAY = timedelta(days=1)
WEEKS = 4
RECENT = 7
ZERO = Decimal(0)
STEADY = Context(prec=28)  # the same figures whatever the caller's context


@dataclass(frozen=True, slots=True)
class Outlook:
    """Three figures for a period's end, and the days they come from; `known` is how many were learnt from."""

    floor: Decimal
    expected: Decimal
    high: Decimal
    known: int
    days: Mapping[date, Decimal] = field(default_factory=dict)  # what is still to come, expected
    high_days: Mapping[date, Decimal] = field(default_factory=dict)
    unknown: int = 0  # days of those weeks that are not reported: left out of the averages

    def times(self, factor: Decimal) -> "Outlook":
        """Return the same outlook in another measure: what each unit counts."""
        with localcontext(STEADY):
            days, high_days = (
                {day: value * factor for day, value in known.items()} for known in (self.days, self.high_days)
            )
            floor, expected, high = (value * factor for value in (self.floor, self.expected, self.high))
            return Outlook(floor, expected, high, self.known, days, high_days, self.unknown)


def days_between(first: date, last: date) -> list[date]:
    """Return the days of [first, last]; none when it runs backwards."""
    return [first + n * DAY for n in range((last - first).days + 1)]


def adding(
    floor: Decimal,
    known: Mapping[date, Decimal],
    today: date,
    last: date,
    unknown: Collection[date] = (),
) -> Outlook:
    """Return the outlook of a meter that adds up; `known` has its days, today's part of a day included."""
    with localcontext(STEADY):
        past = _past(known, today, unknown)
        usual = {day: _usual(past, day) for day in days_between(today, last)}
        seen = _summed(floor, _rest(usual, known, today), _surprise(past), len(past))
        return replace(seen, unknown=_left_out(unknown, today))


def peaking(
    floor: Decimal,
    known: Mapping[date, Decimal],
    today: date,
    last: date,
    unknown: Collection[date] = (),
) -> Outlook:
    """Return the outlook of a meter whose highest day counts."""
    with localcontext(STEADY):
        past = _past(known, today, unknown)
        usual = {day: _usual(past, day) for day in days_between(today, last)}
        surprise = _surprise(past)
        high = {day: value + surprise for day, value in usual.items()}
        expected, most = (max([floor, *days.values()]) for days in (usual, high))
        return Outlook(floor, expected, most, len(past), usual, high, _left_out(unknown, today))


def joining(
    floor: Decimal,
    known: Mapping[date, Decimal],
    before: Sequence[Decimal],
    first: date,
    today: date,
    last: date,
) -> Outlook:
    """Return the outlook of distinct users: `known` are the new ones by day, `before` the last period's."""
    with localcontext(STEADY):
        past = {day: known.get(day, ZERO) for day in days_between(first, today - DAY)}
        usual = _newcomers(past, before, first, days_between(today, last))
        learnt = _newcomers(past, before, first, list(past)) if before else usual_of(past)
        surprise = _ninetieth(value - learnt[day] for day, value in past.items())
        learnt_from = len(past) if any(past.values()) else len(before)
        return _summed(floor, _rest(usual, known, today), surprise, learnt_from)


def usual_of(past: Mapping[date, Decimal]) -> dict[date, Decimal]:
    """Return each known day's mean over all of them."""
    return dict.fromkeys(past, _mean(past.values()))


def _newcomers(
    past: Mapping[date, Decimal], before: Sequence[Decimal], first: date, wanted: Sequence[date]
) -> dict[date, Decimal]:
    if before:
        last = len(before) - 1
        return {day: before[min((day - first).days, last)] for day in wanted}
    recent = _mean(value for day, value in list(past.items())[-RECENT:])
    return dict.fromkeys(wanted, recent)


def _past(known: Mapping[date, Decimal], today: date, unknown: Collection[date] = ()) -> dict[date, Decimal]:
    """Return the whole days of the last weeks, from the first with usage on; days without any count 0.

    Days that are `unknown` are left out: what was said of one while it ran is not the day either.
    """
    used = [day for day, value in known.items() if value and day < today and day not in unknown]
    start = max(min(used), today - WEEKS * 7 * DAY) if used else today
    return {day: known.get(day, ZERO) for day in days_between(start, today - DAY) if day not in unknown}


def _left_out(unknown: Collection[date], today: date) -> int:
    return sum(today - WEEKS * 7 * DAY <= day < today for day in unknown)


def _usual(past: Mapping[date, Decimal], day: date) -> Decimal:
    same = [value for known, value in past.items() if known.weekday() == day.weekday()]
    return _mean(same or past.values())


def _surprise(past: Mapping[date, Decimal]) -> Decimal:
    return _ninetieth(value - _usual(past, day) for day, value in past.items())


def _ninetieth(surprises: Iterable[Decimal]) -> Decimal:
    """Return the 90th percentile (nearest rank), never below zero."""
    ranked = sorted(surprises)
    rank = -(-9 * len(ranked) // 10)
    return max(ZERO, ranked[rank - 1]) if ranked else ZERO


def _mean(values: Iterable[Decimal]) -> Decimal:
    listed = list(values)
    return sum(listed, ZERO) / len(listed) if listed else ZERO


def _rest(usual: Mapping[date, Decimal], known: Mapping[date, Decimal], today: date) -> dict[date, Decimal]:
    """Return what is still to come by day: of today what its usual figure leaves."""
    rest = dict(usual)
    if today in rest:
        rest[today] = max(ZERO, rest[today] - known.get(today, ZERO))
    return rest


def _summed(floor: Decimal, rest: Mapping[date, Decimal], surprise: Decimal, known: int) -> Outlook:
    expected = floor + sum(rest.values(), ZERO)
    above = surprise * _root(len(rest))
    share = above / len(rest) if rest else ZERO
    high = {day: value + share for day, value in rest.items()}
    return Outlook(floor, expected, expected + above, known, rest, high)


def _root(number: int) -> Decimal:
    """Return the square root to six places, the same on every machine."""
    return Decimal(isqrt(number * 10**12)).scaleb(-6)
