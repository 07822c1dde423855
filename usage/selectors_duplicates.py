"""Probable near-duplicates: events that say the same under several ids, as a sender does that makes up a new
id for each retry. They are reported, never dropped: whether it happened twice is for a person to say.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from usage.literals import array
from usage.voids import Seen, counted

MOST_DAYS = 31
MOST_ROWS = 500
MOST_KEYS = 100  # of one group
# An event is looked at whole: what each of its meters took, and its user, whom only distinct meters keep.
# With a user, within the same second; without one at the very same instant, as a busy app has many a second.
_FOUND = """
WITH whole AS (
    SELECT v.app_id, v.event_key, min(v.region) AS region, min(v.occurred_at) AS at,
           min(v.received_at) AS came, min(v.dims::text) AS dims, min(v.user_digest::text) AS person,
           string_agg(m.code || ' ' || trim_scale(v.value), ', ' ORDER BY m.code) AS said
    FROM usage_usageevent v JOIN plans_meter m ON m.id = v.meter_id
    WHERE v.occurred_at >= %(start)s AND v.occurred_at < %(end)s
      AND (%(every)s OR v.app_id = ANY (%(apps)s::bigint[])) /*voids*/
    GROUP BY v.app_id, v.event_key
)
SELECT a.code, w.said, w.region, min(w.at), count(*),
       (array_agg(w.event_key::text ORDER BY w.came, w.event_key))[1:%(keys)s]
FROM whole w JOIN subscriptions_app a ON a.id = w.app_id
GROUP BY a.code, w.said, w.region, w.person, w.dims,
         CASE WHEN w.person IS NULL THEN w.at ELSE date_trunc('second', w.at) END
HAVING count(*) > 1 ORDER BY count(*) DESC, 4, 1, 2 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class NearDuplicate:
    """Events that differ in nothing but their ids; the first to come in stands first."""

    app: str
    said: str  # meters and what each took
    region: str
    at: datetime
    times: int
    keys: tuple[UUID, ...]  # at most MOST_KEYS of them

    @property
    def surplus(self) -> int:
        """How many of the keys named are not the first."""
        return len(self.keys) - 1

    @property
    def is_cut(self) -> bool:
        """Whether there are more than are named."""
        return self.times > len(self.keys)


def near_duplicates(
    apps: Collection[int] | None, first: date, last: date, *, limit: int = MOST_ROWS
) -> list[NearDuplicate]:
    """Return the groups of UTC days first to last (at most 31 from the first), the largest first."""
    last = min(last, first + timedelta(days=MOST_DAYS - 1))
    values: dict[str, Any] = {
        "every": apps is None,
        "apps": array(str(app) for app in apps or ()),
        "start": datetime.combine(first, time(), UTC),
        "end": datetime.combine(last, time(), UTC) + timedelta(days=1),
        "keys": MOST_KEYS,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(counted(_FOUND, Seen.ALL), values)
        rows = cursor.fetchall()
    return [
        NearDuplicate(app, said, region, at, times, tuple(map(UUID, keys)))
        for app, said, region, at, times, keys in rows
    ]
