"""Corrections of events: a void takes one out of every figure, a replacement brings another in its place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from django.db import transaction

from plans.actor import Actor
from usage import correction_store as store
from usage.directory import AppRef, Directory, look_up
from usage.locks import lock_corrections_of, share_partitions
from usage.parsing import Envelope, Parsed, Refusal
from usage.parsing_corrections import Correction
from usage.parsing_events import Window, judge
from usage.parsing_values import Refused
from usage.partitions import ensure_days
from usage.services.ingest import ingest, window_of

Status = Literal["accepted", "duplicate", "rejected"]
Place = tuple[int, str]  # app and event key


@dataclass(frozen=True, slots=True)
class CorrectionVerdict:
    """What became of one correction."""

    index: int
    id: str
    status: Status
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Placed:
    """A correction whose app is known and whose replacement can be stored."""

    said: Correction
    app: AppRef
    event_key: str = ""  # of the replacement
    event_hash: int | None = None

    @property
    def place(self) -> Place:
        return self.app.id, self.said.key

    @property
    def event_place(self) -> Place:
        return self.app.id, self.event_key


@transaction.atomic
def correct(
    said: Sequence[Correction], *, at: datetime, by: Actor, backfill: bool = False
) -> list[CorrectionVerdict]:
    """Store corrections and return one verdict each, in their order; what is refused takes nothing along.

    A replacement is a void and a new event: both are stored or neither. The same correction again is a
    duplicate, another one of the same event a conflict. `backfill` opens the window for old events.
    """
    window = window_of(at, backfill=backfill)
    verdicts, good = _sort_out(said, window)
    if good:
        ensure_days({one.said.event.time.date() for one in good if one.said.event is not None})
        share_partitions()  # after making days, for which others that share have to be waited for
        lock_corrections_of({one.app.id for one in good})
        fresh, told = _judged(good, window)
        verdicts += told
        stored, told = _replaced(fresh, at=at, by=by, backfill=backfill)
        verdicts += told
        if stored:
            store.void([_row(one, kept) for one, kept in stored], at=at, by=by.id)
        verdicts += [_verdict(one.said, "accepted") for one, _kept in stored]
    return sorted(verdicts, key=lambda verdict: verdict.index)


def _sort_out(said: Sequence[Correction], window: Window) -> tuple[list[CorrectionVerdict], list[_Placed]]:
    """Find the apps and judge the replacements, before anything is locked or stored."""
    verdicts: list[CorrectionVerdict] = []
    good: list[_Placed] = []
    types = {one.event.type for one in said if one.event is not None}
    directory = look_up({one.subject for one in said}, types) if said else None
    for one in said:
        try:
            good.append(_placed(one, directory, window))
        except Refused as no:
            verdicts.append(_refused(one, no))
    return verdicts, good


def _placed(said: Correction, directory: Directory | None, window: Window) -> _Placed:
    app = directory.apps.get(said.subject) if directory is not None else None
    if app is None or directory is None:
        raise Refused("no_such_app", "subject")
    if said.event is None:
        return _Placed(said, app)
    rules = directory.types.get(said.event.type)
    if rules is None:  # not held for later: a void whose replacement waits would take the event away
        raise Refused("type_of_nobody", "event.type")
    try:
        fact = judge(said.event, rules)
    except Refused as no:
        raise Refused(no.code, f"event.{no.field}", no.limit) from None
    _check(said.event.time, window, "event.time")
    return _Placed(said, app, fact.key, fact.payload_hash)


def _check(at: datetime, window: Window, field: str) -> None:
    if at < window.oldest:
        raise Refused("too_old", field, window.oldest.isoformat())
    if at > window.newest:
        raise Refused("in_future", field, window.newest.isoformat())


def _judged(
    good: Sequence[_Placed], window: Window
) -> tuple[list[tuple[_Placed, store.Kept]], list[CorrectionVerdict]]:
    """Compare with what is stored, and with what comes earlier in the request."""
    fresh: list[tuple[_Placed, store.Kept]] = []
    told: list[CorrectionVerdict] = []
    known = dict(zip([one.place for one in good], store.known([one.place for one in good]), strict=True))
    taken: dict[Place, Place] = {}  # what stands in place of what
    spent = store.spent([one.event_place for one in good if one.event_key])
    for one in good:
        kept = known[one.place]
        try:
            if kept.reason is not None:
                _compare(one, kept)
                told.append(_verdict(one.said, "duplicate"))
                continue
            _check_event(one, kept, window)
            if one.event_key and (
                one.event_place in spent or taken.setdefault(one.event_place, one.place) != one.place
            ):
                raise Refused("replaces_two", "event.id")
        except Refused as no:
            told.append(_refused(one.said, no))
            continue
        fresh.append((one, kept))
        known[one.place] = replace(
            kept, reason=one.said.reason, replaced_by=one.event_key, replaced_hash=one.event_hash
        )
    return fresh, told


def _compare(one: _Placed, kept: store.Kept) -> None:
    said = (one.said.reason, one.event_key, one.event_hash)
    if said != (kept.reason, kept.replaced_by, kept.replaced_hash):
        raise Refused("corrected_otherwise", "id")


def _check_event(one: _Placed, kept: store.Kept, window: Window) -> None:
    field = "id" if one.said.id else "key"
    if not kept.is_known:
        raise Refused("unknown_event", field)
    if kept.at is None or kept.is_day_lost:
        raise Refused("raw_dropped", field)
    _check(kept.at, window, field)


def _replaced(
    fresh: Sequence[tuple[_Placed, store.Kept]], *, at: datetime, by: Actor, backfill: bool
) -> tuple[list[tuple[_Placed, store.Kept]], list[CorrectionVerdict]]:
    """Store the replacements; one that is refused leaves its event as it is."""
    events: list[Envelope] = [one.said.event for one, _kept in fresh if one.said.event is not None]
    if not events:
        return list(fresh), []
    outcome = ingest(Parsed(len(events), single=False, events=events), at=at, by=by, backfill=backfill)
    no = {refusal.index: refusal for refusal in outcome.rejected}
    told = [
        CorrectionVerdict(
            refusal.index, refusal.id, "rejected", replace(refusal, field=f"event.{refusal.field}")
        )
        for refusal in outcome.rejected
    ]
    return [(one, kept) for one, kept in fresh if one.said.index not in no], told


def _row(one: _Placed, kept: store.Kept) -> store.Row:
    said = one.said
    return store.Row(one.app.id, said.key, kept, said.source, said.id, said.reason, one.event_key)


def _verdict(said: Correction, status: Status) -> CorrectionVerdict:
    return CorrectionVerdict(said.index, said.id or said.key, status)


def _refused(said: Correction, no: Refused) -> CorrectionVerdict:
    name = said.id or said.key
    return CorrectionVerdict(
        said.index, name, "rejected", Refusal(said.index, name, no.code, no.field, no.limit)
    )
