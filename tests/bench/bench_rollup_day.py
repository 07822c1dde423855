"""`rollup_day`: folding ten million pending events of thirty days into daily cells ÷ a bare scan of them.

A thousand apps in four billing zones, eight meters, batches of 1,000; the product's own roll-up, in passes of
one transaction each, on logged tables. The scan is serial and adds the values.

What stands in the way of 4: the scan takes about 0.1 µs an event here. Grouping by (app, meter, region, part
of a day) with sum, count and both bounds takes about 0.25 µs, and no part of it can run on a second core, as
PostgreSQL plans no parallel query under an INSERT. Writing takes the rest: 240,000 cells (43 events each),
each with its unique index, its checks and its WAL.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.rolling import again, fill, roll, rolled, scan, settle, verify
from tests.bench.world import empty

EVENTS = 10_000_000


def run() -> Iterator[Entry]:
    """Measure."""
    empty()
    of, count = rolled(), sized(EVENTS, least=1000)
    fill(of, count)
    settle()

    def ours() -> float:
        again(of, count)
        took = roll()
        verify()
        return took

    yield compared("rollup_day", ours, scan, unit="s", gate="<=7", ambition="<=4")
    empty()
