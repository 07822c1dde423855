"""`oracle`: cells that differ from an independent recount by DuckDB, over random usage.

Late events, copies, ids sent again with another body, cells spoilt and counted anew, six billing zones. The
limit beside it is the number of cells compared.
"""

from collections.abc import Iterator

from plans.models import Meter
from tests.bench.contract import Entry, Side, machine, sized
from tests.bench.world import empty, world
from tests.usage import oracle

EVENTS = 60_000


def run() -> Iterator[Entry]:
    """Compare once; figures of other runs differ by their data alone."""
    world()
    empty()
    Meter.objects.filter(code__in=["messages", "mau"]).delete()  # another benchmark may have made them
    found = oracle.play(sized(EVENTS, least=500), seed=20261124, batch=1000)
    ours, cells = Side([float(len(found.differing))], "cells"), Side([float(len(found.theirs))], "cells")
    yield Entry("oracle", ours.median, "<=0", "<=0", ours, cells, 0.0, machine=machine())
    empty()
