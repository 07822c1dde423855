"""`ingest_abs_1000`, `_100`: events/s over HTTP as they are; a report without a gate.

The limit beside it is the Lago project's published 10,000 events/s on PostgreSQL, on its own machine.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import over_http, warm
from tests.bench.serving import serving
from tests.bench.world import events, world

PUBLISHED = 10_000.0


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    with serving(of.key) as server:
        for batch, count in ((1000, 100_000), (100, 50_000)):
            sent = events(sized(count, least=1000), of)
            warm(server, of, sent)
            ours = over_http(server, of, sent, batch)
            name = f"ingest_abs_{batch}"
            yield compared(name, ours, lambda: PUBLISHED, unit="events/s", gate=None, ambition=None)
