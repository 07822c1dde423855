"""Which events count: the one condition that every read of raw events shares.

A statement over events (as `v`) says `/*voids*/` after its other conditions; `counted` puts the condition
there, or nothing while no event was ever voided, as an empty table would still cost a join over each event.
"""

from enum import StrEnum

from django.db import connection

MARK = "/*voids*/"
_ANY = "SELECT EXISTS (SELECT FROM usage_eventvoid)"


class Seen(StrEnum):
    """Which voids a read takes into account: those of the batches it counts, the folded ones, or all."""

    OF_BATCHES = "AND x.batch_id <@ %(batches)s::int8multirange"
    FOLDED = """AND NOT EXISTS (
        SELECT FROM usage_ingestbatch y WHERE y.id = x.batch_id AND y.state = 'pending')"""
    ALL = ""


def counted(sql: str, seen: Seen) -> str:
    """Return the statement over those of its events that count.

    Ask after the batches are known: a void that a set of batches includes is then seen here as well.
    """
    return sql.replace(MARK, condition(seen) if are_there() else "")


def condition(seen: Seen) -> str:
    """Return the condition that an event `v` is not void."""
    return (
        "AND NOT EXISTS (SELECT FROM usage_eventvoid x WHERE x.app_id = v.app_id"
        f" AND x.event_key = v.event_key {seen.value})"
    )


def are_there() -> bool:
    """Return whether any event was ever voided."""
    with connection.cursor() as cursor:
        cursor.execute(_ANY)
        return bool(cursor.fetchone()[0])
