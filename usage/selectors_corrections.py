"""Reads of corrections: pages of them, and what each did to the cells of its day."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from plans.models import Meter
from usage.models import CellChange, EventVoid, IngestBatch


@dataclass(frozen=True, slots=True)
class ShownVoid:
    """A correction with the codes of the meters it concerns, and whether the figures know of it."""

    row: EventVoid
    meters: list[str]
    is_folded: bool


def correction_rows(
    apps: Collection[int] | None, *, first: datetime | None, last: datetime | None, after: int, limit: int
) -> list[ShownVoid]:
    """Return corrections in the order they came in; [first, last) by the time of the event."""
    rows = EventVoid.objects.filter(pk__gt=after).select_related("app").order_by("pk")
    rows = rows if apps is None else rows.filter(app__in=list(apps))
    rows = rows if first is None else rows.filter(occurred_at__gte=first)
    rows = rows if last is None else rows.filter(occurred_at__lt=last)
    return shown(rows[:limit])


def shown(rows: Iterable[EventVoid]) -> list[ShownVoid]:
    """Return rows with what they are shown with, in three statements."""
    found = list(rows)
    codes = dict(Meter.objects.values_list("pk", "code"))
    batches = {row.batch_id for row in found}
    waiting = set(IngestBatch.objects.filter(pk__in=batches, state="pending").values_list("pk", flat=True))
    return [
        ShownVoid(row, [codes[pk] for pk in row.meter_ids if pk in codes], row.batch_id not in waiting)
        for row in found
    ]


def changes_of(row: EventVoid) -> list[CellChange]:
    """Return what folding a correction did to the cells of its day; none before it is folded."""
    rows = CellChange.objects.filter(app=row.app_id, batches__contains=[row.batch_id])
    return list(rows.select_related("meter").order_by("meter__code", "region"))
