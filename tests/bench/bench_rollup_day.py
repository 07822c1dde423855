"""`rollup_day`: folding ten million pending events of thirty days into daily cells ÷ a bare scan of them.

A thousand apps in four billing zones, eight meters, batches of 1,000; the product's own roll-up, in passes of
one transaction each, on logged tables. The scan is serial and adds the values.

What stands in the way of 4, in processor time for each event (AMD EPYC, PostgreSQL 18): a scan takes 0.09
µs. Reading by batch and day takes 0.15, grouping by (app, meter, region, part of a day) into sum, count and
both bounds 0.35, summing the parts into days of zones 0.15, writing 0.2 (a cell for every 43 events, with
two indexes, its checks and its WAL): 0.85 to 0.95, and no part of it can run on a second core, as PostgreSQL
plans no parallel query under an INSERT. Groups written to disk, and sorting what can be hashed, cost 0.3
more; zones asked of each event, batches compared with a list, foreign keys and two more indexes 2.1; they
are gone.
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
