"""Letting go of raw events: whole days that nothing needs any more, then their keys and names.

A day is detached and dropped in one transaction with the row that says so. `DETACH … CONCURRENTLY` would
spare the short lock of the table, but cannot be part of a transaction: killed in between it leaves a day
that is neither there nor gone, and what came in before it began waiting would go with it unseen. So
writers of that very day are held first (nobody else notices), the day is judged once more, and the table
is locked for the moment of detaching or not at all: after a fifth of a second the attempt is given up, so
that nobody waits for it longer, and the next hour tries again.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from usage.locks import lock_partitions
from usage.models import KeptDay
from usage.partitions import forget_days, partition_of
from usage.purging import delete_expired, delete_keys, delete_names
from usage.retention import blocks
from usage.selectors_retention import Judged, Needs, facts_of, judged_days, partitions

log = logging.getLogger(__name__)

ATTEMPTS = 5
PAUSE_SECONDS = 0.5
HOLD_WRITERS = "2s"  # an attempt waits so long for writers of the day itself
HOLD_ALL = "200ms"  # and so long for everybody: others queue behind it

# Nothing in the day but events of folded batches: by the events, not by what batches say of themselves.
_UNFOLDED = """
SELECT EXISTS (SELECT FROM (SELECT DISTINCT batch_id FROM {name}) AS told (id)
               LEFT JOIN usage_ingestbatch b USING (id) WHERE b.state IS DISTINCT FROM 'done')
"""
_COUNT = "SELECT count(*) FROM {name}"
_DROPPED = """
INSERT INTO usage_droppedday AS d (day, rows, bytes, dropped_at) VALUES (%s, %s, %s, now())
ON CONFLICT (day) DO UPDATE
SET rows = d.rows + excluded.rows, bytes = d.bytes + excluded.bytes, dropped_at = now(), keys_gone_at = NULL
"""


@dataclass(slots=True)
class Retained:
    """What one run did: days judged, days dropped, days it could not lock; and rows that went after them."""

    judged: list[Judged] = field(default_factory=list)
    dropped: list[date] = field(default_factory=list)
    busy: list[date] = field(default_factory=list)
    keys: int = 0
    names: int = 0
    expired: int = 0


def retain(*, at: datetime, needs: Needs) -> Retained:
    """Drop the days that may go, then delete what belonged to dropped days. Twice is as good as once."""
    found = Retained(judged_days(at=at, needs=needs))
    for one in found.judged:
        if one.may_go:
            _let_go(found, one.facts.day, at=at)
    _note(found, at)
    found.keys = delete_keys()
    found.names = delete_names()
    found.expired = delete_expired(at=at)
    return found


@transaction.atomic
def _note(found: Retained, at: datetime) -> None:
    """Keep for staff what stays, and why."""
    lock_partitions()  # one run after the other
    KeptDay.objects.all().delete()
    KeptDay.objects.bulk_create(
        KeptDay(
            day=one.facts.day,
            rows=one.facts.rows,
            bytes=one.facts.bytes,
            blocks=[[block.code, block.params] for block in one.blocks],
            judged_at=at,
        )
        for one in found.judged
        if one.facts.day not in found.dropped
    )


def _let_go(found: Retained, day: date, *, at: datetime) -> None:
    for attempt in range(ATTEMPTS):
        try:
            if drop_day(day, at=at):
                found.dropped.append(day)
            return
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            log.info("raw events of %s are in use (attempt %s)", day, attempt + 1)
            time.sleep(PAUSE_SECONDS)
    found.busy.append(day)


@transaction.atomic
def drop_day(day: date, *, at: datetime) -> bool:
    """Drop one judged day, unless something came in since; False where it stays.

    What billing needs is not asked again: nothing but an agreement made for the past can have begun to
    need the day, and a freeze says by itself that the events are gone.
    """
    lock_partitions()
    rest = [one for one in partitions() if one.day == day]
    if not rest:
        return False
    name = partition_of(day)
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{HOLD_WRITERS}'")
        cursor.execute(f"LOCK TABLE {name} IN SHARE MODE")
        if blocks(facts_of(rest)[0], {}, at=at) or _one(_UNFOLDED.format(name=name)):
            return False
        rows = _one(_COUNT.format(name=name))
        cursor.execute(f"SET LOCAL lock_timeout = '{HOLD_ALL}'")
        cursor.execute(f"ALTER TABLE usage_usageevent DETACH PARTITION {name}")
        cursor.execute(f"DROP TABLE {name}")
        cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        if rows:  # of an empty day nothing is lost: it may be made again
            cursor.execute(_DROPPED, [day, rows, rest[0].bytes])
    transaction.on_commit(forget_days)
    log.info("raw events of %s dropped: %s rows", day, rows)
    return True


def _one(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return int(row[0]) if row else 0
