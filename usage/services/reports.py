"""Absolute reports: added, never replaced; the highest revision of a place and span becomes the cell."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.db import transaction

from plans.actor import Actor
from plans.timespan import Period
from usage import report_store as store
from usage.locks import lock_reports_of
from usage.parsing import Refusal
from usage.parsing_usage_reports import SaidReport
from usage.parsing_values import Refused
from usage.report_places import AppPlace, MeterPlace, Places, check_feed, look_up, placed, span_of
from usage.services.ingest import BACKFILL_DAYS
from usage.services.quotas import warn_of_reports

Status = Literal["accepted", "duplicate", "outdated", "rejected"]


@dataclass(frozen=True, slots=True)
class ReportVerdict:
    """What became of one report; `current` is the revision that counts now."""

    index: int
    address: str
    status: Status
    revision: int = 0
    current: int = 0
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A report with the rows and instants that it is about."""

    said: SaidReport
    app: AppPlace
    meter: MeterPlace
    span: Period

    @property
    def place(self) -> tuple[int, int, str, Period]:
        """What has one current revision."""
        return self.app.id, self.meter.id, self.said.region, self.span


@dataclass(slots=True)
class _Known:
    """What is stored about one place, and what this request adds."""

    current: int
    hashes: dict[int, str] = field(default_factory=dict)  # revision -> body


def report_usage(
    said: Sequence[SaidReport], *, at: datetime, by: Actor, backfill: bool = False
) -> list[ReportVerdict]:
    """Store reports and return one verdict each, in their order; what is refused takes nothing else along.

    A constant number of statements, one commit for the reports and one for the warnings they give rise to,
    besides entitlements that have to be rebuilt. A higher revision replaces the cell's value; the same one
    again is a duplicate, with another body a conflict; a lower one is kept in the history and told.
    """
    verdicts: list[ReportVerdict] = []
    good: list[Placed] = []
    places = look_up({(one.app, one.meter) for one in said}, periods=any(one.is_period for one in said))
    for one in said:
        try:
            good.append(_placed(places, one, at, backfill=backfill))
        except Refused as no:
            verdicts.append(_refused(one, no))
    if good:
        told = _store(good, at=at, by=by)
        warn_of_reports(_changed(good, told), at=at)
        verdicts += told
    return sorted(verdicts, key=lambda verdict: verdict.index)


def _changed(good: Sequence[Placed], told: Sequence[ReportVerdict]) -> set[int]:
    """Return the customers of whom a day has another figure by now; allowances count no periods."""
    taken = {verdict.index for verdict in told if verdict.status == "accepted"}
    return {one.app.customer for one in good if one.said.index in taken and not one.said.is_period}


def _placed(places: Places, said: SaidReport, at: datetime, *, backfill: bool) -> Placed:
    app, meter = placed(places, said.app, said.meter)
    check_feed(meter, said)
    agreed = places.agreed.get(app.id, ())
    span = span_of(app, agreed, said.spelled)
    name = "period" if said.is_period else "day"
    oldest = at - timedelta(days=BACKFILL_DAYS if backfill else settings.USAGE_WINDOW_BACK_DAYS)
    newest = at + timedelta(minutes=settings.USAGE_WINDOW_AHEAD_MINUTES)
    if span.end <= oldest:
        raise Refused("too_old", name, oldest.isoformat())
    if span.start > newest:
        raise Refused("in_future", name, newest.isoformat())
    return Placed(said, app, meter, span)


@transaction.atomic
def _store(good: Sequence[Placed], *, at: datetime, by: Actor) -> list[ReportVerdict]:
    lock_reports_of({one.app.id for one in good})
    states = store.states([_row(one) for one in good])
    known: dict[tuple[int, int, str, Period], _Known] = {}
    spans: dict[tuple[int, int], set[Period]] = {}  # of periods that this request adds
    fresh: list[Placed] = []
    verdicts = []
    for one, state in zip(good, states, strict=True):
        there = known.setdefault(one.place, _Known(state.current))
        if state.hash:
            there.hashes.setdefault(one.said.revision, state.hash)
        beside = spans.setdefault((one.app.id, one.meter.id), set()) if one.said.is_period else set()
        try:
            verdict = _judged(
                one, there, overlaps=state.overlaps or any(_shares(one.span, s) for s in beside)
            )
        except Refused as no:
            verdicts.append(_refused(one.said, no))
            continue
        verdicts.append(verdict)
        if verdict.status != "duplicate":
            fresh.append(one)
            beside.add(one.span)
    _append(fresh, known, at=at, by=by)
    return verdicts


def _judged(one: Placed, there: _Known, *, overlaps: bool) -> ReportVerdict:
    """Return the verdict and note the revision; raises Refused."""
    revision, body = one.said.revision, one.said.content_hash
    kept = there.hashes.get(revision)
    if kept is not None and kept != body:
        raise Refused("report_conflict", "revision", f"{kept[:16]} / {body[:16]}")
    if overlaps:
        raise Refused("report_overlaps", "period" if one.said.is_period else "day")
    if kept is not None:
        status: Status = "duplicate"
    else:
        status = "accepted" if revision > there.current else "outdated"
    there.hashes[revision] = body
    there.current = max(there.current, revision)
    return ReportVerdict(one.said.index, one.said.address, status, revision, there.current)


def _shares(span: Period, other: Period) -> bool:
    return span != other and span.overlap(other) is not None


def _append(
    fresh: Sequence[Placed], known: dict[tuple[int, int, str, Period], _Known], *, at: datetime, by: Actor
) -> None:
    """Add the new revisions to the history, and make cells of those that are current by now."""
    if not fresh:
        return
    ids = store.append([_row(one) for one in fresh], at=at, by=by.id)
    last = {
        one.place: (pk, one)
        for pk, one in zip(ids, fresh, strict=True)
        if one.said.revision == known[one.place].current
    }
    if last:
        store.assign([(pk, _row(one)) for pk, one in last.values()])


def _row(one: Placed) -> store.Row:
    said = one.said
    return store.Row(
        app=one.app.id,
        meter=one.meter.id,
        region=said.region,
        kind="period" if said.is_period else "day",
        label=said.label,
        span=one.span,
        value=said.value,
        revision=said.revision,
        evidence=said.evidence,
        evidence_hash=said.evidence_hash,
        content_hash=said.content_hash,
    )


def _refused(said: SaidReport, no: Refused) -> ReportVerdict:
    refusal = Refusal(said.index, said.address, no.code, no.field, no.limit)
    return ReportVerdict(said.index, said.address, "rejected", said.revision, refusal=refusal)
