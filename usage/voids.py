"""Which events count: the one condition that every read of raw events shares.

A statement over events (as `v`) says `/*voids*/` after its other conditions; `counted` puts the condition
there. While no event was ever voided it costs one look at an empty table; else the voids are hashed once.
A statement with the condition runs on one core, as PostgreSQL shares none that compares with a row outside:
so who knows that there is no void says NONE.
"""

from enum import StrEnum

MARK = "/*voids*/"


class Seen(StrEnum):
    """Which voids a read takes into account: those of the batches it counts, the folded ones, all, or none,
    because there are none among the batches it counts."""

    OF_BATCHES = "AND x.batch_id <@ %(batches)s::int8multirange"
    FOLDED = """AND NOT EXISTS (
        SELECT FROM usage_ingestbatch y WHERE y.id = x.batch_id AND y.state = 'pending')"""
    ALL = ""
    NONE = "none"


def counted(sql: str, seen: Seen) -> str:
    """Return the statement over those of its events that count."""
    return sql.replace(MARK, condition(seen))


def condition(seen: Seen) -> str:
    """Return the condition that an event `v` is not void."""
    if seen is Seen.NONE:
        return ""
    return f"""AND (NOT EXISTS (SELECT FROM usage_eventvoid) OR NOT EXISTS (
        SELECT FROM usage_eventvoid x
        WHERE x.app_id = v.app_id AND x.event_key = v.event_key {seen.value}))"""  # noqa: S608 — of constants
