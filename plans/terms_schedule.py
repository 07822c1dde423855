"""The parts of a document that speak of time: bands of the day or week, how long packs last. PURE."""

from typing import Literal

import msgspec

from plans.shape import Strict

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]


class Window(Strict):
    """Wall-clock time of a schedule's zone, from `from` up to, not including, `to` (at most 24:00).

    A `to` at or before `from` lies on the next day. `days` are those a window begins on, all if none is
    named; a listed holiday is `holiday` and no weekday. `since` and `until` are its first day and the day
    after its last.
    """

    start: str = msgspec.field(name="from")
    end: str = msgspec.field(name="to")
    days: list[Weekday] = []
    since: str | None = None
    until: str | None = None


class TimeBand(Strict):
    """A part of the day or week with a price of its own; the one of `else` has a name here and no windows."""

    code: str
    windows: list[Window] = []
    name: dict[str, str] = {}


class Schedule(Strict):
    """Which time band an instant lies in: the first with a window around it, else `else`."""

    zone: str
    bands: list[TimeBand]
    otherwise: str = msgspec.field(name="else")
    holidays: list[str] = []


class Expiry(Strict):
    """How long a bought pack lasts: months and days from its purchase, to that instant or the end of its day
    or month in the customer's zone."""

    months: int = 0
    days: int = 0
    end: Literal["instant", "day", "month"] = "instant"
