"""The advisory locks of usage. All last until the transaction ends, and are its first statement."""

from collections.abc import Iterable

from django.db import connection

# Two-part keys: the first names the purpose within this product's range, the second the object.
PARTITIONS, FOLDING, FREEZE, REPORTS = 0x5243_0001, 0x5243_0002, 0x5243_0003, 0x5243_0004
EXCLUSIONS, QUOTAS, USAGE_REPORTS = 0x5243_0005, 0x5243_0007, 0x5243_0008
CORRECTIONS = 0x5243_0009
ENTITLEMENTS = 0x5243_0006  # stands in a trigger too
FOLDING_TURN = 0x5243_000A


def _lock(function: str, purpose: int, key: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [purpose, key % 2**31])


def lock_partitions() -> None:
    """Let one transaction at a time add or drop partitions."""
    _lock("pg_advisory_xact_lock", PARTITIONS, 0)


def share_partitions() -> None:
    """Rely on the days that are there: none is dropped or made meanwhile."""
    _lock("pg_advisory_xact_lock_shared", PARTITIONS, 0)


def share_folding() -> None:
    """Fold beside other folds, never beside a recompute."""
    _lock("pg_advisory_xact_lock_shared", FOLDING, 0)


def try_turn_to_fold() -> bool:
    """Take the turn to fold for the schedule, unless another transaction has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, 0)", [FOLDING_TURN])
        row = cursor.fetchone()
    return bool(row and row[0])


def lock_folding() -> None:
    """Recompute alone: a fold half done elsewhere would be overwritten."""
    _lock("pg_advisory_xact_lock", FOLDING, 0)


def lock_freeze(subscription_id: int) -> None:
    """Freeze one subscription at a time, so two callers get the same readings."""
    _lock("pg_advisory_xact_lock", FREEZE, subscription_id)


def lock_reports(app_id: int) -> None:
    """Take one app's availability reports one after the other."""
    _lock("pg_advisory_xact_lock", REPORTS, app_id)


def lock_exclusions() -> None:
    """Take excluded windows one after the other: two revisions cannot both be first."""
    _lock("pg_advisory_xact_lock", EXCLUSIONS, 0)


def lock_reports_of(app_ids: Iterable[int]) -> None:
    """Take the usage reports of some apps one request after the other, in one statement and in key order."""
    _lock_each(USAGE_REPORTS, app_ids)


def lock_corrections_of(app_ids: Iterable[int]) -> None:
    """Correct the events of some apps one request after the other, in one statement and in key order."""
    _lock_each(CORRECTIONS, app_ids)


def _lock_each(purpose: int, app_ids: Iterable[int]) -> None:
    keys = sorted({app % 2**31 for app in app_ids})
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_advisory_xact_lock(%s, k)) FROM (SELECT unnest(%s::int[]) AS k ORDER BY 1) keys",
            [purpose, keys],
        )


def share_entitlements() -> None:
    """Rebuild entitlements beside other rebuilds, never beside a change of a module or feature."""
    _lock("pg_advisory_xact_lock_shared", ENTITLEMENTS, 0)


def lock_quotas() -> None:
    """Count users and look for warnings one pass at a time: two would update the same rows in any order."""
    _lock("pg_advisory_xact_lock", QUOTAS, 0)
