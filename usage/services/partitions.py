"""Keeping the event table ready for tomorrow."""

from datetime import datetime, timedelta

from usage.partitions import ensure_days


def make_partitions(*, at: datetime, days_ahead: int = 7) -> int:
    """Make the day partitions from yesterday to `days_ahead` days on; return how many were missing."""
    today = at.date()
    return ensure_days(today + timedelta(days=n) for n in range(-1, days_ahead + 1))
