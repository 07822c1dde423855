"""`rollup_base`: time to fold 100,000 new events on ten million folded ones ÷ on one million.

New events are of the last day below, whose cells exist; the days before it should not be seen at all. The
small base is a copy of the database made on the way to the large one. Each sample adds its events, so the
bases grow by a few per cent meanwhile.

A base is seen through the indexes: the unique index of the cells has one more level, and a pass writes its
cells all over it, as the key begins with the app.
"""

from collections.abc import Callable, Iterator

from django.db import connection
from psycopg import connect, sql

from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import A_DAY, Rolled, fill, roll, rolled, settle, verify
from tests.bench.world import empty
from usage.partitions import forget_days

SMALL, LARGE, NEW = 1_000_000, 10_000_000, 100_000
COPY = "bench_small"


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    of, small, large = rolled(), sized(SMALL, least=1000), sized(LARGE, least=2000)
    name = str(connection.settings_dict["NAME"])
    following = fill(of, small)
    roll()
    settle()
    _copy(name)
    try:
        days = -(-small // A_DAY)
        after = fill(of, large - small, first=following, day=days)
        roll()
        whole = days + -(-(large - small) // A_DAY)
        sides = _side(of, name, after, whole - 1), _side(of, COPY, following, days - 1)
        yield compared("rollup_base", *sides, unit="s", gate="<=3", ambition="<=1.15")
    finally:
        _use(name)
        _forget(name)
    empty()


def _side(of: Rolled, database: str, first: int, day: int) -> Callable[[], float]:
    following = [first]

    def timed() -> float:
        _use(database)
        following[0] = fill(of, sized(NEW, least=100), first=following[0], day=day)
        settle()
        took = roll()
        verify()
        return took

    return timed


def _use(database: str) -> None:
    connection.close()
    connection.settings_dict["NAME"] = database
    forget_days()


def _copy(name: str) -> None:
    connection.close()
    _administer(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(COPY), sql.Identifier(name)))


def _forget(name: str) -> None:
    connection.close()
    _administer(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(COPY)))


def _administer(statement: sql.Composed) -> None:
    given = connection.settings_dict
    place = {
        "host": given["HOST"],
        "port": given["PORT"],
        "user": given["USER"],
        "password": given["PASSWORD"],
    }
    with connect(**place, dbname="postgres", autocommit=True) as own:
        own.execute(statement)
