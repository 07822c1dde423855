"""What hundreds of tests build alike is built once per process and copied in from then on.

Its rows are those that the product's own services wrote the first time; only the work is spared. They keep
their numbers: no sequence gives one twice in a database, not even after a rollback.
"""

from collections.abc import Callable, Hashable, Iterable
from datetime import date

from django.db import connection, transaction

from usage.partitions import ensure_days

Rows = dict[str, bytes]  # what COPY says of each table that has rows

STANDING = {"django_migrations", "django_content_type", "auth_permission"}  # all that a new database holds
PARTITIONED = {"usage_usageevent"}  # COPY reads it through a query alone
_kept: dict[tuple[str, Hashable], Rows] = {}

_TABLES = """
SELECT c.oid::regclass::text FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
"""


def remembered(name: str, key: Hashable, build: Callable[[], object], *, days: Iterable[date] = ()) -> None:
    """Have `build` done: by itself the first time in an empty database, from then on by copying in its rows.

    It must depend on nothing but its key and the tables it writes to. Where one of those holds rows already,
    it is done by itself as ever. `days` are those of its raw events: a partition is no row, so it is made.
    """
    place = (name, key)
    if place not in _kept:
        alone = not filled(own_tables())
        build()
        if alone:
            _kept[place] = _dumped(filled(own_tables()))
    elif filled(_kept[place]):
        build()
    else:
        ensure_days(days)
        _copy_in(_kept[place])


def empty() -> None:
    """Delete every row, after whoever still writes; to TRUNCATE every table takes ten times as long."""
    tables = own_tables()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(tables)} IN EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger runs, history may go
        for table in filled(tables):
            cursor.execute(f"DELETE FROM {table}")


def own_tables() -> list[str]:
    """Return the tables that a test may fill; a partitioned one is one table."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        return [name for (name,) in cursor.fetchall() if name not in STANDING]


def filled(tables: Iterable[str]) -> list[str]:
    """Return those of the tables that have rows."""
    asked = " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT FROM {one})" for one in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return [name for (name,) in cursor.fetchall()]


def _dumped(tables: Iterable[str]) -> Rows:
    found = {}
    with connection.cursor() as cursor:
        for table in tables:
            source = f"(SELECT * FROM {table})" if table in PARTITIONED else table
            with cursor.copy(f"COPY {source} TO STDOUT") as rows:
                found[table] = b"".join(bytes(piece) for piece in rows)
    return found


def _copy_in(rows: Rows) -> None:
    """Write rows as they were, history included: no trigger writes it anew."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table, written in rows.items():
            with cursor.copy(f"COPY {table} FROM STDIN") as target:
                target.write(written)
        cursor.execute("SET LOCAL session_replication_role = origin")
