"""Up to when usage is folded: the pending batches say it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection

from usage.literals import array

# The pending batches of some apps (or all) by their oldest, for a statement of its own or within another.
OLDEST = """
SELECT coalesce(min(received_at), now()) FROM usage_ingestbatch
WHERE state = 'pending' AND (%(every)s OR app_ids && %(apps)s::bigint[])
"""


def folded_through(app_ids: Collection[int] | None = None) -> datetime:
    """Return when the oldest pending batch of these apps (None = all) was received; now() without any."""
    values: dict[str, Any] = {"every": app_ids is None, "apps": array(str(app) for app in app_ids or ())}
    with connection.cursor() as cursor:
        cursor.execute(OLDEST, values)
        row = cursor.fetchone()
    if row is None:
        raise LookupError("an aggregate has one row")
    through: datetime = row[0]
    return through
