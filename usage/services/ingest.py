"""From parsed events to stored ones: every event gets one verdict, and nothing is said before commit."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError

from plans.actor import Actor
from usage import store
from usage.directory import AppRef, Directory, look_up
from usage.models import QuarantineReason
from usage.parsing import Envelope, Parsed, Refusal
from usage.parsing_events import Fact, Window, check_window, judge, loose, payload_hash
from usage.parsing_values import Refused, spelled
from usage.partitions import ensure_days, forget_days
from usage.store import Claimed, Held, Row, Stored, quoted

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


@dataclass(slots=True)
class _Work:
    """One request's events while they are sorted out."""

    facts: list[Placed] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    rejected: list[Refusal] = field(default_factory=list)


def ingest(parsed: Parsed, *, at: datetime, by: Actor, backfill: bool = False) -> Outcome:
    """Store the new events of a request; a repeat of it stores nothing and says so.

    `backfill` opens the window for events older than the normal one. One statement stores, a second
    (only when something was seen before with another body) finds conflicts; both have committed when
    this returns.
    """
    work = _sort_out(parsed, window_of(at, backfill=backfill))
    groups, firsts = _grouped(work.facts)
    accepted, same = _append([groups[claim][0] for claim in firsts], work.held, at=at, by=by)
    doubtful = list(groups) if accepted + same < len(firsts) else list(groups.keys() - set(firsts))
    kept = _conflicts([groups[claim][0] for claim in doubtful], by=by)
    conflicting = [(one, hash_kept) for n, hash_kept in kept.items() for one in groups[doubtful[n]]]
    work.rejected += [_conflict(fact, hash_kept) for (_app, fact), hash_kept in conflicting]
    duplicates = len(work.facts) - accepted - len(conflicting)
    return Outcome(accepted, duplicates, sorted(work.rejected, key=lambda r: r.index))


def window_of(at: datetime, *, backfill: bool) -> Window:
    """Return the times of events that are taken."""
    back = BACKFILL_DAYS if backfill else settings.USAGE_WINDOW_BACK_DAYS
    return Window(at - timedelta(days=back), at + timedelta(minutes=settings.USAGE_WINDOW_AHEAD_MINUTES))


def _sort_out(parsed: Parsed, window: Window) -> _Work:
    """Judge each envelope: a fact to store, one to hold in quarantine, or a refusal."""
    work = _Work(rejected=list(parsed.refused))
    if not parsed.events:
        return work
    directory = look_up({e.subject for e in parsed.events}, {e.type for e in parsed.events})
    for event in parsed.events:
        try:
            check_window(event, window)
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


def _append(placed: list[Placed], held: list[Held], *, at: datetime, by: Actor) -> Stored:
    if not placed and not held:
        return Stored(0, 0)
    ensure_days({fact.event.time.date() for _app, fact in placed})  # the statement sorts by key
    rows: list[Row] = []
    for app, fact in placed:
        _add(rows, app, fact)
    try:
        return store.append(rows, held, by=by.id, expires=(at + QUARANTINE).isoformat())
    except IntegrityError:  # a partition this process had seen was dropped: look again on the retry
        forget_days()
        raise


def _add(rows: list[Row], app: AppRef, fact: Fact) -> None:
    """Add one row for each meter that the event feeds."""
    data, rules, at = fact.data, fact.rules, spelled(fact.event.time)
    owner, region, body = str(app.id), quoted(data.get("region", app.region)), str(fact.payload_hash)
    dims = "NULL"
    if rules.dimensions:
        dims = quoted(msgspec.json.encode({n: data[n] for n in rules.dimensions if n in data}).decode())
    first = "t"
    for meter in rules.meters:
        user = app.digest(data[meter.user]) if meter.user else "NULL"
        value = data[meter.value] if meter.value else "1"
        rows.append((first, owner, fact.key, body, str(meter.id), at, value, user, region, dims))
        first = "f"


def _conflict(fact: Fact, kept: int) -> Refusal:
    both = f"{kept % 2**64:016x} / {fact.payload_hash % 2**64:016x}"
    return Refusal(fact.event.index, fact.event.id, "conflict", "id", both)
