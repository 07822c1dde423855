"""From parsed events to stored ones: every event gets one verdict, and nothing is said before commit."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError

from plans.actor import Actor
from usage import store
from usage.directory import AppRef, Directory, look_up
from usage.dropped import dropped_days
from usage.literals import quoted
from usage.models import QuarantineReason
from usage.parsing import Envelope, Parsed, Refusal, parse
from usage.parsing_events import Fact, Window, check_window, judge, loose, payload_hash
from usage.parsing_sheet import Sheet, number_of, sheet_of
from usage.parsing_usual import usual_batch
from usage.parsing_values import Refused, spelled
from usage.partitions import ensure_days, forget_days
from usage.store import Claimed, Held, Stored

BACKFILL_DAYS = 800  # as far back as a backfill key may write; bounds the number of partitions
QUARANTINE = timedelta(days=35)

Placed = tuple[AppRef, Fact]
Claim = tuple[int, str, int]  # app, key, body hash


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdicts on one request: accepted + duplicates + rejected = sent."""

    accepted: int
    duplicates: int
    rejected: list[Refusal]
    single: bool = False  # one object was sent, not an array


@dataclass(slots=True)
class _Work:
    """One request's events while they are sorted out."""

    facts: list[Placed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    rejected: list[Refusal] = field(default_factory=list)


def ingest_body(
    body: bytes, *, batch: bool | None = None, at: datetime, by: Actor, backfill: bool = False
) -> Outcome:
    """Parse and store a request's body: a usual batch by column, any other item by item. See `ingest`."""
    window, usual, sheet, known = window_of(at, backfill=False), None, None, None
    if batch is not False:
        usual = usual_batch(body)
    if usual is not None:
        known = look_up({e.subject for e in usual.events}, {e.type for e in usual.events})
        sheet = sheet_of(usual, known.apps, known.types, window)
    if sheet is None:
        return _ingest(parse(body, batch=batch), known, at=at, by=by, backfill=backfill)
    accepted, same = _append(sheet, [], at=at, by=by)
    if accepted + same == sheet.first.count("t"):
        return Outcome(accepted, same, [])
    work = _sort_out(parse(body, batch=batch), window, known)
    return _outcome(work, accepted, _grouped(work.facts)[0], by=by)


def ingest(parsed: Parsed, *, at: datetime, by: Actor, backfill: bool = False) -> Outcome:
    """Store the new events of a request; a repeat of it stores nothing and says so.

    `backfill` opens the window for events older than the normal one. One statement stores, a second
    (only when something was seen before with another body) finds conflicts; both have committed when
    this returns.
    """
    return _ingest(parsed, None, at=at, by=by, backfill=backfill)


def _ingest(parsed: Parsed, known: Directory | None, *, at: datetime, by: Actor, backfill: bool) -> Outcome:
    gone = _gone(parsed, at) if backfill else set()
    work = _sort_out(parsed, window_of(at, backfill=backfill), known, gone)
    groups, firsts = _grouped(work.facts)
    sheet = _rows([groups[claim][0] for claim in firsts])
    accepted, same = _append(sheet, work.held, at=at, by=by)
    told = set(firsts) if accepted + same == len(firsts) else set()
    doubtful = {claim: placed for claim, placed in groups.items() if claim not in told}
    return _outcome(work, accepted, doubtful, by=by, single=parsed.single)


def _outcome(
    work: _Work, accepted: int, doubtful: Mapping[Claim, list[Placed]], *, by: Actor, single: bool = False
) -> Outcome:
    """Find the conflicts among doubtful claims, which have committed by now, and count the rest."""
    claims = list(doubtful)
    kept = _conflicts([doubtful[claim][0] for claim in claims], by=by)
    conflicting = [(one, hash_kept) for n, hash_kept in kept.items() for one in doubtful[claims[n]]]
    work.rejected += [_conflict(fact, hash_kept) for (_app, fact), hash_kept in conflicting]
    duplicates = len(work.facts) - accepted - len(conflicting)
    return Outcome(accepted, duplicates, sorted(work.rejected, key=lambda r: r.index), single)


def window_of(at: datetime, *, backfill: bool) -> Window:
    """Return the times of events that are taken."""
    back = BACKFILL_DAYS if backfill else settings.USAGE_WINDOW_BACK_DAYS
    return Window(at - timedelta(days=back), at + timedelta(minutes=settings.USAGE_WINDOW_AHEAD_MINUTES))


def _gone(parsed: Parsed, at: datetime) -> set[date]:
    """Return the days of old events that retention has dropped: nothing is taken for those."""
    usual = window_of(at, backfill=False)
    return dropped_days({event.time.date() for event in parsed.events if event.time < usual.oldest})


def _sort_out(
    parsed: Parsed, window: Window, known: Directory | None, gone: Set[date] = frozenset()
) -> _Work:
    """Judge each envelope: a fact to store, one to hold in quarantine, or a refusal.

    `known` has looked up every code of the body already.
    """
    work = _Work(rejected=list(parsed.refused))
    if not parsed.events:
        return work
    directory = known or look_up({e.subject for e in parsed.events}, {e.type for e in parsed.events})
    for event in parsed.events:
        try:
            check_window(event, window)
            if gone and event.time.date() in gone:
                raise Refused("day_dropped", "time", event.time.date().isoformat())
            app, rules = directory.apps.get(event.subject), directory.types.get(event.type)
            if rules is None and event.type in directory.reported:
                raise Refused("fed_otherwise", "type", directory.reported[event.type])
            if app is None or rules is None:
                work.held.append(_hold(event, directory))
                raise Refused(work.held[-1].reason, "type" if app else "subject")
            work.facts.append((app, judge(event, rules)))
        except Refused as no:
            work.rejected.append(Refusal(event.index, event.id, no.code, no.field, no.limit))
    return work


def _hold(event: Envelope, directory: Directory) -> Held:
    data = loose(event.data)
    known = event.subject in directory.apps
    return Held(
        identity=event.identity(scope=event.subject),
        hash=payload_hash(event, {name: str(value) for name, value in data.items()}),
        reason=QuarantineReason.UNKNOWN_TYPE if known else QuarantineReason.UNKNOWN_APP,
        subject=event.subject,
        type=event.type,
        body=msgspec.json.encode(_body(event, data)).decode(),
    )


def _body(event: Envelope, data: dict[str, Any]) -> dict[str, Any]:
    attributes = {name: getattr(event, name) for name in ("id", "source", "type", "subject", "time")}
    return {"specversion": "1.0", **attributes, "data": data}


def _grouped(facts: list[Placed]) -> tuple[dict[Claim, list[Placed]], list[Claim]]:
    """Group equal copies inside one body; name the first claim of each identity.

    Only those first ones are stored: two copies of an identity in one statement would both be written.
    """
    groups: dict[Claim, list[Placed]] = {}
    firsts: dict[tuple[int, str], Claim] = {}
    for placed in facts:
        app, fact = placed
        claim = (app.id, fact.key, fact.payload_hash)
        if firsts.setdefault(claim[:2], claim) is claim:
            groups[claim] = [placed]
        else:
            groups.setdefault(claim, []).append(placed)
    return groups, list(firsts.values())


def _conflicts(placed: list[Placed], *, by: Actor) -> dict[int, int]:
    """Return the kept body's hash by the position of each whose own differs."""
    claims = [
        Claimed(app.id, fact.key, fact.payload_hash, fact.event.source, fact.event.id) for app, fact in placed
    ]
    return store.conflicts(claims, by=by.id) if claims else {}


def _append(sheet: Sheet, held: list[Held], *, at: datetime, by: Actor) -> Stored:
    if not sheet.first and not held:
        return Stored(0, 0)
    ensure_days(sheet.days)  # the statement sorts by key
    try:
        return store.append(sheet, held, by=by.id, expires=(at + QUARANTINE).isoformat())
    except IntegrityError:  # a partition this process had seen was dropped: look again on the retry
        forget_days()
        raise


def _rows(placed: list[Placed]) -> Sheet:
    """Return one row for each meter that the events feed."""
    sheet = Sheet({fact.event.time.date() for _app, fact in placed})
    for app, fact in placed:
        _add(sheet, app, fact)
    return sheet


def _add(sheet: Sheet, app: AppRef, fact: Fact) -> None:
    data, rules, count = fact.data, fact.rules, len(fact.rules.meters)
    dims = "NULL"
    if rules.dimensions:
        dims = quoted(msgspec.json.encode({n: data[n] for n in rules.dimensions if n in data}).decode())
    sheet.first += ["t", *["f"] * (count - 1)]
    sheet.app += [app.number] * count
    sheet.key += [bytes.fromhex(fact.key)] * count
    sheet.hash += [number_of(fact.payload_hash)] * count
    sheet.meter += [number_of(meter.id) for meter in rules.meters]
    sheet.at += [spelled(fact.event.time)] * count
    sheet.value += [data[meter.value] if meter.value else "1" for meter in rules.meters]
    sheet.user += [app.digest(data[meter.user]) if meter.user else "NULL" for meter in rules.meters]
    sheet.region += [quoted(data.get("region", app.region))] * count
    sheet.dims += [dims] * count


def _conflict(fact: Fact, kept: int) -> Refusal:
    both = f"{kept % 2**64:016x} / {fact.payload_hash % 2**64:016x}"
    return Refusal(fact.event.index, fact.event.id, "conflict", "id", both)
