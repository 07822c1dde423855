"""Day partitions of the event table: made ahead by the schedule, and by ingest for any other day.

A new day is built beside the table and then attached. `CREATE … PARTITION OF` would lock out every
reader and writer of the table; attaching does not.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from functools import partial

from django.db import IntegrityError, connection, transaction

from usage.dropped import dropped_days
from usage.locks import lock_partitions

_known: set[date] = set()  # days this process has seen committed; partitions are dropped by retention only

_MAKE = """
CREATE TABLE IF NOT EXISTS {name}
    (LIKE usage_usageevent INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE);
ALTER TABLE usage_usageevent ATTACH PARTITION {name}
    FOR VALUES FROM ('{start} 00:00+00') TO ('{end} 00:00+00');
"""


def ensure_days(days: Iterable[date]) -> int:
    """Make the partitions of these UTC days that are missing; return how many were made."""
    unseen = set(days) - _known
    if not unseen:
        return 0
    missing = unseen - _attached()
    if missing:
        _make(missing)
    transaction.on_commit(partial(_known.update, unseen))
    return len(missing)


def forget_days() -> None:
    """Look again next time: a partition was dropped, or a test rolled one back."""
    _known.clear()


def partition_of(day: date) -> str:
    """Return the name of a day's table."""
    return f"usage_usageevent_{day:%Y%m%d}"


def _attached() -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT right(c.relname, 8)::date FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'usage_usageevent'::regclass"
        )
        return {row[0] for row in cursor.fetchall()}


@transaction.atomic
def _make(days: set[date]) -> None:
    lock_partitions()
    if dropped_days(days):  # between the look that judged the event and this one: the retry says so
        raise IntegrityError("a day was dropped this moment; its raw events are no longer kept")
    with connection.cursor() as cursor:
        for day in sorted(days - _attached()):  # another session may have been faster
            sql = _MAKE.format(name=partition_of(day), start=day, end=day + timedelta(days=1))
            cursor.execute(sql)
