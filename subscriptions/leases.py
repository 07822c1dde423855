"""Work as rows: claim under a lease, finish under a fence. Leases live on the database's clock.

A worker that slept past its lease holds an old fence, so its finish changes nothing.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

LEASE = timedelta(minutes=5)


class LeasedRow(models.Model):
    """Columns every kind of queued work shares."""

    fence = models.PositiveIntegerField(default=0, editable=False)  # rises with each claim
    leased_until = models.DateTimeField(null=True, editable=False)  # null: nobody holds it
    attempts = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.TextField(blank=True, editable=False)

    class Meta:
        abstract = True


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to finish one row: valid while the row's fence is still `fence`."""

    row: Any
    fence: int


def claim(rows: models.QuerySet[Any], *, limit: int, lease: timedelta = LEASE) -> list[Lease]:
    """Take up to `limit` unleased rows of `rows`, oldest first, skipping those other workers hold."""
    with transaction.atomic():
        free = rows.filter(models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=Now()))
        taken = list(free.select_for_update(skip_locked=True, of=("self",)).order_by("pk")[:limit])
        if taken:
            type(taken[0])._default_manager.filter(pk__in=[row.pk for row in taken]).update(
                fence=models.F("fence") + 1, attempts=models.F("attempts") + 1, leased_until=Now() + lease
            )
    for row in taken:
        row.fence += 1
        row.attempts += 1
    return [Lease(row, row.fence) for row in taken]


def finish(lease: Lease, **changes: Any) -> bool:
    """Write `changes` and give the lease back; False if the fence has moved on."""
    held = type(lease.row)._default_manager.filter(pk=lease.row.pk, fence=lease.fence)
    return bool(held.update(leased_until=None, **changes))
