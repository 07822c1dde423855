"""Why a day of raw events may go, or what keeps it. PURE; when in doubt, it stays."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from plans.errors import _, spoken

DAY = timedelta(days=1)
SETTLING = timedelta(days=35)  # as long after its receipt as any event may come late

TEXTS = {
    "pending": _("batches with events of this day that are not folded yet: %(count)d"),
    "dirty": _("cells of this day that wait to be counted again: %(count)d"),
    "received": _("the last events of this day came in on %(at)s; they stay for %(days)d days"),
    "open": _("not billed to the end yet: agreement %(who)s from %(since)s on (apps: %(apps)d)"),
    "frozen": _("late usage may still change a bill: agreement %(who)s from %(since)s on (apps: %(apps)d)"),
    "unbilled": _(
        "usage that came after its last bill waits for a person: agreement %(who)s from %(since)s on"
        " (apps: %(apps)d)"
    ),
}


@dataclass(frozen=True, slots=True)
class Need:
    """From when on the raw events of an app may still be read for a bill: which agreement's, and why."""

    since: datetime
    why: str  # open, frozen or unbilled
    who: str


@dataclass(frozen=True, slots=True)
class DayFacts:
    """What is known of one UTC day's raw events."""

    day: date
    rows: int
    bytes: int
    pending: int  # batches
    dirty: int  # cells
    received_at: datetime | None  # the latest batch's receipt
    apps: frozenset[int]

    @property
    def end(self) -> datetime:
        """Return the first instant after the day."""
        return datetime.combine(self.day + DAY, time(), UTC)


@dataclass(frozen=True, slots=True)
class Block:
    """One thing that keeps a day."""

    code: str
    params: Mapping[str, object]

    def __str__(self) -> str:
        return spoken(TEXTS[self.code], self.params)


def oldest_kept(at: datetime, keep_days: int) -> date:
    """Return the first UTC day that is kept whatever is billed."""
    return at.astimezone(UTC).date() - keep_days * DAY


def blocks(facts: DayFacts, needs: Mapping[int, Need], *, at: datetime) -> tuple[Block, ...]:
    """Return what keeps a day that is old enough; it may go when that is nothing."""
    return (*_own(facts, at), *_of_bills(facts, needs))


def _own(facts: DayFacts, at: datetime) -> Collection[Block]:
    """What usage itself still needs the day for."""
    found = []
    if facts.pending:
        found.append(Block("pending", {"count": facts.pending}))
    if facts.dirty:
        found.append(Block("dirty", {"count": facts.dirty}))
    if facts.received_at is not None and facts.received_at > at - SETTLING:
        last = facts.received_at.astimezone(UTC).date().isoformat()
        found.append(Block("received", {"at": last, "days": SETTLING.days}))
    return found


def _of_bills(facts: DayFacts, needs: Mapping[int, Need]) -> Collection[Block]:
    """One block for each reason, told by the agreement that reaches back furthest."""
    wanted: dict[str, list[Need]] = {}
    for app in facts.apps:
        need = needs.get(app)
        if need is not None and need.since < facts.end:
            wanted.setdefault(need.why, []).append(need)
    found = []
    for why, asking in sorted(wanted.items()):
        first = min(asking, key=lambda one: (one.since, one.who))
        params = {"apps": len(asking), "who": first.who, "since": first.since.date().isoformat()}
        found.append(Block(why, params))
    return found
