"""Retention tests begin without any day of raw events: what other tests left behind is empty, and old."""

from collections.abc import Iterator

import pytest
from django.db import connection

from usage.partitions import forget_days
from usage.selectors_retention import partitions


@pytest.fixture
def no_days(db: None) -> Iterator[None]:
    """Have no day's table; those of an ordinary test come back with its rollback."""
    with connection.cursor() as cursor:
        for one in partitions():
            cursor.execute(f"DROP TABLE usage_usageevent_{one.day:%Y%m%d}")
    forget_days()
    yield
    forget_days()
