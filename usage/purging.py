"""Deleting what belonged to dropped days, in slices with a commit each: keys, names, expired quarantine.

A key has no index by day: it would cost every event ever stored. The key table is walked once instead,
block by block, when a day has gone since the last walk; neither a sort nor a long transaction.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from usage.models import DroppedDay

SLICE = 10_000  # rows in one transaction at most
BLOCK_BYTES = 8192
KEYS_PER_BLOCK = 107  # that many fit at most: 76 bytes each
BLOCKS = SLICE // KEYS_PER_BLOCK

_KEYS = """
DELETE FROM usage_usageeventkey
WHERE ctid >= %(first)s::text::tid AND ctid < %(last)s::text::tid AND day = ANY (%(days)s::date[])
"""
# A name goes after its key: without one nothing vouches for it.
_NAMES = """
DELETE FROM usage_eventname WHERE ctid = ANY (ARRAY(
    SELECT n.ctid FROM usage_eventname n
    WHERE n.occurred_at >= %(start)s AND n.occurred_at < %(end)s
    LIMIT %(slice)s))
"""
_EXPIRED = """
DELETE FROM usage_quarantinedevent WHERE id = ANY (ARRAY(
    SELECT id FROM usage_quarantinedevent WHERE expires_at < %(at)s ORDER BY expires_at LIMIT %(slice)s))
"""


def delete_keys() -> int:
    """Delete the keys of days dropped since the last walk; return how many.

    The day was dropped more than 35 days after it and after the receipt of its last event, and no event of
    it is taken any more: a copy with its old time is refused without a key.
    """
    days = list(_waiting())
    if not days:
        return 0
    deleted = sum(_delete(_KEYS, {**span, "days": days}) for span in _spans())
    DroppedDay.objects.filter(day__in=days).update(keys_gone_at=Now())
    return deleted


def delete_names() -> int:
    """Delete the names of events of dropped days whose keys are gone; return how many."""
    first = _first_name()
    if first is None:
        return 0
    days = DroppedDay.objects.filter(keys_gone_at__isnull=False, day__gte=first)
    return sum(
        _until_empty(_NAMES, {"start": f"{day} 00:00+00", "end": f"{day} 24:00+00"})
        for day in days.values_list("day", flat=True)
    )


def delete_expired(*, at: datetime) -> int:
    """Delete quarantined events nobody can replay any more; return how many."""
    return _until_empty(_EXPIRED, {"at": at})


def _waiting() -> Iterator[date]:
    yield from DroppedDay.objects.filter(keys_gone_at__isnull=True).values_list("day", flat=True)


def _spans() -> Iterator[dict[str, str]]:
    """Yield the spans of blocks that the key table has now; what is stored later is of no dropped day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size('usage_usageeventkey')")
        row = cursor.fetchone()
    blocks = -(-int(row[0]) // BLOCK_BYTES) if row else 0
    for first in range(0, blocks, BLOCKS):
        yield {"first": f"({first},0)", "last": f"({first + BLOCKS},0)"}


def _first_name() -> date | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT (min(occurred_at) AT TIME ZONE 'UTC')::date FROM usage_eventname")
        row = cursor.fetchone()
    return row[0] if row else None


def _until_empty(sql: str, values: dict[str, Any]) -> int:
    total = 0
    while deleted := _delete(sql, {**values, "slice": SLICE}):
        total += deleted
    return total


def _delete(sql: str, values: dict[str, Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.rowcount)
