"""`ingest_copy`: events/s over HTTP at batch 1,000 ÷ rows/s of one raw COPY into one keyed table.

The limit neither judges, deduplicates nor answers: all rows in one transaction of one connection.
"""

from collections.abc import Iterator

from tests.bench.contract import Entry, compared, sized
from tests.bench.ingesting import copied, over_http, warm
from tests.bench.serving import serving
from tests.bench.world import events, world


def run() -> Iterator[Entry]:
    """Measure."""
    of = world()
    sent = events(sized(100_000, least=1000), of)
    with serving(of.key) as server:
        warm(server, of, sent)
        sides = over_http(server, of, sent, 1000), copied(of, sent)
        yield compared("ingest_copy", *sides, unit="events/s", gate=">=0.40", ambition=">=0.60")
